//! Shadow mode: calls that a policy denies, and that are forwarded all the same and recorded as what they are (spec
//! gate-rules G15).
//!
//! Only a denial *by policy* is ever asked about here: what is refused before the decision, for its form, its caller, its
//! account or what it names, never comes this far.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::config::{Shadow, Shadowed};
use super::rates;
use crate::authz::{Authorizer, AuthzError, CheckDecision};
use crate::catalog::Checks;
use crate::identity::{Principal, World};
use crate::policy::{Context, Effect};
use crate::report::{Finding, Severity};

/// A shadow that ends later than this is probably meant to stay.
const LONG: SignedDuration = SignedDuration::from_hours(90 * 24);

/// How a call came to be permitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Mode {
    /// Policies allow it.
    Enforce,
    /// A policy denies it, and a shadow lets it through.
    Shadow,
}

/// The shadows of a configuration, over the policies of a world.
#[derive(Debug, Default)]
pub(super) struct Shadows {
    shadows: Vec<Shadow>,
    /// Evaluators without the Denies of shadowed policies, by the time until which each counts, soonest first: a policy
    /// whose shadow is over is whole in all that come later.
    relaxed: Vec<(Timestamp, Authorizer)>,
}

impl Shadows {
    /// # Errors
    /// As [`Authorizer::new`].
    pub(super) fn new(shadows: &[Shadow], world: &World) -> Result<Self, AuthzError> {
        let ends: BTreeSet<Timestamp> = shadows
            .iter()
            .filter(|shadow| matches!(shadow.of, Shadowed::Policy(_)))
            .map(|shadow| shadow.until)
            .collect();
        let mut relaxed = Vec::with_capacity(ends.len());
        for end in ends {
            let mut world = world.clone();
            let named = |name: &str| {
                let of = |shadow: &Shadow| matches!(&shadow.of, Shadowed::Policy(policy) if policy == name);
                shadows.iter().any(|shadow| shadow.until >= end && of(shadow))
            };
            let policies: Vec<_> = world.policies.iter().filter(|policy| named(&policy.name)).cloned().collect();
            for policy in policies {
                world.policies.insert(&policy.name, policy.document.without(Effect::Deny));
            }
            relaxed.push((end, Authorizer::new(&world)?));
        }
        Ok(Self { shadows: shadows.to_vec(), relaxed })
    }

    /// The shadows that are not over.
    pub(super) fn at(&self, now: Timestamp) -> impl Iterator<Item = &Shadow> {
        self.shadows.iter().filter(move |shadow| now < shadow.until)
    }

    /// The shadow that lets through what policies denied by `denied`, if one does.
    ///
    /// That of a policy takes away its Denies and nothing else, so that every other policy is asked again: what denied
    /// may have hidden another Deny.
    pub(super) fn lets_through(
        &self,
        principal: &Principal,
        checks: &Checks,
        context: &Context,
        denied: &CheckDecision,
        now: Timestamp,
    ) -> Option<&Shadow> {
        let of_principal =
            |shadow: &&Shadow| matches!(&shadow.of, Shadowed::Principal(pattern) if pattern.matches(principal));
        if let Some(shadow) = self.at(now).find(of_principal) {
            return Some(shadow);
        }
        let statement = denied.decision.determining.as_ref()?;
        let of_policy = |shadow: &&Shadow| matches!(&shadow.of, Shadowed::Policy(name) if *name == statement.policy);
        let shadow = self.at(now).find(of_policy)?;
        let (_, relaxed) = self.relaxed.iter().find(|(end, _)| now < *end)?;
        relaxed.decide_checks(principal, checks, context).is_allowed().then_some(shadow)
    }
}

/// What somebody should know of `shadows` at `now`: each of them, and which have no effect.
pub(super) fn findings(shadows: &[Shadow], world: &World, now: Timestamp, findings: &mut Vec<Finding>) {
    let mut warn = |code: &str, message: String, help: &str| {
        findings.push(Finding::nowhere(Severity::Warning, code, message).with_help(help));
    };
    for shadow in shadows {
        let Shadow { of, until } = shadow;
        let unused = match of {
            Shadowed::Principal(pattern) => {
                let everyone = rates::principals(world);
                let callers = world.keys().map(|holder| holder.principal);
                !everyone.into_iter().chain(callers).any(|principal| pattern.matches(&principal))
            }
            Shadowed::Policy(name) => !world.policies.iter().any(|policy| policy.name == *name),
        };
        if unused {
            warn(
                "shadow-unused",
                format!("the world has no {of}, which a shadow is for"),
                "correct it, or take it out",
            );
        } else if now >= *until {
            warn("shadow-over", format!("the shadow of {shadow} is over"), "take it out");
        } else {
            let what = match of {
                Shadowed::Principal(_) => "whatever policies deny",
                Shadowed::Policy(_) => "what only its Denies refuse",
            };
            warn("shadow", format!("in the shadow of {shadow}, {what} is forwarded"), "take it out to enforce");
            if until.duration_since(now) > LONG {
                let message = format!("the shadow of {shadow} has more than 90 days to go");
                warn("shadow-long", message, "end it sooner, so that somebody looks at what it lets through");
            }
        }
    }
}
