//! Findings that say more than where and what.

use super::Finding;
use crate::json::Span;

/// A finding of a rule: with the rule's name, further places, and a fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What was found, and where.
    pub finding: Finding,
    /// The rule in words, as in `action/pattern-matches-nothing`; the finding has its code.
    pub rule: String,
    /// Other places of the same text that have to do with it, each with a word on why.
    pub also: Vec<(Span, String)>,
    /// A mend that can be applied.
    pub fix: Option<Mend>,
}

/// A mend that can be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mend {
    /// What it does, as an order: "write `1`".
    pub title: String,
    /// Whether it may be applied without a look.
    pub safe: bool,
    /// What is replaced by what, in text order.
    pub edits: Vec<(Span, String)>,
}
