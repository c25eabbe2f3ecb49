//! Policies of several files and who has them: what rules across files look at.

mod terraform;
mod world;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{Finding, Findings, Rule};
use crate::documents::Embedded;
use crate::identity::Scope;
use crate::json::{SourceText, Span};
use crate::policy::{Document, Effect, PolicyKind, Statement};

/// Policies that belong together, and who has them.
///
/// It is made of a [world](Project::of_world), or of a [configuration or plan of Terraform](Project::of_terraform).
#[derive(Debug, Default)]
pub struct Project {
    whole: bool,
    policies: Vec<Policy>,
    holders: Vec<Holder>,
}

/// A policy of a project.
#[derive(Debug)]
pub struct Policy {
    /// What it is called.
    pub name: String,
    /// What it is used as.
    pub kind: PolicyKind,
    /// The document.
    pub document: Arc<Document>,
    /// Whether it is attached to anything, or is the trust policy of a role.
    pub attached: bool,
    /// Where it stands in a file of another tool.
    pub embedded: Option<Embedded>,
}

impl Policy {
    /// The file that a person edits, and where in it a part of the document stands.
    #[must_use]
    pub fn place(&self, span: Span) -> (SourceText, Span) {
        match &self.embedded {
            Some(embedded) => embedded.place(span),
            None => (self.document.source().clone(), span),
        }
    }
}

/// What can have policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HolderKind {
    /// A RAM user; what its groups have counts as its own.
    User,
    /// A group of users.
    Group,
    /// A RAM role.
    Role,
}

/// A user, group or role with the policies it has.
#[derive(Debug)]
pub struct Holder {
    /// What it is.
    pub kind: HolderKind,
    /// Its name.
    pub name: String,
    /// The account it is of, where that is known.
    pub account: Option<String>,
    /// The trust policy, of a role: its index among the policies of the project.
    pub trust: Option<usize>,
    /// The identity policies that it has, those of a user's groups among them.
    pub attachments: Vec<Attached>,
    /// The control policies that it is held to, by their indices: those of each node of the resource directory, from its account
    /// to the root. None where it is exempt, or its account is in no directory.
    pub controls: Vec<Vec<usize>>,
}

/// A policy that somebody has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// Its index among the policies of the project.
    pub policy: usize,
    /// Where it counts.
    pub scope: Scope,
    /// The group that a user has it through.
    pub through: Option<String>,
}

impl Project {
    /// Whether nothing is missing: what is attached nowhere here is attached nowhere, and what nobody is allowed here nobody is
    /// allowed.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// The policies; holders name them by their indices.
    #[must_use]
    pub fn policies(&self) -> &[Policy] {
        &self.policies
    }

    /// The policy of an index.
    #[must_use]
    pub fn policy(&self, index: usize) -> Option<&Policy> {
        self.policies.get(index)
    }

    /// Who has them.
    #[must_use]
    pub fn holders(&self) -> &[Holder] {
        &self.holders
    }

    /// Who has the policy of this index, wherever it counts for them.
    pub fn holders_of(&self, policy: usize) -> impl Iterator<Item = &Holder> {
        self.holders.iter().filter(move |holder| holder.attachments.iter().any(|attached| attached.policy == policy))
    }

    /// The statements of the policies that `holder` has in the whole account, each with the index of its policy.
    pub fn of_account<'p>(
        &'p self,
        holder: &'p Holder,
        effect: Effect,
    ) -> impl Iterator<Item = (usize, &'p Statement)> + 'p {
        let attached = holder.attachments.iter().filter(|attached| attached.scope == Scope::Account);
        attached.flat_map(move |attached| self.statements(attached.policy, effect))
    }

    /// The statements of a policy that have this effect, each with the index of the policy.
    pub fn statements(&self, policy: usize, effect: Effect) -> impl Iterator<Item = (usize, &Statement)> {
        let statements = self.policy(policy).map_or(&[][..], |policy| policy.document.statements());
        statements
            .iter()
            .filter(move |statement| statement.effect() == effect)
            .map(move |statement| (policy, statement))
    }

    /// Which policy a statement is of and where it stands, as in `` `guard` (policies/guard.json:4) ``.
    #[must_use]
    pub fn place(&self, policy: usize, statement: &Statement) -> String {
        let Some(policy) = self.policy(policy) else { return String::new() };
        let (file, span) = policy.place(statement.span());
        format!("`{}` ({}:{})", policy.name, file.name(), file.position(span.start).line)
    }
}

impl Holder {
    /// Its ARN, where its account is known; a group has none that policies name.
    #[must_use]
    pub fn arn(&self) -> Option<String> {
        let account = self.account.as_ref()?;
        match self.kind {
            HolderKind::User => Some(format!("acs:ram::{account}:user/{}", self.name)),
            HolderKind::Role => Some(format!("acs:ram::{account}:role/{}", self.name)),
            HolderKind::Group => None,
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            HolderKind::User => "user",
            HolderKind::Group => "group",
            HolderKind::Role => "role",
        };
        write!(f, "{kind} `{}`", self.name)
    }
}

/// Where a rule across files leaves what it finds.
#[derive(Debug)]
pub struct ProjectFindings {
    rule: &'static Rule,
    found: BTreeMap<usize, Findings>,
}

impl ProjectFindings {
    pub(super) const fn of(rule: &'static Rule) -> Self {
        Self { rule, found: BTreeMap::new() }
    }

    /// What is found about the policy of this index.
    pub fn about(&mut self, policy: usize) -> &mut Findings {
        self.found.entry(policy).or_insert_with(|| Findings::of(self.rule))
    }

    pub(super) fn into_vec(self) -> Vec<(usize, Finding)> {
        let found = self.found.into_iter();
        found.flat_map(|(policy, found)| found.into_vec().into_iter().map(move |finding| (policy, finding))).collect()
    }
}
