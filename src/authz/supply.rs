//! Condition keys that policies use and a deployment cannot tell (spec gate-rules G2).

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use super::{Authorizer, StatementRef};
use crate::json::{Position, SourceText, Span};
use crate::policy::{Context, Effect};

/// The condition keys that whoever asks the authorizer can say something definite about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeySupply {
    keys: BTreeSet<String>,
    prefixes: BTreeSet<String>,
}

impl KeySupply {
    /// No key at all.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key, as in `acs:SourceIp`; one that ends in `/`, as in `acs:RequestTag/`, adds all that begin so.
    #[must_use]
    pub fn with(mut self, key: &str) -> Self {
        let normalized = Context::normalize(key);
        if key.ends_with('/') {
            self.prefixes.insert(normalized)
        } else {
            self.keys.insert(normalized)
        };
        self
    }

    /// Whether the key with this [normalized](Context::normalize) form is among them.
    #[must_use]
    pub fn covers(&self, normalized: &str) -> bool {
        self.keys.contains(normalized) || self.prefixes.iter().any(|prefix| normalized.starts_with(prefix.as_str()))
    }
}

impl<'k> FromIterator<&'k str> for KeySupply {
    fn from_iter<T: IntoIterator<Item = &'k str>>(keys: T) -> Self {
        keys.into_iter().fold(Self::new(), Self::with)
    }
}

/// A use of a key that cannot be supplied: there an Allow never applies, and a Deny does as if the test were met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UnsuppliedKey {
    /// The key as the policy writes it.
    pub key: String,
    /// The statement.
    pub statement: StatementRef,
    /// Line of the key, from 1.
    pub line: usize,
    /// Column of the key, from 1.
    pub column: usize,
    /// The document and where in it the key stands.
    #[serde(skip)]
    pub place: (SourceText, Span),
}

impl UnsuppliedKey {
    /// What the statement does; a Deny refuses more than its author meant.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.statement.effect
    }
}

impl fmt::Display for UnsuppliedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StatementRef { policy, file, .. } = &self.statement;
        let at = Position { line: self.line, column: self.column };
        let effect = match self.effect() {
            Effect::Allow => "this Allow never applies",
            Effect::Deny => "this Deny applies as if the test were met",
        };
        write!(f, "{file}:{at} the policy `{policy}` tests `{}`, which is never known here: {effect}", self.key)
    }
}

impl Authorizer {
    /// Every use of a condition key that `supply` does not cover, by policy and in text order.
    #[must_use]
    pub fn unsupplied_keys(&self, supply: &KeySupply) -> Vec<UnsuppliedKey> {
        let mut unsupplied = Vec::new();
        for policy in self.policies() {
            for statement in policy.document.statements() {
                for test in statement.condition().iter().filter(|test| !supply.covers(test.key())) {
                    let key = test.written_key();
                    let at = policy.document.source().position(key.span.start);
                    unsupplied.push(UnsuppliedKey {
                        key: key.text.to_string(),
                        statement: StatementRef::new(policy, statement),
                        line: at.line,
                        column: at.column,
                        place: (policy.document.source().clone(), key.span),
                    });
                }
            }
        }
        unsupplied
    }
}
