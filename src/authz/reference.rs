//! The specification, sentence by sentence: an evaluator to be read, and to hold other evaluators against.
//!
//! It decides as [`Authorizer`](super::Authorizer) and [`PolicySet`](super::PolicySet) do and shares no way with them: no
//! index, nothing compiled, its own reading of patterns, numbers, dates and addresses, each the plainest there is. What it
//! takes is the world and the parsed documents, of which it uses the texts only. It is slow, and meant to be.
//!
//! Numbers in the comments are sections of spec ram-policy-language; G2 is a rule of spec gate-rules.
//!
//! ```
//! use ramgate::authz::{Mode, Outcome, PolicySet, Request, reference};
//! use ramgate::catalog::Known;
//! use ramgate::identity::{Principal, Scope};
//! use ramgate::json::SourceText;
//! use ramgate::policy::{Context, Dialect};
//!
//! let source = SourceText::new("close.json", r#"{"Version": "1", "Statement": [
//!   {"Effect": "Allow", "Action": "polardb:Close*", "Resource": "acs:polardb:*:*:dbcluster/pc-1"}
//! ]}"#);
//! let mut policies = PolicySet::new(Dialect::strict());
//! policies.add_identity("close", &source, Scope::Account)?;
//! let request = Request {
//!     principal: &Principal::User { account: "1234567890123456".into(), name: "alice".into(), id: "2".into() },
//!     action: "polardb:CloseDBClusterMigration",
//!     resource: "acs:polardb:cn-hangzhou:1234567890123456:dbcluster/pc-1",
//!     owner: None,
//!     resource_group: &Known::Unknown,
//!     context: &Context::new(),
//!     mode: Mode::General,
//! };
//! let answer = reference::decide(&reference::Policies::of(&policies.applicable()), &request);
//! assert_eq!(answer.outcome, Outcome::Allow);
//! assert_eq!(answer.difference(&policies.decide(&request).to_decision()), None);
//! # Ok::<(), ramgate::policy::InvalidPolicy>(())
//! ```

mod condition;
mod glob;
mod policies;
mod statement;
mod values;

pub use policies::Policies;

use super::{Decision, Mode, Outcome, PolicyType, Request};
use crate::catalog::Known;
use crate::identity::{PolicySource, Principal, World};
use crate::policy::{Effect, Statement};

/// What the specification comes to.
#[derive(Debug, Clone)]
pub struct Answer<'p> {
    /// Allow, or which way to refuse.
    pub outcome: Outcome,
    /// The kind of policy that decided.
    pub policy_type: PolicyType,
    /// Every statement of that kind and level that applies with the effect that decided, with its policy.
    pub statements: Vec<(&'p PolicySource, &'p Statement)>,
}

impl Answer<'_> {
    fn by_rule(outcome: Outcome, policy_type: PolicyType) -> Self {
        Self { outcome, policy_type, statements: Vec::new() }
    }

    /// In what another evaluator's decision differs, in words; `None` where it does not. It has to have the outcome and
    /// the kind of policy, and to name one of the statements where there are any.
    #[must_use]
    pub fn difference(&self, decision: &Decision) -> Option<String> {
        if (decision.outcome, decision.policy_type) != (self.outcome, self.policy_type) {
            let (outcome, policy_type) = (self.outcome, self.policy_type);
            return Some(format!(
                "{} by {}, and the specification says {outcome} by {policy_type}",
                decision.outcome, decision.policy_type
            ));
        }
        let one_of = |policy: &str, index: usize| {
            self.statements.iter().any(|(source, statement)| source.name == policy && statement.index() == index)
        };
        match &decision.determining {
            None if self.statements.is_empty() => None,
            Some(named) if one_of(&named.policy, named.index) => None,
            None => Some("no statement is named, and some apply".to_owned()),
            Some(named) => Some(format!("{named} is named, and is none of those that decide")),
        }
    }
}

/// Decides for a principal of `world`; whoever or whatever the world does not hold is denied.
#[must_use]
pub fn decide_in<'w>(world: &'w World, request: &Request<'_>) -> Answer<'w> {
    match Policies::in_world(world, request) {
        Ok(policies) => decide(&policies, request),
        Err(missing) => Answer::by_rule(Outcome::ImplicitDeny, missing),
    }
}

/// Decides by these policies.
#[must_use]
pub fn decide<'p>(policies: &Policies<'p>, request: &Request<'_>) -> Answer<'p> {
    // 2: sts:GetCallerIdentity answers even under a Deny.
    if request.mode == Mode::General && request.action.eq_ignore_ascii_case("sts:GetCallerIdentity") {
        return Answer::by_rule(Outcome::Allow, PolicyType::AccountLevelIdentityBasedPolicy);
    }
    // 7.2 step 1: control policies; what is not Allow is final.
    if !exempt_from_control_policies(policies, request) {
        // 7.3: start at the member, then its folder, up to the root; at each node, what is not Allow stops the walk.
        for node in &policies.control {
            let answer = unit(PolicyType::ControlPolicy, node, request);
            if answer.outcome != Outcome::Allow {
                return answer;
            }
        }
    }
    match request.mode {
        // 7.4: in role SSO steps 2 and 3A are skipped; then the trust policy decides. It is for users of an identity
        // provider only.
        Mode::Sso => match request.principal {
            Principal::Federated { .. } => trust(policies, request),
            _ => Answer::by_rule(Outcome::ImplicitDeny, PolicyType::AssumeRolePolicy),
        },
        Mode::General | Mode::AssumeRole => {
            // 7.2 step 2: session policies apply if the session was given one; what is not Allow is final.
            if let Some(policy) = policies.session {
                let answer = unit(PolicyType::SessionPolicy, &[policy], request);
                if answer.outcome != Outcome::Allow {
                    return answer;
                }
            }
            if request.mode == Mode::AssumeRole { assume_role(policies, request) } else { general(policies, request) }
        }
    }
}

