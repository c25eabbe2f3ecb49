//! What RAM decides: control, session, identity, resource and trust policies in their order.
//!
//! [`evaluate`] is the one evaluator. An [`Authorizer`] finds what applies to a principal of a world and
//! calls it, a [`PolicySet`] does so for policies by themselves, a [`Trace`] watches it; nothing decides
//! in a way of its own.
//!
//! # What calls cost
//!
//! No call panics, none does I/O, and all but the `new`, `add_…` and `set_…` take `&self` and may be made by many threads at
//! once. A pattern is matched in at most its length times that of the text. Times are those of the benches, on one core of an AMD EPYC.
//!
//! | call | cost |
//! |---|---|
//! | [`Authorizer::new`] | an index of each different list of policies that is attached; a few hundred nanoseconds for each principal |
//! | [`Authorizer::after`] | an index of each list that names a policy which is another than before; the same for each principal |
//! | [`PolicySet`]'s `add_…` and `set_…` | reads one document |
//! | `decide`, `observe` | a look at each statement whose action and resource could match, among those of the principal and of the control policies up to the root: 0.2 µs at 10 statements, 0.6 µs at 10,000; `decide` copies nothing |
//! | `decide_checks`, `observe_checks` | a decision for each check of the call |
//! | `explain` | one and a half times that of `decide`: it keeps references to the statements that were looked at |
//! | [`Explanation::to_trace`] | a copy of what is told of each of these: 4 to 12 µs |
//! | `trace` | a look at every statement, and a copy of what is told of each: 1.5 to 3 µs a statement |
//! | `grants` | a decision for each Allow that applies, up to 32, each over policies put together for it |
//! | `near_misses` | decisions over changed policies, within the bounds of a [`Search`] |
//! | [`Authorizer::unsupplied_keys`] | a look at every condition of the world |
//! | [`reference`](mod@reference) | a look at everything, written for reading and not for speed |

mod authorizer;
mod checks;
mod decision;
mod evaluate;
mod explanation;
mod given;
mod grants;
mod index;
mod near_miss;
mod observer;
mod policy_list;
mod policy_set;
mod question;
pub mod reference;
mod request;
mod ruling;
mod supply;
mod trace;

pub use authorizer::{Authorizer, AuthzError, Reuse};
pub use checks::{CheckDecision, Verdict, decide_each, group_value, resource_keys, stated_group};
pub use decision::{Decision, Outcome, PolicyType, StatementRef};
pub use evaluate::{Applicable, ControlNode, Exemption, GroupPolicies, evaluate};
pub use explanation::{ExplainedStage, Explanation};
pub use given::{GivenKeys, InvalidGivenKeys};
pub use grants::{Grant, Grants};
pub use near_miss::{Change, GivenValue, NearMiss, NearMisses, Placed, Search};
pub use observer::{ConsultedKeys, Observer, StatementResult};
pub use policy_list::PolicyList;
pub use policy_set::PolicySet;
pub use question::{Asked, InvalidQuestion, Question};
pub use request::{Mode, Request};
pub use ruling::Ruling;
pub use supply::{KeySupply, UnsuppliedKey};
pub use trace::{Trace, TracedElement, TracedOutcome, TracedPattern, TracedStage, TracedStatement, TracedTest};

#[cfg(test)]
mod bypasses;
#[cfg(test)]
mod laws;
