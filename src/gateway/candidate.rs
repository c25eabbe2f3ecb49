//! A candidate world: what its policies would decide about the calls that are decided by the world in force.
//!
//! It is asked when the answer is already on its way, by the same evaluator, and changes nothing but the record.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::lookup::Found;
use super::record::Record;
use crate::authz::{Authorizer, CheckDecision, Decision, Verdict};
use crate::catalog::{Facts, Plan, ResolutionError};
use crate::identity::{PolicyStore, Principal};
use crate::policy::{Context, Dialect};
use crate::report::{Finding, Severity};
use crate::store;

/// How the candidate compares with the world in force, since the gate was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Comparisons {
    /// Calls that both decided.
    pub compared: u64,
    /// Those that only one of them allows.
    pub different: u64,
}

#[derive(Debug, Default)]
struct Counts {
    compared: AtomicU64,
    different: AtomicU64,
}

/// The policies and the inventory of a candidate world.
#[derive(Debug)]
pub(super) struct Candidate {
    authorizer: Authorizer,
    facts: Arc<Facts>,
    policies: PolicyStore,
    counts: Arc<Counts>,
}

/// A call that was decided, as far as another world needs it to decide it again.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) plan: Plan,
    /// What was looked up for it.
    pub(super) found: Option<Found>,
    pub(super) principal: Principal,
    pub(super) context: Context,
    /// Whether the policies in force allow it.
    pub(super) allowed: bool,
}

/// What the candidate says where it disagrees.
#[derive(Debug)]
pub(super) enum Objection {
    /// Its policies.
    Decision(CheckDecision),
    /// Its inventory.
    Refused(ResolutionError),
}

impl Objection {
    /// What its policies decide.
    pub(super) fn decision(&self) -> Option<&Decision> {
        match self {
            Self::Decision(check) => Some(&check.decision),
            Self::Refused(_) => None,
        }
    }

    /// Why its policies are not asked.
    pub(super) fn reason(&self) -> Option<String> {
        match self {
            Self::Decision(_) => None,
            Self::Refused(error) => Some(error.to_string()),
        }
    }
}

impl Candidate {
    /// The candidate in `directory`, with what is the same as in `before`. One with mistakes is left out, and they are
    /// warnings: nothing that is enforced depends on it.
    pub(super) fn load(
        directory: &Path,
        dialect: &Dialect,
        before: Option<&Self>,
        findings: &mut Vec<Finding>,
    ) -> Option<Self> {
        let none = PolicyStore::default();
        let policies = before.map_or(&none, |before| &before.policies);
        let world = store::load_after(directory, dialect, policies).map_err(|errors| Finding::of_world(&errors));
        let loaded = world.and_then(|world| {
            let authorizer = match before {
                None => Authorizer::new(&world),
                Some(before) => Authorizer::after(&world, &before.authorizer),
            };
            let wrong = |error| vec![Finding::nowhere(Severity::Error, "world", format!("{error}"))];
            Ok((authorizer.map_err(wrong)?, Arc::new(world.inventory.facts()), world.policies))
        });
        match loaded {
            Ok((authorizer, facts, policies)) => Some(Self { authorizer, facts, policies, counts: Arc::default() }),
            Err(mistakes) => {
                let message = format!("the candidate world `{}` is left out: it has mistakes", directory.display());
                let help = "mend them; what is in force does not depend on it";
                findings.push(Finding::nowhere(Severity::Warning, "candidate", message).with_help(help));
                findings.extend(mistakes.into_iter().map(|mistake| Finding { severity: Severity::Warning, ..mistake }));
                None
            }
        }
    }

    /// Goes on with the counts of `before`.
    pub(super) fn succeed(&mut self, before: &Self) {
        self.counts = Arc::clone(&before.counts);
    }

    pub(super) fn authorizer(&mut self) -> &mut Authorizer {
        &mut self.authorizer
    }

    pub(super) fn comparisons(&self) -> Comparisons {
        Comparisons {
            compared: self.counts.compared.load(Ordering::Relaxed),
            different: self.counts.different.load(Ordering::Relaxed),
        }
    }

    /// Decides the call again, and puts on record where the candidate disagrees.
    pub(super) fn compare(&self, question: &Question, record: &mut Record) {
        let Question { plan, found, principal, context, allowed } = question;
        let beside = found.as_ref().map(|found| found.beside(&self.facts));
        let verdict = plan
            .complete(beside.as_ref().unwrap_or(&self.facts))
            .map(|checks| self.authorizer.decide_checks(principal, &checks, context));
        let objection = match verdict {
            Ok(verdict) if verdict.is_allowed() == *allowed => None,
            Err(_) if !allowed => None,
            Ok(verdict) => deciding(&verdict).cloned().map(Objection::Decision),
            Err(error) => Some(Objection::Refused(error)),
        };
        self.counts.compared.fetch_add(1, Ordering::Relaxed);
        if objection.is_some() {
            self.counts.different.fetch_add(1, Ordering::Relaxed);
        }
        record.compared(objection);
    }
}

/// The decision that stands for a call: the first that refuses it, or the first of all.
pub(super) fn deciding(verdict: &Verdict) -> Option<&CheckDecision> {
    verdict.denied().or_else(|| verdict.decisions.first())
}
