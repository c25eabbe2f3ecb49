//! The tree that a JSON text becomes.

use super::Span;

/// A JSON value and the range of text that it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// From the first to the last byte of the value; the quotes of a string belong to it.
    pub span: Span,
    /// What the value is.
    pub kind: Kind,
}

/// The kinds of JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, in the digits that it was written in.
    Number(String),
    /// A string with its escapes resolved.
    String(String),
    /// An array.
    Array(Vec<Value>),
    /// An object: its members in text order, repeated names included.
    Object(Vec<Member>),
}

/// One member of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The name with its escapes resolved.
    pub name: String,
    /// The range of the name, quotes included.
    pub name_span: Span,
    /// The value.
    pub value: Value,
}

impl Value {
    /// What the value is, with its article, as an error message names it: `a string`, `an object`.
    #[must_use]
    pub const fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "a boolean",
            Kind::Number(_) => "a number",
            Kind::String(_) => "a string",
            Kind::Array(_) => "a list",
            Kind::Object(_) => "an object",
        }
    }

    /// The text of a string; nothing for any other kind.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    /// The members of an object; none for any other kind.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        match &self.kind {
            Kind::Object(members) => members,
            _ => &[],
        }
    }
}
