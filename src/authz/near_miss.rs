//! What would have allowed a request that is denied.
//!
//! The search goes on from the denial: to each place that refuses, changes are proposed that could turn it, the request
//! or the policies are changed, and [`evaluate`](super::evaluate) decides again. What is told has been allowed in such a
//! replay; nothing here decides. The smallest changes are tried first, in an order that depends on nothing but the
//! policies and the request.

mod edit;
mod propose;
mod replay;
mod text;
mod values;
mod width;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

pub(super) use self::edit::without_statement;
pub(super) use self::replay::Policies;
use super::{Applicable, Authorizer, Decision, PolicySet, PolicyType, Request, StatementRef};
use crate::catalog::{Known, Requirement};
use crate::identity::PolicySource;
use crate::json::{Excerpt, Span};
use crate::policy::{Context, ContextValue, Statement};

/// What [`NearMisses`] are to come to, and how far they are looked for. Every bound is one of work and none of time, so that
/// the outcome is always the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Search {
    /// What would be good enough. By default that the request is allowed.
    pub requirement: Requirement,
    /// The most near misses that are told. By default 6.
    pub told: usize,
    /// The most changes that one of them has. By default 4.
    pub changes: usize,
    /// The most statements that are looked at in all replays together. By default 2,000,000, which takes a tenth of a
    /// second or so.
    pub statements: usize,
}

impl Default for Search {
    fn default() -> Self {
        Self { requirement: Requirement::Allowed, told: 6, changes: 4, statements: 2_000_000 }
    }
}

/// What would have allowed a denied request, the smallest changes first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct NearMisses {
    /// Each of them was replayed, and allowed.
    pub found: Vec<NearMiss>,
    /// Whether the search ended by its bounds, so that there may be others.
    pub cut: bool,
}

/// Changes that together would have allowed a request. No near miss has all the changes of another, whatever the values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NearMiss {
    /// The changes, in the order in which the evaluator meets what they change.
    pub changes: Vec<Change>,
    /// What the replay came to.
    pub decision: Decision,
}

/// One change of a request or of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Change {
    /// The request would carry another value of a condition key.
    Context {
        /// The key, as the policy writes it.
        key: String,
        /// What the request has.
        from: GivenValue,
        /// What the replay had.
        to: GivenValue,
        /// Everything that would have done, in words.
        meaning: String,
    },
    /// The resource would be known to be in this resource group.
    ResourceGroup {
        /// Where it is.
        from: GivenValue,
        /// The group.
        to: String,
    },
    /// An element would have one pattern more: of an Allow, so that it applies; of `NotAction` or `NotResource` of a
    /// Deny, so that it does not.
    Pattern {
        /// The statement.
        #[serde(flatten)]
        statement: Placed,
        /// `Action`, `NotAction`, `Resource` or `NotResource`.
        element: &'static str,
        /// The pattern, which has no wildcard unless the request has.
        added: String,
        /// What the statement would come to be about besides the request, in words.
        opens: String,
    },
    /// A test would have one operand more.
    Operand {
        /// The statement.
        #[serde(flatten)]
        statement: Placed,
        /// The operator.
        operator: &'static str,
        /// The key, as the policy writes it.
        key: String,
        /// The operand.
        added: String,
        /// What the statement would come to be about besides the request, in words.
        opens: String,
    },
    /// An element would have one pattern less.
    WithoutPattern {
        /// The statement.
        #[serde(flatten)]
        statement: Placed,
        /// `Action`, `NotAction`, `Resource` or `NotResource`.
        element: &'static str,
        /// The pattern.
        taken: String,
        /// What the statement would come to be about besides the request, in words.
        opens: String,
    },
    /// A Deny would be gone.
    WithoutStatement {
        /// The statement.
        #[serde(flatten)]
        statement: Placed,
        /// What nothing would deny any more, in words.
        opens: String,
    },
    /// There would be an Allow for exactly this request.
    Allow {
        /// The kind of policy that it is missing in.
        policy_type: PolicyType,
        /// The directory node or resource group, where the kind has several.
        #[serde(skip_serializing_if = "Option::is_none")]
        level: Option<String>,
        /// The statement, as JSON.
        statement: String,
    },
}

/// A statement, and where in it something would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Placed {
    /// The statement, in words.
    pub statement: String,
    /// The policy.
    pub policy: String,
    /// Number of the statement in the policy, from 0.
    pub index: usize,
    /// The file.
    pub file: String,
    /// Line of the element, from 1.
    pub line: usize,
    /// Column of the element, from 1.
    pub column: usize,
    #[serde(skip)]
    excerpt: Excerpt,
}

