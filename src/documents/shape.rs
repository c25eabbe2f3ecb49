//! What a JSON tree is, by its shape.

use super::Neighbour;
use super::neighbour::member;
use crate::json::{Kind, Value};
use crate::policy::PolicyKind;

/// What a JSON tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A policy document, and its kind where its shape shows one.
    Policy(Option<PolicyKind>),
    /// A document of another language.
    Neighbour(Neighbour),
    /// Nothing of these.
    Other,
}

impl Shape {
    pub(super) fn of(root: &Value) -> Self {
        let Some(statement) = member(root, "Statement") else {
            return Neighbour::of_other(root).map_or(Self::Other, Self::Neighbour);
        };
        if !matches!(statement.kind, Kind::Array(_) | Kind::Object(_)) {
            return Self::Other;
        }
        match Neighbour::of_statements(root) {
            Some(neighbour) => Self::Neighbour(neighbour),
            None => Self::Policy(kind_of(statement)),
        }
    }
}

/// The kind that the principals of a document show: none in identity, control and session policies, an object without a
/// `Resource` in trust policies (spec ram-policy-language 1.1).
pub(super) fn kind_of(statement: &Value) -> Option<PolicyKind> {
    let statements = match &statement.kind {
        Kind::Array(statements) => statements.as_slice(),
        _ => std::slice::from_ref(statement),
    };
    statements.iter().find_map(|statement| {
        let principal = member(statement, "Principal")?;
        let trust = matches!(principal.kind, Kind::Object(_)) && member(statement, "Resource").is_none();
        Some(if trust { PolicyKind::Trust } else { PolicyKind::Resource })
    })
}
