//! The evaluator, to be read beside spec ram-policy-language 7.

use std::sync::Arc;

use super::index::Lookup;
use super::policy_list::Placed;
use super::{Mode, Observer, Outcome, PolicyList, PolicyType, Request, Ruling, StatementResult};
use crate::catalog::Known;
use crate::identity::{PolicySource, Principal};
use crate::policy::{Effect, PrincipalNames, Statement, TestOutcome};

/// The control policies of one node of the resource directory.
#[derive(Debug, Clone)]
pub struct ControlNode {
    /// The node's id.
    pub node: String,
    /// What is attached to it.
    pub policies: PolicyList,
}

/// Identity policies that count for one resource group.
#[derive(Debug, Clone)]
pub struct GroupPolicies {
    /// The resource group's id.
    pub group: String,
    /// What is attached for it.
    pub policies: PolicyList,
}

impl GroupPolicies {
    /// Adds `policy` to those of `group` among `groups`.
    pub(super) fn add(groups: &mut Vec<Self>, group: String, policy: Arc<PolicySource>) {
        let at = groups.iter().position(|known| known.group == group).unwrap_or_else(|| {
            groups.push(Self { group, policies: PolicyList::new() });
            groups.len() - 1
        });
        if let Some(known) = groups.get_mut(at) {
            known.policies.push(policy);
        }
    }
}

/// Why no control policy binds a caller (spec ram-policy-language 7.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exemption {
    /// It is an identity of the management account of the resource directory.
    ManagementAccount,
    /// It is a session of a service-linked role.
    ServiceLinkedRole,
}

/// Every policy that takes part in one decision.
#[derive(Debug, Clone, Copy, Default)]
pub struct Applicable<'p> {
    /// Control policies, from the member that owns the resource up to the root; empty where there are none.
    pub control: &'p [ControlNode],
    /// Why they do not bind the caller, if they do not. That the member's own owner is exempt needs no saying.
    pub exemption: Option<Exemption>,
    /// The session policy, where the session was given one.
    pub session: Option<&'p Arc<PolicySource>>,
    /// Identity policies of account scope: the user's own and its groups', or the role's.
    pub account: &'p PolicyList,
    /// Identity policies of resource-group scope.
    pub groups: &'p [GroupPolicies],
    /// Bucket policies.
    pub resource: &'p PolicyList,
    /// The trust policy of the role that is to be assumed.
    pub trust: Option<&'p Arc<PolicySource>>,
}

/// Decides `request` by `policies`, in the order of spec ram-policy-language 7.2, and tells `observer` what it does.
///
/// What decides is always a policy of `policies` or one of three rules, which the observer is told in words: the
/// owner of an account has everything of its own; it cannot assume a role; `sts:GetCallerIdentity` is always
/// answered, even under a Deny (spec ram-policy-language 2), since it tells a caller only who it is.
///
/// What it takes depends on how many statements can be about the action and the resource, and on the number of directory
/// nodes, and hardly on how many statements there are; without an observer it needs no memory.
pub fn evaluate<'p>(policies: &Applicable<'p>, request: &Request<'_>, observer: &mut impl Observer<'p>) -> Ruling<'p> {
    let lookup = Lookup::new(request.action, request.resource);
    let unit = &mut Unit { request, names: names(request.principal), lookup, observer };
    if unit.request.mode == Mode::General && unit.request.action.eq_ignore_ascii_case("sts:GetCallerIdentity") {
        unit.observer.rule("`sts:GetCallerIdentity` is answered whatever policies say");
        return Ruling::without_statement(Outcome::Allow, PolicyType::AccountLevelIdentityBasedPolicy);
    }
    // Step 1: every node from the member up to the root must allow; the lowest that does not is final (7.3).
    match exemption(policies, unit.request) {
        Some(reason) => unit.observer.rule(reason),
        None => {
            for node in policies.control {
                let ruling = unit.decide(PolicyType::ControlPolicy, Some(&node.node), &node.policies);
                if ruling.outcome != Outcome::Allow {
                    return ruling;
                }
            }
        }
    }
    // Role SSO: the trust policy alone decides after that (7.4).
    if unit.request.mode == Mode::Sso {
        if !matches!(unit.request.principal, Principal::Federated { .. }) {
            unit.observer.rule("only a user of an identity provider takes a role by single sign-on");
            return Ruling::without_statement(Outcome::ImplicitDeny, PolicyType::AssumeRolePolicy);
        }
        return unit.decide_one(PolicyType::AssumeRolePolicy, policies.trust);
    }
    // Step 2: a session policy only narrows.
    if let Some(session) = policies.session {
        let ruling = unit.decide_one(PolicyType::SessionPolicy, Some(session));
        if ruling.outcome != Outcome::Allow {
            return ruling;
        }
    }
    // Step 3 A: the identity's own policies. Step 3 B: policies of the resource. Step 4: merged.
    if unit.request.mode == Mode::AssumeRole {
        return assume_role(policies, unit);
    }
    let identity = identity(policies, unit);
    // Only bucket policies take part beside trust policies; for other services A alone decides.
    if !unit.request.action.get(..4).is_some_and(|service| service.eq_ignore_ascii_case("oss:")) {
        return identity;
    }
    let resource = unit.decide(PolicyType::ResourcePolicy, None, policies.resource);
    match (identity.outcome, resource.outcome) {
        (Outcome::ExplicitDeny, _) | (_, Outcome::ImplicitDeny) | (Outcome::Allow, Outcome::Allow) => identity,
        (_, Outcome::ExplicitDeny) | (Outcome::ImplicitDeny, Outcome::Allow) => resource,
    }
}

