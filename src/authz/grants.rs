//! What allows a request, and what would be left if it were gone.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::near_miss::{Policies, without_statement};
use super::{
    Applicable, Authorizer, Decision, Observer, Outcome, PolicySet, PolicyType, Request, StatementRef, StatementResult,
    evaluate,
};
use crate::identity::PolicySource;
use crate::policy::{Document, Effect, Statement};

/// The most grants that are tried.
const TRIED: usize = 32;

/// An Allow that applies to a request which is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Grant {
    /// The statement.
    pub statement: StatementRef,
    /// The kind of policy that it is asked as.
    pub policy_type: PolicyType,
    /// The directory node or resource group, where the kind has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// What the evaluator decides where the statement is taken from its policy, wherever that applies.
    pub without: Decision,
}

impl Grant {
    /// Whether the request would be denied if the statement were gone.
    #[must_use]
    pub fn is_needed(&self) -> bool {
        self.without.outcome != Outcome::Allow
    }
}

/// Every Allow that applies to a request which is allowed, in the order of the kinds of policies.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Grants {
    /// The Allows. None where a rule decides, as for the owner of an account.
    pub grants: Vec<Grant>,
    /// Whether there are more than were tried.
    pub cut: bool,
}

impl Authorizer {
    /// What grants `request`, if it is allowed, and what would be decided without each of it.
    ///
    /// Cost: a decision for each Allow that applies, up to 32, each over policies that are put together for it.
    #[must_use]
    pub fn grants(&self, request: &Request<'_>) -> Grants {
        let mut grants = self.applicable(request).map(|applicable| grants(applicable, request)).unwrap_or_default();
        for grant in &mut grants.grants {
            grant.without.generation = self.generation();
        }
        grants
    }
}

impl PolicySet {
    /// As [`Authorizer::grants`], for the policies of this set.
    #[must_use]
    pub fn grants(&self, request: &Request<'_>) -> Grants {
        grants(self.applicable(), request)
    }
}

/// An Allow that applies, and where.
struct Applying {
    policy_type: PolicyType,
    level: Option<String>,
    document: Arc<Document>,
    statement: StatementRef,
}

/// Collects the Allows that apply.
#[derive(Default)]
struct Allows {
    at: Option<(PolicyType, Option<String>)>,
    found: Vec<Applying>,
}

impl Observer<'_> for Allows {
    const EVERY_STATEMENT: bool = true;

    fn stage(&mut self, policy_type: PolicyType, level: Option<&str>) {
        self.at = Some((policy_type, level.map(str::to_owned)));
    }

    fn statement(&mut self, policy: &PolicySource, statement: &Statement, result: StatementResult) {
        if let (Some((policy_type, level)), StatementResult::Applies, Effect::Allow) =
            (&self.at, result, statement.effect())
        {
            self.found.push(Applying {
                policy_type: *policy_type,
                level: level.clone(),
                document: Arc::clone(&policy.document),
                statement: StatementRef::new(policy, statement),
            });
        }
    }
}

fn grants(applicable: Applicable<'_>, request: &Request<'_>) -> Grants {
    let mut allows = Allows::default();
    if evaluate(&applicable, request, &mut allows).outcome != Outcome::Allow {
        return Grants::default();
    }
    let policies = Policies::Own(applicable);
    let cut = allows.found.len() > TRIED;
    let grant = |allow: Applying| {
        let gone = PolicySource { name: allow.statement.policy.clone(), document: allow.document };
        let without = policies.replaced(&gone, &without_statement(&gone, allow.statement.index));
        Grant {
            without: without.replay(request).decision,
            statement: allow.statement,
            policy_type: allow.policy_type,
            level: allow.level,
        }
    };
    Grants { grants: allows.found.into_iter().take(TRIED).map(grant).collect(), cut }
}

/// A line a statement, below it what would be decided without it.
impl fmt::Display for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Grant { statement, policy_type, level, without } in &self.grants {
            write!(f, "  {policy_type}")?;
            if let Some(level) = level {
                write!(f, " of {level}")?;
            }
            writeln!(f, ": {statement}")?;
            match (without.outcome, &without.determining) {
                (Outcome::Allow, Some(other)) => writeln!(f, "    without it still allowed: {other}")?,
                (Outcome::Allow, None) => writeln!(f, "    without it still allowed")?,
                (outcome, _) => writeln!(f, "    needed: without it {outcome} by {}", without.policy_type)?,
            }
        }
        if self.cut { writeln!(f, "  … and more, which were not tried") } else { Ok(()) }
    }
}
