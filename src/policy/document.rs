//! Documents.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::reader::Reader;
use super::{Dialect, Effect, Finding, InvalidPolicy, Statement};
use crate::json::SourceText;

/// What a document is used as; it decides which elements it may have (spec ram-policy-language 1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum PolicyKind {
    /// Attached to users, groups and roles, for the account or for a resource group.
    Identity,
    /// Attached to nodes of the resource directory.
    Control,
    /// Given when a role is assumed.
    Session,
    /// Says who may assume a role.
    Trust,
    /// A bucket policy of OSS.
    Resource,
}

impl fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identity => "identity",
            Self::Control => "control",
            Self::Session => "session",
            Self::Trust => "trust",
            Self::Resource => "resource",
        })
    }
}

impl PolicyKind {
    /// `an identity policy`, `a trust policy`, as messages say it.
    pub(super) fn with_article(self) -> String {
        let article = if self == Self::Identity { "an" } else { "a" };
        format!("{article} {self} policy")
    }

    /// The most bytes a document of this kind may have, where a limit is known (spec ram-policy-language 1.5).
    #[must_use]
    pub const fn max_bytes(self) -> Option<usize> {
        match self {
            Self::Identity => Some(6144),
            Self::Control => Some(4096),
            Self::Session => Some(2048),
            Self::Trust | Self::Resource => None,
        }
    }
}

/// A policy document that can be evaluated: read whole, every operand and pattern understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    source: SourceText,
    kind: PolicyKind,
    dialect: Dialect,
    statements: Arc<[Statement]>,
    warnings: Vec<Finding>,
}

impl Document {
    /// Reads `source` as a document of `kind`.
    ///
    /// # Errors
    /// [`InvalidPolicy`] with every mistake of the document; a text that is not JSON ends with the first.
    pub fn parse(source: &SourceText, kind: PolicyKind, dialect: &Dialect) -> Result<Self, InvalidPolicy> {
        let mut reader = Reader::new(source, kind, dialect);
        let statements = reader.document();
        let (findings, warnings) = reader.finish();
        match (statements, findings.is_empty()) {
            (Some(statements), true) => {
                let (dialect, statements) = (dialect.clone(), statements.into());
                Ok(Self { source: source.clone(), kind, dialect, statements, warnings })
            }
            _ => Err(InvalidPolicy { document: source.clone(), findings }),
        }
    }

    /// The text it was read from.
    #[must_use]
    pub fn source(&self) -> &SourceText {
        &self.source
    }

    /// What it is used as.
    #[must_use]
    pub fn kind(&self) -> PolicyKind {
        self.kind
    }

    /// How it was read.
    #[must_use]
    pub fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// Its statements, in text order; the order never changes a decision.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// The same, so that it can be kept without the document.
    pub(crate) fn shared_statements(&self) -> &Arc<[Statement]> {
        &self.statements
    }

    /// The same document without its statements of this effect.
    #[must_use]
    pub fn without(&self, effect: Effect) -> Self {
        self.with_statements(|statement| statement.effect() != effect)
    }

    /// The same document without the statement with this number.
    #[must_use]
    pub fn without_statement(&self, index: usize) -> Self {
        self.with_statements(|statement| statement.index() != index)
    }

    fn with_statements(&self, kept: impl Fn(&Statement) -> bool) -> Self {
        Self {
            statements: self.statements.iter().filter(|statement| kept(statement)).cloned().collect(),
            ..self.clone()
        }
    }

    /// What is accepted and worth a look, in text order.
    #[must_use]
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }
}