/// Whom control policies do not bind (7.3).
fn exemption(policies: &Applicable<'_>, request: &Request<'_>) -> Option<&'static str> {
    if policies.control.is_empty() {
        return None;
    }
    match (request.principal, policies.exemption) {
        (Principal::Owner { account }, _) if request.owner_account() == Some(account) => {
            Some("control policies do not bind the owner of the member")
        }
        (_, Some(Exemption::ManagementAccount)) => Some("control policies do not bind the management account"),
        (_, Some(Exemption::ServiceLinkedRole)) => Some("control policies do not bind service-linked roles"),
        _ => None,
    }
}

/// Step 3 A: account scope, and only where that is silent the scope of the resource's group.
fn identity<'p>(policies: &Applicable<'p>, unit: &mut Unit<'_, impl Observer<'p>>) -> Ruling<'p> {
    let level = PolicyType::AccountLevelIdentityBasedPolicy;
    if let Principal::Owner { account } = unit.request.principal {
        let own = unit.request.owner_account() == Some(account);
        let (outcome, reason) = if own {
            (Outcome::Allow, "the owner of an account is allowed everything on its own resources")
        } else {
            (Outcome::ImplicitDeny, "the owner of an account is allowed nothing on the resources of another")
        };
        unit.observer.rule(reason);
        return Ruling::without_statement(outcome, level);
    }
    let account = unit.decide(level, None, policies.account);
    // Assuming a role belongs to no resource group (7.2).
    if account.outcome != Outcome::ImplicitDeny || unit.request.mode == Mode::AssumeRole {
        return account;
    }
    let level = PolicyType::ResourceGroupLevelIdentityBasedPolicy;
    let mut ruling = account;
    for scope in policies.groups {
        let known = match unit.request.resource_group {
            Known::Known(group) if group.as_deref() != Some(scope.group.as_str()) => continue,
            Known::Known(_) => true,
            Known::Unknown => false,
        };
        let group = unit.decide(level, Some(&scope.group), &scope.policies);
        match group.outcome {
            Outcome::ExplicitDeny => return group,
            Outcome::Allow if known => return group,
            Outcome::ImplicitDeny => ruling = group,
            // It may be the resource's group: its Deny counts, its Allow does not (spec gate-rules G2).
            Outcome::Allow => {
                unit.observer.rule("the resource's group is unknown, so an Allow for a group does not count");
                ruling = Ruling::without_statement(Outcome::ImplicitDeny, level);
            }
        }
    }
    ruling
}

/// The caller's own policies and the role's trust policy must both allow (7.4).
fn assume_role<'p>(policies: &Applicable<'p>, unit: &mut Unit<'_, impl Observer<'p>>) -> Ruling<'p> {
    let caller = match unit.request.principal {
        Principal::Owner { .. } => {
            unit.observer.rule("the owner of an account cannot assume a role");
            return Ruling::without_statement(Outcome::ImplicitDeny, PolicyType::AssumeRolePolicy);
        }
        // Neither has policies of its own.
        Principal::Service { .. } | Principal::Federated { .. } => None,
        Principal::User { .. } | Principal::RoleSession { .. } => Some(identity(policies, unit)),
    };
    let trust = unit.decide_one(PolicyType::AssumeRolePolicy, policies.trust);
    match caller {
        Some(caller) if caller.outcome == Outcome::ExplicitDeny => caller,
        Some(caller) if caller.outcome == Outcome::ImplicitDeny && trust.outcome != Outcome::ExplicitDeny => caller,
        _ => trust,
    }
}

