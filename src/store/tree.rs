//! TOML and JSON as one tree with positions, so that a world may be written in either.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Mistake;
use crate::json::{self, SourceText, Span};

/// A value and where it stands.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) span: Span,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    String(String),
    /// Digits as written.
    Integer(String),
    Bool(bool),
    Array(Vec<Tree>),
    Table(Vec<Entry>),
    /// Something that no field of a world is: a date without quotes, a float, null.
    Other(&'static str),
}

impl Kind {
    /// What it is called in a message.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::String(_) => "a string",
            Self::Integer(_) => "a number",
            Self::Bool(_) => "true or false",
            Self::Array(_) => "a list",
            Self::Table(_) => "a table",
            Self::Other(name) => name,
        }
    }
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) name_span: Span,
    pub(super) value: Tree,
}

/// The tree of a TOML text, or of a JSON one where its name ends in `.json`.
pub(super) fn parse(source: &SourceText, mistakes: &mut Vec<Mistake>) -> Option<Tree> {
    if source.name().ends_with(".json") { parse_json(source, mistakes) } else { parse_toml(source, mistakes) }
}

fn parse_toml(source: &SourceText, mistakes: &mut Vec<Mistake>) -> Option<Tree> {
    let (table, errors) = DeTable::parse_recoverable(source.text());
    for error in &errors {
        mistakes.push(Mistake {
            code: "world-syntax".to_owned(),
            message: error.message().replace('\n', "; "),
            help: None,
            place: Some((source.clone(), error.span().map_or(Span::default(), Span::from))),
        });
    }
    errors.is_empty().then(|| Tree { span: table.span().into(), kind: table_kind(table.into_inner()) })
}

fn table_kind(table: DeTable<'_>) -> Kind {
    let entries = table.into_iter().map(|(name, value)| Entry {
        name_span: name.span().into(),
        name: name.into_inner().into_owned(),
        value: toml_tree(value),
    });
    let mut entries: Vec<Entry> = entries.collect();
    entries.sort_by_key(|entry| entry.name_span.start);
    Kind::Table(entries)
}

fn toml_tree(value: Spanned<DeValue<'_>>) -> Tree {
    let span = value.span().into();
    let kind = match value.into_inner() {
        DeValue::String(text) => Kind::String(text.into_owned()),
        DeValue::Integer(number) if number.radix() == 10 => Kind::Integer(number.as_str().to_owned()),
        DeValue::Integer(_) => Kind::Other("a number that is not decimal"),
        DeValue::Float(_) => Kind::Other("a number with a fraction"),
        DeValue::Boolean(value) => Kind::Bool(value),
        DeValue::Datetime(_) => Kind::Other("a date without quotes"),
        DeValue::Array(values) => Kind::Array(values.into_iter().map(toml_tree).collect()),
        DeValue::Table(table) => table_kind(table),
    };
    Tree { span, kind }
}

fn parse_json(source: &SourceText, mistakes: &mut Vec<Mistake>) -> Option<Tree> {
    match json::parse(source, json::Syntax::Strict) {
        Ok(value) => Some(json_tree(value)),
        Err(error) => {
            mistakes.push(Mistake {
                code: "world-syntax".to_owned(),
                message: error.to_string(),
                help: None,
                place: Some((source.clone(), error.span)),
            });
            None
        }
    }
}

fn json_tree(value: json::Value) -> Tree {
    let kind = match value.kind {
        json::Kind::Null => Kind::Other("null"),
        json::Kind::Bool(value) => Kind::Bool(value),
        json::Kind::Number(digits) => Kind::Integer(digits),
        json::Kind::String(text) => Kind::String(text),
        json::Kind::Array(values) => Kind::Array(values.into_iter().map(json_tree).collect()),
        json::Kind::Object(members) => {
            let entry = |member: json::Member| Entry {
                name: member.name,
                name_span: member.name_span,
                value: json_tree(member.value),
            };
            Kind::Table(members.into_iter().map(entry).collect())
        }
    };
    Tree { span: value.span, kind }
}
