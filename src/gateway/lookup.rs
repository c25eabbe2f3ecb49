//! Looking up clusters that the inventory does not know, with the credential of the caller's account.
//!
//! Nothing of a caller is in what is sent but the id of a cluster, and only one operation, which reads, is ever called:
//! this client is apart from the one that permitted calls go by (spec gate-rules G14). What cannot be found out in
//! time is refused.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use moka::Expiry;
use moka::future::Cache;
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::config::Lookup;
use super::metrics::LookupCounts;
use super::upstream::{Upstream, UpstreamError};
use crate::catalog::{ClusterFacts, ClusterLookup, Facts, Lacking, Parameters, UnreadableAnswer};
use crate::openapi::Format;
use crate::openapi::sign::{SigningRequest, sign_acs3};

/// How long all lookups for one call may take: the gate's own answers are to come within the 3 s that Node SDKs wait.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Lookups that are under way at once; further ones wait, within the time they have.
const UNDER_WAY: usize = 32;

/// Clusters that are looked up for one call.
const MOST: usize = 16;

/// Why it could not be found out what a call is about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LookupError {
    /// The call names too many clusters that are not in the inventory.
    #[error(
        "the call names {count} clusters that are not in the inventory, more than the {MOST} that are looked up for one call"
    )]
    TooMany {
        /// How many.
        count: usize,
    },
    /// The time for it was over.
    #[error("cluster `{cluster}` could not be looked up within {} s", TIMEOUT.as_secs())]
    TimedOut {
        /// The cluster that was asked for last.
        cluster: String,
    },
    /// The upstream gave no answer.
    #[error("cluster `{cluster}` cannot be looked up: {reason}")]
    Upstream {
        /// The cluster.
        cluster: String,
        /// Why.
        reason: Arc<Failure>,
    },
}

/// What went wrong with one lookup.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// No answer.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    /// An answer that says neither what the cluster is nor that it is not there.
    #[error("the upstream answered {status} with code `{code}`: the gate's credential needs `{operation}`")]
    Refused {
        /// The status.
        status: u16,
        /// The code in the answer.
        code: String,
        /// The operation that was called.
        operation: String,
    },
    /// An answer that cannot be read.
    #[error(transparent)]
    Unreadable(#[from] UnreadableAnswer),
}

/// What was found out for one call.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Clusters that are there.
    pub(super) clusters: Vec<(String, ClusterFacts)>,
    /// Clusters that are not.
    pub(super) absent: Vec<String>,
}

impl Found {
    /// `facts` with what was found out beside them.
    pub(super) fn beside(&self, facts: &Arc<Facts>) -> Facts {
        Facts::with_found(facts, &self.clusters)
    }
}

/// What is remembered of a cluster.
#[derive(Debug, Clone)]
enum Remembered {
    There(Arc<ClusterFacts>),
    Absent,
}

/// Account, version of the API, id.
type Key = (String, String, String);

#[derive(Debug)]
struct Lifetimes {
    there: Duration,
    absent: Duration,
}

impl Expiry<Key, Remembered> for Lifetimes {
    fn expire_after_create(&self, _: &Key, remembered: &Remembered, _: Instant) -> Option<Duration> {
        Some(match remembered {
            Remembered::There(_) => self.there,
            Remembered::Absent => self.absent,
        })
    }
}

/// Lookups and what they found.
#[derive(Debug)]
pub(super) struct Lookups {
    remembered: Cache<Key, Remembered>,
    turns: Semaphore,
    counts: Arc<LookupCounts>,
}

impl Lookups {
    pub(super) fn new(config: Lookup) -> Self {
        let lifetimes = Lifetimes { there: config.ttl, absent: config.negative_ttl };
        let remembered = Cache::builder().max_capacity(config.capacity).expire_after(lifetimes).build();
        Self { remembered, turns: Semaphore::new(UNDER_WAY), counts: Arc::default() }
    }

    /// Counts on where those before it have come to.
    pub(super) fn succeed(&mut self, before: &Self) {
        self.counts = Arc::clone(&before.counts);
    }

    /// How many there were.
    pub(super) fn counts(&self) -> Arc<LookupCounts> {
        Arc::clone(&self.counts)
    }

