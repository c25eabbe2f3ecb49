//! The principals of a trust policy and where they stand.

use crate::json::{Kind as Json, Span, Value};
use crate::lint::Subject;
use crate::policy::{Arn, Statement};

/// Under which name a principal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Ram,
    Service,
    Federated,
}

/// A principal as it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named<'t> {
    pub(super) kind: Kind,
    pub(super) text: &'t str,
    pub(super) span: Span,
}

impl<'t> Named<'t> {
    /// The account in its ARN.
    pub(super) fn account(&self) -> Option<&'t str> {
        Arn::parse(self.text).map(|arn| arn.account)
    }
}

/// The principals of a statement, in text order.
pub(super) fn named<'t>(statement: &Statement, subject: &'t Subject<'_>) -> Vec<Named<'t>> {
    let Some(object) = subject.tree().and_then(|tree| at(tree, statement.span())) else { return Vec::new() };
    let principal = object.members().iter().filter(|member| member.name == "Principal");
    let mut all = Vec::new();
    for member in principal.flat_map(|member| member.value.members()) {
        let kind = match member.name.to_ascii_lowercase().as_str() {
            "ram" => Kind::Ram,
            "service" => Kind::Service,
            "federated" => Kind::Federated,
            _ => continue,
        };
        let values = match &member.value.kind {
            Json::Array(values) => values.as_slice(),
            _ => std::slice::from_ref(&member.value),
        };
        all.extend(values.iter().filter_map(|value| Some(Named { kind, text: value.as_str()?, span: value.span })));
    }
    all.sort_by_key(|named| named.span);
    all
}

/// The value at this place.
fn at(value: &Value, span: Span) -> Option<&Value> {
    if value.span == span {
        return Some(value);
    }
    let within = |value: &&Value| value.span.start <= span.start && span.end <= value.span.end;
    match &value.kind {
        Json::Array(values) => values.iter().find(within).and_then(|value| at(value, span)),
        Json::Object(members) => {
            members.iter().map(|member| &member.value).find(within).and_then(|value| at(value, span))
        }
        _ => None,
    }
}
