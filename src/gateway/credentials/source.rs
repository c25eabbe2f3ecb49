//! A temporary credential that is renewed before it ends.
//!
//! It is renewed in a task of its own, never by a call, and calls are signed with the last one that was had until it
//! really ends.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::fetch::{FetchError, Fetcher, Makings};
use crate::openapi::sign::SigningKey;

/// The longest time that nothing is renewed, so that a role that lost its rights or got others shows.
const LONGEST: Duration = Duration::from_secs(3600);

/// The shortest: a credential that is about to end when it is had is not asked for without end.
const SHORTEST: Duration = Duration::from_secs(1);

/// The longest wait after a failure.
const LONGEST_BACKOFF: Duration = Duration::from_secs(60);

/// How often it is looked at the clock, which may have been set.
const LOOK: Duration = Duration::from_secs(30);

/// A credential, and when it ends.
#[derive(Debug)]
pub(in crate::gateway) struct Good {
    pub(in crate::gateway) key: SigningKey,
    pub(in crate::gateway) expires: Timestamp,
}

/// Where credentials come from one after the other, and the last of them.
pub(in crate::gateway) struct Source {
    account: String,
    kind: &'static str,
    makings: SecretString,
    fetcher: Fetcher,
    good: ArcSwapOption<Good>,
    status: Mutex<Status>,
    renewals: [AtomicU64; 2],
    attempted: watch::Sender<bool>,
    begun: AtomicBool,
    stop: CancellationToken,
    _stopped: DropGuard,
}

/// What the last attempts came to.
#[derive(Debug, Clone, Default)]
struct Status {
    failures: u32,
    failure: Option<String>,
    renewed: Option<Timestamp>,
    next: Timestamp,
}

impl Source {
    pub(super) fn new(kind: &'static str, account: &str, fetcher: Fetcher, makings: Makings) -> Arc<Self> {
        let stop = CancellationToken::new();
        Arc::new(Self {
            account: account.to_owned(),
            kind,
            makings: makings.into_secret(),
            fetcher,
            good: ArcSwapOption::empty(),
            status: Mutex::default(),
            renewals: Default::default(),
            attempted: watch::Sender::new(false),
            begun: AtomicBool::new(false),
            _stopped: stop.clone().drop_guard(),
            stop,
        })
    }

    /// Where its credentials come from.
    pub(super) fn kind(&self) -> &'static str {
        self.kind
    }

    /// Whether it is made of the same as another, secrets included.
    pub(super) fn is_as(&self, other: &Self) -> bool {
        self.makings.expose_secret() == other.makings.expose_secret()
    }

    /// Begins to renew, and says whether it had not begun before. It ends when the last owner lets go of it.
    pub(in crate::gateway) fn begin(self: &Arc<Self>) -> bool {
        let begins = !self.begun.swap(true, Ordering::AcqRel);
        if begins {
            tokio::spawn(renew(Arc::downgrade(self), self.stop.clone()));
        }
        begins
    }

    /// Ends once a first attempt was made, and says why none was successful yet.
    pub(in crate::gateway) async fn first(&self) -> Result<(), String> {
        // The sender is part of the source.
        drop(self.attempted.subscribe().wait_for(|attempted| *attempted).await);
        match self.at(Timestamp::now()) {
            Ok(_) => Ok(()),
            Err(reason) => Err(reason),
        }
    }

    /// The credential that is good at `now`, or why there is none.
    pub(in crate::gateway) fn at(&self, now: Timestamp) -> Result<Arc<Good>, String> {
        let last = self.good.load_full();
        match last {
            Some(good) if now < good.expires => Ok(good),
            Some(ended) => Err(format!("the last one ended at {}{}", ended.expires, self.because())),
            None => Err(format!("none was had yet{}", self.because())),
        }
    }

    fn because(&self) -> String {
        self.lock().failure.as_ref().map(|failure| format!(": {failure}")).unwrap_or_default()
    }

    /// When the last one that was had ends, or ended.
    pub(super) fn expires(&self) -> Option<Timestamp> {
        self.good.load().as_ref().map(|good| good.expires)
    }

    /// When it was renewed, and why the last attempt after that failed.
    pub(super) fn told(&self) -> (Option<Timestamp>, Option<String>) {
        let status = self.lock();
        (status.renewed, status.failure.clone())
    }

    /// How many attempts succeeded, and how many failed.
    pub(super) fn renewals(&self) -> [u64; 2] {
        self.renewals.each_ref().map(|count| count.load(Ordering::Relaxed))
    }

    fn lock(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long until something is to be done, and whether it is now.
    fn wait(&self, now: Timestamp) -> Option<Duration> {
        let next = self.lock().next;
        let wait = Duration::try_from(next.duration_since(now)).unwrap_or_default();
        // Later than anything is ever put off to: the clock was set back.
        (!wait.is_zero() && wait <= LONGEST).then(|| wait.min(LOOK))
    }

    async fn attempt(&self) {
        let fetched = self.fetcher.fetch().await;
        let now = Timestamp::now();
        match fetched {
            Ok((credential, expires)) => {
                self.good.store(Some(Arc::new(Good { key: SigningKey::new(credential), expires })));
                self.succeeded(now, expires);
            }
            Err(error) => self.failed(now, &error),
        }
        self.attempted.send_replace(true);
    }

    fn succeeded(&self, now: Timestamp, expires: Timestamp) {
        let left = Duration::try_from(expires.duration_since(now)).unwrap_or_default();
        *self.lock() =
            Status { failures: 0, failure: None, renewed: Some(now), next: after(now, renewal(left, random())) };
        let [succeeded, _] = &self.renewals;
        succeeded.fetch_add(1, Ordering::Relaxed);
        tracing::info!(account = self.account, source = self.kind, %expires, "the credential was renewed");
    }

    fn failed(&self, now: Timestamp, error: &FetchError) {
        let mut status = self.lock();
        status.failures = status.failures.saturating_add(1);
        status.failure = Some(error.to_string());
        status.next = after(now, backoff(status.failures, random()));
        drop(status);
        let [_, failed] = &self.renewals;
        failed.fetch_add(1, Ordering::Relaxed);
        let (account, source) = (&self.account, self.kind);
        match self.expires().filter(|expires| now < *expires) {
            Some(expires) => {
                tracing::warn!(account, source, %error, %expires, "the credential was not renewed; the last one is used");
            }
            None => {
                tracing::error!(account, source, %error, "there is no credential: calls of the account are refused")
            }
        }
    }
}