    /// Finds out about the clusters that a call lacks, each at most once however many calls ask for it at a time.
    ///
    /// # Errors
    /// [`LookupError`] where nothing is known of a cluster and nothing could be found out.
    pub(super) async fn find(
        &self,
        lacking: &[Lacking],
        lookup: &ClusterLookup,
        upstream: &Upstream,
    ) -> Result<Found, LookupError> {
        if lacking.len() > MOST {
            return Err(LookupError::TooMany { count: lacking.len() });
        }
        let deadline = tokio::time::Instant::now() + TIMEOUT;
        let mut found = Found::default();
        for Lacking { cluster, unknown } in lacking {
            let looked = tokio::time::timeout_at(deadline, self.look_up(cluster, lookup, upstream)).await;
            let error = match looked {
                Ok(Ok(Remembered::There(facts))) => {
                    found.clusters.push((cluster.clone(), (*facts).clone()));
                    continue;
                }
                Ok(Ok(Remembered::Absent)) => {
                    found.absent.push(cluster.clone());
                    continue;
                }
                Ok(Err(reason)) => LookupError::Upstream { cluster: cluster.clone(), reason },
                Err(_) => LookupError::TimedOut { cluster: cluster.clone() },
            };
            if *unknown {
                return Err(error);
            }
            // What the inventory does not say of a cluster stays unknown, which no Allow is met by.
            tracing::warn!(%error, "what the inventory does not say stays unknown");
        }
        Ok(found)
    }

    /// What is remembered of the clusters that a call lacks. Nothing is looked up.
    pub(super) async fn remembered(&self, lacking: &[Lacking], account: &str, version: &str) -> Found {
        let mut found = Found::default();
        for Lacking { cluster, .. } in lacking {
            let key = (account.to_owned(), version.to_owned(), cluster.clone());
            match self.remembered.get(&key).await {
                Some(Remembered::There(facts)) => found.clusters.push((cluster.clone(), (*facts).clone())),
                Some(Remembered::Absent) => found.absent.push(cluster.clone()),
                None => {}
            }
        }
        found
    }

    async fn look_up(
        &self,
        cluster: &str,
        lookup: &ClusterLookup,
        upstream: &Upstream,
    ) -> Result<Remembered, Arc<Failure>> {
        let key = (upstream.account().to_owned(), upstream.version().to_owned(), cluster.to_owned());
        let entry = self.remembered.entry(key).or_try_insert_with(self.ask(cluster, lookup, upstream)).await?;
        if !entry.is_fresh() {
            self.counts.remembered();
        }
        Ok(entry.into_value())
    }

    async fn ask(&self, cluster: &str, lookup: &ClusterLookup, upstream: &Upstream) -> Result<Remembered, Failure> {
        let asking = self.counts.asking();
        // The semaphore is never closed; were it, there would be no turn to wait for.
        let _turn = self.turns.acquire().await;
        let mut parameters = Parameters::new();
        // The only parameter: it cannot stand twice.
        drop(parameters.insert(&lookup.cluster, cluster));
        let now = Timestamp::now();
        let signing = upstream.signing(None, now)?;
        let signed = sign_acs3(&SigningRequest {
            host: upstream.authority(),
            action: &lookup.operation,
            version: upstream.version(),
            parameters: &parameters,
            credential: &signing,
            date: now,
            nonce: &uuid::Uuid::new_v4().to_string(),
            format: Format::Json,
        });
        let answer = upstream.send(signed, upstream.admit(None)?).await?;
        if answer.status.is_success() {
            let facts = lookup.read(cluster, upstream.account(), &answer.body)?;
            asking.came_to(true);
            return Ok(Remembered::There(Arc::new(facts)));
        }
        let code = serde_json::from_slice::<ErrorCode>(&answer.body).map(|body| body.code).unwrap_or_default();
        if lookup.says_absent(&code) {
            asking.came_to(false);
            return Ok(Remembered::Absent);
        }
        let code = code.chars().filter(|letter| !letter.is_control()).take(128).collect();
        Err(Failure::Refused { status: answer.status.as_u16(), code, operation: lookup.operation.clone() })
    }
}

#[derive(Deserialize)]
struct ErrorCode {
    #[serde(rename = "Code")]
    code: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Known;

    #[test]
    fn what_was_counted_before_a_reload_is_counted_after_it() {
        let config = Lookup { ttl: Duration::from_secs(1), negative_ttl: Duration::from_secs(1), capacity: 1 };
        let (before, mut after) = (Lookups::new(config), Lookups::new(config));
        after.succeed(&before);
        assert!(Arc::ptr_eq(&before.counts(), &after.counts()));
    }

    #[test]
    fn what_is_there_and_what_is_not_are_remembered_for_times_of_their_own() {
        let (there, absent) = (Duration::from_secs(300), Duration::from_secs(30));
        let lifetimes = Lifetimes { there, absent };
        let key = ("1234567890123456".to_owned(), "2017-08-01".to_owned(), "pc-1".to_owned());
        let facts =
            ClusterFacts { account: key.0.clone(), region: None, resource_group: Known::Unknown, tags: Known::Unknown };
        let lifetime = |remembered| lifetimes.expire_after_create(&key, &remembered, Instant::now());
        assert_eq!(lifetime(Remembered::There(Arc::new(facts))), Some(there));
        assert_eq!(lifetime(Remembered::Absent), Some(absent));
    }
}