/// 7.3: exempt are the member's own root identity, every identity of the management account, service-linked roles.
fn exempt_from_control_policies(policies: &Policies<'_>, request: &Request<'_>) -> bool {
    let members_own_root = match request.principal {
        Principal::Owner { account } => policies::owner_of_the_resource(request) == Some(account.as_str()),
        _ => false,
    };
    members_own_root || policies.exempt
}

/// 7.2 steps 3 and 4 for any call but the assumption of a role.
fn general<'p>(policies: &Policies<'p>, request: &Request<'_>) -> Answer<'p> {
    let a = identity(policies, request);
    // 7.2 step 3B: of policies of resources only the bucket policy of OSS takes part; for other services A alone decides.
    if !request.action.to_ascii_lowercase().starts_with("oss:") {
        return a;
    }
    let b = unit(PolicyType::ResourcePolicy, &policies.resource, request);
    // 7.2 step 4: any Explicit Deny is an Explicit Deny; any Allow an Allow; else Implicit Deny.
    for outcome in [Outcome::ExplicitDeny, Outcome::Allow] {
        if a.outcome == outcome {
            return a;
        }
        if b.outcome == outcome {
            return b;
        }
    }
    a
}

/// 7.4: both the caller's own policies and the trust policy of the role must be Allow; any Explicit Deny wins.
fn assume_role<'p>(policies: &Policies<'p>, request: &Request<'_>) -> Answer<'p> {
    match request.principal {
        // 7.4: the root user itself cannot call AssumeRole.
        Principal::Owner { .. } => Answer::by_rule(Outcome::ImplicitDeny, PolicyType::AssumeRolePolicy),
        // Services and users of identity providers have no policies of their own: the trust policy decides.
        Principal::Service { .. } | Principal::Federated { .. } => trust(policies, request),
        Principal::User { .. } | Principal::RoleSession { .. } => {
            let (caller, trust) = (account_level(policies, request), trust(policies, request));
            match (caller.outcome, trust.outcome) {
                (Outcome::ExplicitDeny, _) => caller,
                (_, Outcome::ExplicitDeny) => trust,
                (Outcome::ImplicitDeny, _) => caller,
                (Outcome::Allow, _) => trust,
            }
        }
    }
}

/// 7.2 step 3A.
fn identity<'p>(policies: &Policies<'p>, request: &Request<'_>) -> Answer<'p> {
    // 7.5: identity policies do not bind the root user; it has access to its own resources.
    if let Principal::Owner { account } = request.principal {
        let own = policies::owner_of_the_resource(request) == Some(account.as_str());
        let outcome = if own { Outcome::Allow } else { Outcome::ImplicitDeny };
        return Answer::by_rule(outcome, PolicyType::AccountLevelIdentityBasedPolicy);
    }
    // At account scope, an Explicit Deny or an Allow is A, and that is all.
    let account = account_level(policies, request);
    if account.outcome != Outcome::ImplicitDeny {
        return account;
    }
    // Otherwise the scope of the target's resource group is A.
    let group_level = PolicyType::ResourceGroupLevelIdentityBasedPolicy;
    match request.resource_group {
        Known::Known(group) => {
            let of_group: Vec<_> = policies.groups.iter().filter(|(id, _)| group.as_deref() == Some(*id)).collect();
            if of_group.is_empty() {
                return account;
            }
            let attached: Vec<_> = of_group.iter().flat_map(|(_, policies)| policies.iter().copied()).collect();
            unit(group_level, &attached, request)
        }
        // G2: where the group is not known, an Allow is unmet and a Deny is met.
        Known::Unknown if policies.groups.is_empty() => account,
        Known::Unknown => {
            let attached: Vec<_> = policies.groups.iter().flat_map(|(_, policies)| policies.iter().copied()).collect();
            match unit(group_level, &attached, request) {
                denied if denied.outcome == Outcome::ExplicitDeny => denied,
                _ => Answer::by_rule(Outcome::ImplicitDeny, group_level),
            }
        }
    }
}

fn account_level<'p>(policies: &Policies<'p>, request: &Request<'_>) -> Answer<'p> {
    unit(PolicyType::AccountLevelIdentityBasedPolicy, &policies.account, request)
}

fn trust<'p>(policies: &Policies<'p>, request: &Request<'_>) -> Answer<'p> {
    unit(PolicyType::AssumeRolePolicy, policies.trust.as_slice(), request)
}

/// 7.1: any Deny that matches is an Explicit Deny; else any Allow that matches is an Allow; else it is an Implicit Deny.
fn unit<'p>(policy_type: PolicyType, policies: &[&'p PolicySource], request: &Request<'_>) -> Answer<'p> {
    let every = || policies.iter().flat_map(|policy| policy.document.statements().iter().map(|one| (*policy, one)));
    for (effect, outcome) in [(Effect::Deny, Outcome::ExplicitDeny), (Effect::Allow, Outcome::Allow)] {
        let statements: Vec<_> = every()
            .filter(|(_, statement)| statement.effect() == effect && statement::matches(statement, request))
            .collect();
        if !statements.is_empty() {
            return Answer { outcome, policy_type, statements };
        }
    }
    Answer::by_rule(Outcome::ImplicitDeny, policy_type)
}

#[cfg(test)]
mod tests;
