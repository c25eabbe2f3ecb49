//! What RAM decides: control, session, identity, resource and trust policies in their order.
//!
//! [`evaluate`] is the one evaluator. An [`Authorizer`] finds what applies to a principal of a world and
//! calls it, a [`PolicySet`] does so for policies by themselves, a [`Trace`] watches it; nothing decides
//! in a way of its own.

mod authorizer;
mod checks;
mod decision;
mod evaluate;
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

pub use authorizer::{Authorizer, AuthzError};
pub use checks::{CheckDecision, Verdict, decide_each, group_value, resource_keys};
pub use decision::{Decision, Outcome, PolicyType, StatementRef};
pub use evaluate::{Applicable, ControlNode, Exemption, GroupPolicies, evaluate};
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
