//! Deciding a recorded call again, by another world.

use super::{CheckEntry, Entry};
use crate::authz::{Authorizer, AuthzError, CheckDecision, Verdict};
use crate::catalog::{Check, Checks, Known, Requirement};
use crate::gateway::config::Network;
use crate::gateway::context;
use crate::gateway::origin::Origin;
use crate::identity::{Inventory, World};
use crate::policy::Arn;

/// What another world says to a call that was decided.
#[derive(Debug, Clone, PartialEq)]
pub enum Replayed {
    /// It allows the call as well, or denies it as well.
    Same,
    /// It would deny what was allowed: by this check, or because it does not hold the caller.
    Denied(Option<Box<CheckDecision>>),
    /// It would allow what was denied.
    Allowed,
    /// The record does not hold enough to say.
    Unknown(&'static str),
    /// No policy was asked about it: it was refused before.
    NotAsked,
}

/// Another world that recorded calls are decided by.
#[derive(Debug)]
pub struct Replay {
    world: World,
    authorizer: Authorizer,
}

impl Replay {
    /// Decides by `world`.
    ///
    /// # Errors
    /// [`AuthzError`] where the world refers to what it does not hold.
    pub fn new(world: World) -> Result<Self, AuthzError> {
        Ok(Self { authorizer: Authorizer::new(&world)?, world })
    }

    /// Decides the call of a record anew, as it came: by its time, its origin and its tags. What is known of its resources
    /// is what the world's inventory says, and for those that it does not hold, what was known then.
    #[must_use]
    pub fn decide(&self, entry: &Entry<'_>) -> Replayed {
        let (Some(_), Some(name), Some(owner)) = (entry.decision, &entry.principal, &entry.owner) else {
            return Replayed::NotAsked;
        };
        if entry.checks.is_empty() || entry.checks.iter().any(|check| check.passed.is_none()) {
            return Replayed::Unknown("the record does not tell what was asked");
        }
        let allowed = entry.checks.iter().all(|check| check.passed == Some(true));
        let mut checks = Vec::with_capacity(entry.checks.len());
        for check in &entry.checks {
            match facts(check, &self.world.inventory) {
                Ok(check) => checks.push(check),
                Err(reason) => return Replayed::Unknown(reason),
            }
        }
        let Ok(principal) = self.world.principal(name) else {
            return if allowed { Replayed::Denied(None) } else { Replayed::Same };
        };
        let network = match entry.network.as_deref() {
            None => Network::Unstated,
            Some("public") => Network::Public,
            Some(id) => Network::Vpc(id.to_owned()),
        };
        let origin = Origin { address: entry.source, secure: entry.secure };
        let pairs = entry.request_tags.iter();
        let checks = Checks {
            operation: entry.operation.as_deref().unwrap_or_default().to_owned(),
            write: entry.write.unwrap_or(true),
            owner: owner.clone().into_owned(),
            region: None,
            checks,
            request_tags: pairs.map(|(key, value)| (key.clone().into_owned(), value.clone().into_owned())).collect(),
        };
        let context = context::of_origin(&network, &origin, entry.time);
        let verdict = self.authorizer.decide_checks(&principal, &checks, &context);
        match (allowed, verdict.is_allowed()) {
            (true, true) | (false, false) => Replayed::Same,
            (true, false) => Replayed::Denied(Verdict::denied(&verdict).cloned().map(Box::new)),
            (false, true) => Replayed::Allowed,
        }
    }
}

/// The check, with what `inventory` says of its resource.
fn facts(entry: &CheckEntry<'_>, inventory: &Inventory) -> Result<Check, &'static str> {
    let mut check = Check {
        action: entry.action.clone().into_owned(),
        resource: entry.resource.clone().into_owned(),
        requirement: match entry.unless_denied {
            true => Requirement::NotExplicitlyDenied,
            false => Requirement::Allowed,
        },
        stricter_than_cloud: entry.stricter_than_cloud,
        resource_group: match entry.resource_group.as_deref() {
            None => Known::Unknown,
            Some("") => Known::Known(None),
            Some(group) => Known::Known(Some(group.to_owned())),
        },
        tags: match &entry.tags {
            None => Known::Unknown,
            Some(tags) => {
                let pairs = tags.iter().map(|(key, value)| (key.clone().into_owned(), value.clone().into_owned()));
                Known::Known(pairs.collect())
            }
        },
    };
    let held = Arn::parse(&entry.resource).and_then(|arn| {
        let (kind, id) = arn.relative.split_once('/')?;
        Some((arn, inventory.get(arn.service, kind, id)?))
    });
    if let Some((arn, resource)) = held {
        if arn.region != resource.region || arn.account != resource.account {
            return Err("the other world has the resource in another region or account");
        }
        check.resource_group.clone_from(&resource.resource_group);
        check.tags.clone_from(&resource.tags);
    }
    Ok(check)
}
