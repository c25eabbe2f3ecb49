//! A call: several questions that must all be answered well.

use serde::Serialize;

use super::{Authorizer, Decision, Mode, Observer, Outcome, PolicyType, Request};
use crate::catalog::{Check, Checks, Known, Requirement};
use crate::identity::Principal;
use crate::policy::{Context, ContextValue};

/// The answer to one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CheckDecision {
    /// The action asked about.
    pub action: String,
    /// The ARN asked about.
    pub resource: String,
    /// Whether the decision is good enough for the check.
    pub passed: bool,
    /// Whether the cloud is believed not to ask this (spec gate-rules G4).
    pub stricter_than_cloud: bool,
    /// What was decided.
    pub decision: Decision,
}

/// The answer to a call: the decision of every check, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Verdict {
    /// The decisions; never empty.
    pub decisions: Vec<CheckDecision>,
}

impl Verdict {
    /// Whether every check passed. A call without any check is not allowed: there was nothing to allow it.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        !self.decisions.is_empty() && self.denied().is_none()
    }

    /// The first check that did not pass.
    #[must_use]
    pub fn denied(&self) -> Option<&CheckDecision> {
        self.decisions.iter().find(|decision| !decision.passed)
    }
}

/// `context` with what `check` and the call say of the target and of the caller: `acs:PrincipalARN`,
/// `acs:ResourceTag/…`, `acs:ResourceGroupId`, `acs:RequestTag/…`. What is not known of the target is
/// [`ContextValue::Unknown`] (spec gate-rules G2).
#[must_use]
pub fn resource_keys(context: &Context, principal: &Principal, checks: &Checks, check: &Check) -> Context {
    let mut context = context.clone();
    context.set("acs:PrincipalARN", principal.arn());
    tags(&mut context, "acs:RequestTag/", &checks.request_tags);
    match &check.tags {
        Known::Known(known) => tags(&mut context, "acs:ResourceTag/", known),
        Known::Unknown => context.set_unknown_prefix("acs:ResourceTag/"),
    }
    context.set_value("acs:ResourceGroupId", group_value(&check.resource_group));
    context
}

/// What is known of `acs:ResourceGroupId` where the target is in `group`.
#[must_use]
pub fn group_value(group: &Known<Option<String>>) -> ContextValue {
    match group {
        Known::Known(Some(group)) => ContextValue::Present(vec![group.clone()]),
        Known::Known(None) => ContextValue::Absent,
        Known::Unknown => ContextValue::Unknown,
    }
}

/// The resource's group as somebody says it: its id, an empty text for none, or nothing where it is not known.
#[must_use]
pub fn stated_group(said: Option<&str>) -> Known<Option<String>> {
    match said {
        Some("") => Known::Known(None),
        Some(group) => Known::Known(Some(group.to_owned())),
        None => Known::Unknown,
    }
}

/// Sets the keys of a family of tags, all of which are known: one that is not among `tags` is absent.
fn tags(context: &mut Context, prefix: &str, tags: &[(String, String)]) {
    context.set_absent_prefix(prefix);
    for (key, _) in tags {
        let values = tags.iter().filter(|(other, _)| other == key).map(|(_, value)| value.clone());
        context.set_value(&format!("{prefix}{key}"), ContextValue::Present(values.collect()));
    }
}

impl Authorizer {
    /// Decides every check of a call; all must pass (spec ram-policy-language 2). `context` holds what is known of
    /// the call; what is known of the caller and of each target is added to it (see [`resource_keys`]).
    #[must_use]
    pub fn decide_checks(&self, principal: &Principal, checks: &Checks, context: &Context) -> Verdict {
        self.observe_checks(principal, checks, context, &mut ())
    }

    /// Decides every check of a call while `observer` watches.
    pub fn observe_checks<'w>(
        &'w self,
        principal: &Principal,
        checks: &Checks,
        context: &Context,
        observer: &mut impl Observer<'w>,
    ) -> Verdict {
        decide_each(principal, checks, context, |_, request| self.observe(request, observer))
    }
}

/// Puts every check of a call to `decide` as a request of its own, for whoever wants more of each than its decision.
pub fn decide_each(
    principal: &Principal,
    checks: &Checks,
    context: &Context,
    mut decide: impl FnMut(&Check, &Request<'_>) -> Decision,
) -> Verdict {
    let check = |check: &Check| {
        let context = resource_keys(context, principal, checks, check);
        let request = Request {
            principal,
            action: &check.action,
            resource: &check.resource,
            owner: Some(&checks.owner),
            resource_group: &check.resource_group,
            context: &context,
            mode: Mode::of_action(&check.action),
        };
        let decision = decide(check, &request);
        let passed = passes(&decision, check.requirement);
        CheckDecision {
            action: check.action.clone(),
            resource: check.resource.clone(),
            passed,
            stricter_than_cloud: check.stricter_than_cloud,
            decision,
        }
    };
    Verdict { decisions: checks.checks.iter().map(check).collect() }
}

/// Whether a decision is good enough.
pub(super) fn passes(decision: &Decision, requirement: Requirement) -> bool {
    match requirement {
        Requirement::Allowed => decision.outcome == Outcome::Allow,
        Requirement::NotExplicitlyDenied => not_explicitly_denied(decision),
    }
}

/// Whether no Deny applies. A control or session policy that is silent ends the decision before every policy was
/// asked, so that it may hide a Deny: it does not pass either.
fn not_explicitly_denied(decision: &Decision) -> bool {
    match (decision.outcome, decision.policy_type) {
        (Outcome::Allow, _) => true,
        (Outcome::ExplicitDeny, _) | (Outcome::ImplicitDeny, PolicyType::ControlPolicy | PolicyType::SessionPolicy) => {
            false
        }
        (Outcome::ImplicitDeny, _) => true,
    }
}
