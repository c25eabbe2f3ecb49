//! How often principals may call: the buckets of the world's rate limits.
//!
//! Every limit has a bucket of its own for every user, role and owner of the world that it is for; the sessions of a role
//! share the role's, so that another session brings no further calls. All of them are there from the start: a call
//! touches a few atomics and no lock, and callers cannot make the memory grow.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use crate::identity::{Principal, RateLimit, World};
use crate::report::{Finding, Severity};

/// Time since the clock was made.
#[derive(Debug, Clone)]
pub(super) struct Uptime(Instant);

impl Default for Uptime {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for Uptime {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A limit, and what is left of it for one principal.
type Held<C> = (Arc<RateLimit>, Arc<Bucket<C>>);

type Bucket<C> = RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// A limit that has no call left for somebody.
#[derive(Debug)]
pub(super) struct Exhausted {
    pub(super) limit: Arc<RateLimit>,
    /// After how long there is one again, if nobody takes it before.
    pub(super) wait: Duration,
}

/// The limits of a world, and how full their buckets are.
#[derive(Debug)]
pub(super) struct Rates<C: Clock = Uptime> {
    /// By the ARN of a user, role or owner.
    buckets: HashMap<String, Vec<Held<C>>>,
}

impl<C: Clock + Clone> Rates<C> {
    /// Full buckets for everyone in `world`. A limit that is for nobody in it is worth knowing of.
    pub(super) fn new(world: &World, clock: &C, findings: &mut Vec<Finding>) -> Self {
        let mut buckets: HashMap<String, Vec<Held<C>>> = HashMap::new();
        let principals = principals(world);
        for limit in &world.rate_limits {
            let limit = Arc::new(limit.clone());
            let mut matched = false;
            for principal in principals.iter().filter(|principal| limit.principal.matches(principal)) {
                matched = true;
                let Some(quota) = Quota::with_period(limit.rate.interval()) else { continue };
                let bucket = Bucket::direct_with_clock(quota.allow_burst(limit.burst), clock.clone());
                buckets.entry(principal.arn()).or_default().push((Arc::clone(&limit), Arc::new(bucket)));
            }
            if !matched {
                findings.push(Finding {
                    severity: Severity::Warning,
                    code: "rate-limit-unused".to_owned(),
                    message: format!("`{}` matches no user, role or owner of the world", limit.principal),
                    help: Some("correct `principal`; the sessions of a role count together, as `role/NAME`".to_owned()),
                    place: Some(limit.place.clone()),
                });
            }
        }
        Self { buckets }
    }

    /// Takes over the buckets of `before` wherever a limit says the same as one there. Two of the same limit are two
    /// buckets.
    pub(super) fn succeed(&mut self, before: &Self) {
        for (arn, buckets) in &mut self.buckets {
            let mut known: Vec<&Held<C>> =
                before.buckets.get(arn).map(|known| known.iter().collect()).unwrap_or_default();
            for (limit, bucket) in buckets {
                if let Some(at) = known.iter().position(|(other, _)| limit.same(other)) {
                    *bucket = Arc::clone(&known.remove(at).1);
                }
            }
        }
    }

    /// Whether nobody has a limit.
    pub(super) fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// Takes a call for `action` from every bucket of `principal` that it counts for, until one is empty. What was
    /// taken is not put back: also a call that is turned away was one.
    pub(super) fn take(&self, principal: &Principal, action: &str) -> Result<(), Exhausted> {
        let Some(buckets) = self.buckets.get(&principal.arn()) else { return Ok(()) };
        for (limit, bucket) in buckets.iter().filter(|(limit, _)| limit.action.matches(action)) {
            if let Err(until) = bucket.check() {
                let wait = until.wait_time_from(bucket.clock().now());
                return Err(Exhausted { limit: Arc::clone(limit), wait });
            }
        }
        Ok(())
    }
}

/// Everyone who has buckets; a role stands for all of its sessions.
pub(super) fn principals(world: &World) -> Vec<Principal> {
    let mut principals = Vec::new();
    for (id, account) in &world.accounts {
        principals.push(Principal::Owner { account: id.clone() });
        principals.extend(account.users.iter().map(|(name, user)| Principal::User {
            account: id.clone(),
            name: name.clone(),
            id: user.id.clone(),
        }));
        principals.extend(account.roles.keys().map(|role| Principal::RoleSession {
            account: id.clone(),
            role: role.clone(),
            session: String::new(),
            policy: None,
        }));
    }
    principals
}

#[cfg(test)]
mod tests;