/// What is known of a condition key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GivenValue {
    /// The request carries it with these values.
    Values(Vec<String>),
    /// The request does not carry it.
    Absent,
    /// Whether the request carries it is not known.
    Unknown,
}

impl From<&ContextValue> for GivenValue {
    fn from(value: &ContextValue) -> Self {
        match value {
            ContextValue::Present(values) => Self::Values(values.clone()),
            ContextValue::Absent => Self::Absent,
            ContextValue::Unknown => Self::Unknown,
        }
    }
}

impl Authorizer {
    /// What would have allowed `request`, if it is denied. A caller or an owner that the world does not hold has no near
    /// miss.
    ///
    /// Cost: as many decisions as `search` allows, each over policies that are put together for it.
    #[must_use]
    pub fn near_misses(&self, request: &Request<'_>, search: Search) -> NearMisses {
        match self.applicable(request) {
            Ok(applicable) => run(applicable, request, search).of_generation(self.generation()),
            Err(_) => NearMisses::default(),
        }
    }
}

impl PolicySet {
    /// As [`Authorizer::near_misses`], for the policies of this set.
    #[must_use]
    pub fn near_misses(&self, request: &Request<'_>, search: Search) -> NearMisses {
        run(self.applicable(), request, search)
    }
}

impl Change {
    /// Whether it is no news that `other` would have done as well: it is the same change, or of the same key.
    fn stands_for(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Context { key, .. }, Self::Context { key: same, .. }) => {
                Context::normalize(key) == Context::normalize(same)
            }
            _ => self == other,
        }
    }
}

impl NearMisses {
    fn of_generation(mut self, generation: u64) -> Self {
        for miss in &mut self.found {
            miss.decision.generation = generation;
        }
        self
    }
}

/// A request and policies with some changes made.
#[derive(Clone)]
struct State<'p> {
    context: Context,
    group: Known<Option<String>>,
    policies: Policies<'p>,
    changes: Vec<Change>,
}

impl State<'_> {
    fn request<'r>(&'r self, request: &Request<'r>) -> Request<'r> {
        Request { context: &self.context, resource_group: &self.group, ..*request }
    }
}

/// Looks for changes after which the requirement is met, in the order of their weight.
fn run(applicable: Applicable<'_>, request: &Request<'_>, search: Search) -> NearMisses {
    let first = State {
        context: request.context.clone(),
        group: request.resource_group.clone(),
        policies: Policies::Own(applicable),
        changes: Vec::new(),
    };
    let mut found: Vec<NearMiss> = Vec::new();
    let mut looked_at = 0_usize;
    // By weight, and of the same weight the one that was proposed first.
    let mut open = BTreeMap::from([((0_u32, 0_usize), first)]);
    let mut proposed = 0;
    let mut known = BTreeSet::new();
    while let Some(((weight, _), state)) = open.pop_first() {
        let covers = |miss: &NearMiss| {
            miss.changes.iter().all(|change| state.changes.iter().any(|other| change.stands_for(other)))
        };
        if found.iter().any(covers) {
            continue;
        }
        looked_at = looked_at.saturating_add(state.policies.size().max(1));
        if found.len() == search.told || looked_at > search.statements {
            return NearMisses { found, cut: true };
        }
        let asked = state.request(request);
        let replayed = state.policies.replay(&asked);
        if super::checks::passes(&replayed.decision, search.requirement) {
            if !state.changes.is_empty() {
                found.push(NearMiss { changes: state.changes, decision: replayed.decision });
            }
            continue;
        }
        for proposal in propose::proposals(&state.policies, &asked, &replayed) {
            let mut changes = state.changes.clone();
            changes.extend(proposal.changes);
            let mut set: Vec<String> = changes.iter().map(ToString::to_string).collect();
            set.sort();
            if changes.len() > search.changes || !known.insert(set) {
                continue;
            }
            let mut next = State {
                changes,
                group: proposal.group.unwrap_or_else(|| state.group.clone()),
                policies: proposal.policies.unwrap_or_else(|| state.policies.clone()),
                context: state.context.clone(),
            };
            for (key, value) in proposal.context {
                next.context.set_value(&key, value);
            }
            proposed += 1;
            open.insert((weight + proposal.weight, proposed), next);
        }
    }
    NearMisses { found, cut: false }
}

impl Placed {
    fn new(policy: &PolicySource, statement: &Statement, span: Span) -> Self {
        let source = policy.document.source();
        let at = source.position(span.start);
        Self {
            statement: StatementRef::new(policy, statement).words(),
            policy: policy.name.clone(),
            index: statement.index(),
            file: source.name().to_owned(),
            line: at.line,
            column: at.column,
            excerpt: Excerpt::new(source, span),
        }
    }
}
