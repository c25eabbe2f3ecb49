//! The answer.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::identity::PolicySource;
use crate::policy::{Effect, PolicyKind, Statement};

/// Allow, or one of the two ways to refuse (spec ram-policy-language 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Outcome {
    /// An Allow matched, and no Deny.
    Allow,
    /// A Deny matched.
    ExplicitDeny,
    /// Nothing matched.
    ImplicitDeny,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allow => "Allow",
            Self::ExplicitDeny => "ExplicitDeny",
            Self::ImplicitDeny => "ImplicitDeny",
        })
    }
}

/// The kind of policy that decided, spelt as `AccessDeniedDetail.PolicyType` spells it
/// (spec ram-policy-language 7.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum PolicyType {
    /// A control policy of the resource directory.
    ControlPolicy,
    /// The policy given when the role was assumed.
    SessionPolicy,
    /// The trust policy of the role that is to be assumed.
    AssumeRolePolicy,
    /// Identity policies attached for the whole account.
    AccountLevelIdentityBasedPolicy,
    /// Identity policies attached for a resource group.
    ResourceGroupLevelIdentityBasedPolicy,
    /// A bucket policy. The API has no value for it and answers with an error code of OSS instead.
    ResourcePolicy,
}

impl fmt::Display for PolicyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ControlPolicy => "ControlPolicy",
            Self::SessionPolicy => "SessionPolicy",
            Self::AssumeRolePolicy => "AssumeRolePolicy",
            Self::AccountLevelIdentityBasedPolicy => "AccountLevelIdentityBasedPolicy",
            Self::ResourceGroupLevelIdentityBasedPolicy => "ResourceGroupLevelIdentityBasedPolicy",
            Self::ResourcePolicy => "ResourcePolicy",
        })
    }
}

/// A statement of a policy, by where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StatementRef {
    /// Name of the policy.
    pub policy: String,
    /// Kind of the policy.
    pub kind: PolicyKind,
    /// Number of the statement in the policy, from 0.
    pub index: usize,
    /// Its `Sid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// Its effect.
    pub effect: Effect,
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
}

impl StatementRef {
    pub(super) fn new(policy: &PolicySource, statement: &Statement) -> Self {
        let source = policy.document.source();
        let at = source.position(statement.span().start);
        Self {
            policy: policy.name.clone(),
            kind: policy.document.kind(),
            index: statement.index(),
            sid: statement.sid().map(str::to_owned),
            effect: statement.effect(),
            file: source.name().to_owned(),
            line: at.line,
            column: at.column,
        }
    }
}

impl StatementRef {
    /// Which statement it is, in words, without its place.
    pub(super) fn words(&self) -> String {
        let sid = self.sid.as_ref().map(|sid| format!(" ({sid})")).unwrap_or_default();
        format!("{} of {} policy `{}`, statement {}{sid}", self.effect, self.kind, self.policy, self.index + 1)
    }
}

impl fmt::Display for StatementRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, at {}:{}:{}", self.words(), self.file, self.line, self.column)
    }
}

/// What was decided, by which kind of policy, and by which statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Decision {
    /// Allow, or which way to refuse.
    pub outcome: Outcome,
    /// The kind of policy that decided.
    pub policy_type: PolicyType,
    /// The statement that decided; an implicit deny has none, nor has the owner of the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub determining: Option<StatementRef>,
    /// The generation of the policies that it was made by. A gate numbers them from 0, one up with each reload; elsewhere
    /// it is 0 unless [`Authorizer::set_generation`](super::Authorizer::set_generation) says otherwise.
    pub generation: u64,
}