/// What it is for; nothing of its credentials.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("account", &self.account).field("kind", &self.kind).finish_non_exhaustive()
    }
}

async fn renew(source: Weak<Source>, stop: CancellationToken) {
    while let Some(held) = source.upgrade() {
        match held.wait(Timestamp::now()) {
            Some(wait) => {
                drop(held);
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = stop.cancelled() => return,
                }
            }
            None => held.attempt().await,
        }
    }
}

fn after(now: Timestamp, wait: Duration) -> Timestamp {
    SignedDuration::try_from(wait).ok().and_then(|wait| now.checked_add(wait).ok()).unwrap_or(now)
}

/// How long a credential is used that has so much time left, before the next is asked for: two thirds of that, so that
/// there is time to try again. `random` is from 0 to 1 and keeps gates that began together apart.
fn renewal(left: Duration, random: f64) -> Duration {
    (left * 2 / 3).min(LONGEST).mul_f64(1.0 - random / 10.0).max(SHORTEST)
}

/// How long nothing is tried after so many failures in a row: at most a second first, then twice as long each time.
fn backoff(failures: u32, random: f64) -> Duration {
    let longest = Duration::from_secs(1 << failures.saturating_sub(1).min(6)).min(LONGEST_BACKOFF);
    longest.mul_f64(0.5 + random / 2.0)
}

/// From 0 to 1.
fn random() -> f64 {
    let mut bytes = [0; 2];
    // Without randomness everything comes a little earlier.
    match aws_lc_rs::rand::fill(&mut bytes) {
        Ok(()) => f64::from(u16::from_ne_bytes(bytes)) / f64::from(u16::MAX),
        Err(_) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_renewed_while_a_third_of_its_time_is_left_and_at_least_every_hour() {
        let seconds = Duration::from_secs;
        for (left, earliest, latest) in
            [(900, 540, 600), (3600, 2160, 2400), (43_200, 3240, 3600), (1, 1, 1), (0, 1, 1)]
        {
            assert_eq!(renewal(seconds(left), 0.0), seconds(latest), "{left}");
            assert_eq!(renewal(seconds(left), 1.0), seconds(earliest), "{left}");
        }
    }

    #[test]
    fn after_failures_the_wait_grows_up_to_a_minute_and_is_never_the_same() {
        for (failures, longest) in [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (8, 60), (u32::MAX, 60)] {
            let longest = Duration::from_secs(longest);
            assert_eq!(backoff(failures, 1.0), longest, "{failures}");
            assert_eq!(backoff(failures, 0.0), longest / 2, "{failures}");
        }
        let waits: std::collections::HashSet<Duration> = (0..100).map(|_| backoff(7, random())).collect();
        assert!(waits.len() > 50, "{waits:?}");
    }
}
