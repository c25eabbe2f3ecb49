//! Statements.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{ConditionTest, Pattern, PrincipalClause};
use crate::json::Span;

/// A text of a document and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The text, escapes undone.
    pub text: Box<str>,
    /// Where it stands, with its quotes.
    pub span: Span,
}

/// What a statement does when it applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Effect {
    /// It allows.
    Allow,
    /// It denies, whatever else allows.
    Deny,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
        })
    }
}

/// `Action` or `NotAction`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionClause {
    pub(super) negated: bool,
    pub(super) patterns: Vec<(Pattern, Span)>,
    pub(super) span: Span,
}

/// `Resource`, or `NotResource` where the dialect has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceClause {
    pub(super) negated: bool,
    pub(super) patterns: Vec<(Pattern, Span)>,
    pub(super) span: Span,
}

macro_rules! clause {
    ($clause:ident, $what:literal) => {
        impl $clause {
            #[doc = concat!("Whether ", $what, " is covered: by one of the patterns, or with `Not…` by none.")]
            #[must_use]
            pub fn matches(&self, text: &str) -> bool {
                self.patterns.iter().any(|(pattern, _)| pattern.matches(text)) != self.negated
            }

            /// Whether it is the `Not…` form.
            #[must_use]
            pub fn is_negated(&self) -> bool {
                self.negated
            }

            /// The patterns and where each stands.
            pub fn patterns(&self) -> impl Iterator<Item = (&Pattern, Span)> {
                self.patterns.iter().map(|(pattern, span)| (pattern, *span))
            }

            /// The value, from its first byte to its last.
            #[must_use]
            pub fn span(&self) -> Span {
                self.span
            }
        }
    };
}

clause!(ActionClause, "an action");
clause!(ResourceClause, "an ARN, or `*`,");

/// One statement of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub(super) index: usize,
    pub(super) span: Span,
    pub(super) sid: Option<Written>,
    pub(super) effect: Effect,
    pub(super) effect_span: Span,
    pub(super) action: ActionClause,
    pub(super) resource: Option<ResourceClause>,
    pub(super) condition: Vec<ConditionTest>,
    pub(super) principal: Option<PrincipalClause>,
    pub(super) principal_span: Option<Span>,
}

impl Statement {
    /// Its number in the document, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// From brace to brace.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }

    /// `Sid`.
    #[must_use]
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_ref().map(|sid| &*sid.text)
    }

    /// `Effect`.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// Where the value of `Effect` stands.
    #[must_use]
    pub fn effect_span(&self) -> Span {
        self.effect_span
    }

    /// `Action` or `NotAction`.
    #[must_use]
    pub fn action(&self) -> &ActionClause {
        &self.action
    }

    /// `Resource`; a trust policy has none.
    #[must_use]
    pub fn resource(&self) -> Option<&ResourceClause> {
        self.resource.as_ref()
    }

    /// The tests of `Condition`, in text order; all must be met (spec ram-policy-language 4.2).
    #[must_use]
    pub fn condition(&self) -> &[ConditionTest] {
        &self.condition
    }

    /// `Principal`, of trust and bucket policies.
    #[must_use]
    pub fn principal(&self) -> Option<&PrincipalClause> {
        self.principal.as_ref()
    }

    /// Where the value of `Principal` stands; of a statement without one, where that stands.
    #[must_use]
    pub fn principal_span(&self) -> Span {
        self.principal_span.unwrap_or(self.span)
    }
}
