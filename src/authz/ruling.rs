//! The answer by reference.

use super::{Decision, Outcome, PolicyType, StatementRef};
use crate::identity::PolicySource;
use crate::policy::Statement;

/// What was decided, by reference to the policies that decided it: nothing of them is copied. A [`Decision`] says the same
/// and stands by itself.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Ruling<'p> {
    /// Allow, or which way to refuse.
    pub outcome: Outcome,
    /// The kind of policy that decided.
    pub policy_type: PolicyType,
    /// The statement that decided, and the policy it is of; an implicit deny has none, nor has the owner of the account.
    pub determining: Option<(&'p PolicySource, &'p Statement)>,
    /// As [`Decision::generation`].
    pub generation: u64,
}

impl Ruling<'_> {
    pub(super) const fn without_statement(outcome: Outcome, policy_type: PolicyType) -> Self {
        Self { outcome, policy_type, determining: None, generation: 0 }
    }

    /// The same, to be kept and shown: the statement by its name, file, line and column.
    #[must_use]
    pub fn to_decision(&self) -> Decision {
        Decision {
            outcome: self.outcome,
            policy_type: self.policy_type,
            determining: self.determining.map(|(policy, statement)| StatementRef::new(policy, statement)),
            generation: self.generation,
        }
    }
}