/// The first statement of each effect that applies.
#[derive(Default)]
struct Found<'p> {
    allow: Option<Placed<'p>>,
    deny: Option<Placed<'p>>,
}

/// One request before the policies of one type at one level.
struct Unit<'a, O> {
    request: &'a Request<'a>,
    names: PrincipalNames<'a>,
    lookup: Lookup<'a>,
    observer: &'a mut O,
}

impl<'p, O: Observer<'p>> Unit<'_, O> {
    /// Any Deny that applies, else any Allow that does, else an implicit deny (7.1).
    fn decide(&mut self, policy_type: PolicyType, level: Option<&'p str>, policies: &'p PolicyList) -> Ruling<'p> {
        self.observer.stage(policy_type, level);
        let mut found = Found::default();
        let lookup = self.lookup;
        if O::EVERY_STATEMENT {
            policies.statements().for_each(|placed| self.look(placed, &mut found));
        } else if O::IDLE {
            let deciding = policies.deciding(&lookup, |statement| self.applies(statement) == StatementResult::Applies);
            match deciding {
                Some(deny @ (_, statement)) if statement.effect() == Effect::Deny => found.deny = Some(deny),
                allow => found.allow = allow,
            }
        } else {
            let mut left = policies.statement_count();
            for placed in policies.candidates(&lookup) {
                self.look(placed, &mut found);
                left = left.saturating_sub(1);
            }
            self.observer.ruled_out(left);
        }
        self.staged(policy_type, &found)
    }

    /// The same of one policy, or of none.
    fn decide_one(&mut self, policy_type: PolicyType, policy: Option<&'p Arc<PolicySource>>) -> Ruling<'p> {
        self.observer.stage(policy_type, None);
        let mut found = Found::default();
        if let Some(policy) = policy {
            policy.document.statements().iter().for_each(|statement| self.look((policy, statement), &mut found));
        }
        self.staged(policy_type, &found)
    }

    fn look(&mut self, (policy, statement): Placed<'p>, found: &mut Found<'p>) {
        let result = self.applies(statement);
        self.observer.statement(policy, statement, result);
        if result == StatementResult::Applies {
            match statement.effect() {
                Effect::Allow => found.allow = found.allow.or(Some((policy, statement))),
                Effect::Deny => found.deny = found.deny.or(Some((policy, statement))),
            }
        }
    }

    fn staged(&mut self, policy_type: PolicyType, found: &Found<'p>) -> Ruling<'p> {
        let (outcome, determining) = match (found.deny, found.allow) {
            (Some(deny), _) => (Outcome::ExplicitDeny, Some(deny)),
            (None, Some(allow)) => (Outcome::Allow, Some(allow)),
            (None, None) => (Outcome::ImplicitDeny, None),
        };
        self.observer.staged(outcome);
        Ruling { determining, ..Ruling::without_statement(outcome, policy_type) }
    }

    fn applies(&mut self, statement: &'p Statement) -> StatementResult {
        if !statement.action().matches(self.request.action) {
            return StatementResult::OtherAction;
        }
        if statement.resource().is_some_and(|resource| !resource.matches(self.request.resource)) {
            return StatementResult::OtherResource;
        }
        let conditional = !statement.condition().is_empty();
        if statement.principal().is_some_and(|principal| !principal.matches(&self.names, conditional)) {
            return StatementResult::OtherPrincipal;
        }
        for test in statement.condition() {
            let value = self.request.context.value_for(test);
            let outcome = test.evaluate(value);
            self.observer.test(test, value, outcome);
            match (outcome, statement.effect()) {
                (TestOutcome::Met, _) => {}
                // What cannot be read never widens: an Allow stays unmet, a Deny is met (spec gate-rules G2).
                (TestOutcome::Unreadable, Effect::Deny) => {}
                (TestOutcome::Unreadable, Effect::Allow) | (TestOutcome::Unmet, _) => {
                    return StatementResult::ConditionUnmet;
                }
            }
        }
        StatementResult::Applies
    }
}

/// The principal as `Principal` elements of policies may name it (spec ram-policy-language 8).
pub(super) fn names(principal: &Principal) -> PrincipalNames<'_> {
    match principal {
        Principal::Owner { account } => PrincipalNames::Owner { account },
        Principal::User { account, name, id } => PrincipalNames::User { account, name, id },
        Principal::RoleSession { account, role, session, .. } => PrincipalNames::RoleSession { account, role, session },
        Principal::Federated { provider } => PrincipalNames::Federated { provider },
        Principal::Service { name } => PrincipalNames::Service { name },
    }
}
