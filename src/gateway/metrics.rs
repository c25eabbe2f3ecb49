//! What a gate counts. Counting takes a few atomic additions: nothing on the way of a call waits or allocates for it.
//! No label holds a secret, a key id or a principal, and every label has a bounded number of values: the catalogue's
//! operations, the codes of `openapi/data/errors.toml`, the configured upstreams, and words of this file.

mod exposition;
mod lookups;
#[cfg(target_os = "linux")]
mod process;
mod upstreams;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};

use arc_swap::ArcSwap;
use http::StatusCode;

pub(super) use exposition::{CONTENT_TYPE, Readings, text};
pub(super) use lookups::LookupCounts;

use super::refusal::Refusal;
use super::snapshot::Snapshot;
use super::upstream::UpstreamError;
use crate::authz::{Outcome, PolicyType};
use crate::openapi::error_records;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Policies allow it, and the upstream answered.
    Forwarded,
    /// Policies deny it, a shadow let it through, and the upstream answered.
    Shadowed,
    /// A policy denies it, or none allows it.
    Denied,
    /// It was refused for anything else before it went anywhere.
    Refused,
    /// The upstream gave no answer, or the gate itself failed.
    Failed,
    /// Nobody was answered: the caller hung up, or the gate broke off.
    Unanswered,
}

impl Ending {
    const ALL: [Self; 6] =
        [Self::Forwarded, Self::Shadowed, Self::Denied, Self::Refused, Self::Failed, Self::Unanswered];

    /// How a call ends that the gate answers itself.
    pub(super) fn of(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Denied(_) | Refusal::Unchecked => Self::Denied,
            Refusal::Upstream(_) | Refusal::Internal { .. } => Self::Failed,
            _ => Self::Refused,
        }
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Forwarded => "forwarded",
            Self::Shadowed => "shadowed",
            Self::Denied => "denied",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Unanswered => "unanswered",
        }
    }
}

/// What is counted of one call.
#[derive(Debug)]
pub(super) struct Measured<'a> {
    /// Version and operation that were called, once the caller is verified.
    pub(super) operation: Option<(&'a str, &'a str)>,
    /// How it ended.
    pub(super) ending: Ending,
    /// The code that the gate answered with.
    pub(super) code: Option<&'a str>,
    /// What the policies said.
    pub(super) decision: Option<(Outcome, PolicyType)>,
    /// Microseconds to the decision.
    pub(super) decided: Option<u64>,
    /// Microseconds that the upstream took.
    pub(super) upstream: Option<u64>,
    /// Microseconds in all.
    pub(super) total: u64,
}

/// Everything that is counted.
#[derive(Debug)]
pub(super) struct Metrics {
    followed: ArcSwap<Followed>,
    /// Calls whose caller was not verified, or whose operation is not known.
    unnamed: CallCounters,
    decisions: [[AtomicU64; POLICY_TYPES.len()]; OUTCOMES.len()],
    total: Histogram,
    decided: Histogram,
    upstream: Histogram,
    reloads: [AtomicU64; 2],
    open: AtomicU64,
    accepted: AtomicU64,
    not_accepted: AtomicU64,
    not_served: [AtomicU64; NOT_SERVED.len()],
}

/// The series that come and go with the snapshot in force.
#[derive(Debug, Default)]
struct Followed {
    /// By version.
    products: HashMap<String, FollowedProduct>,
    /// By host and port.
    upstreams: HashMap<String, Arc<UpstreamCounters>>,
}

#[derive(Debug)]
struct FollowedProduct {
    code: String,
    operations: HashMap<String, Arc<CallCounters>>,
}

const OUTCOMES: [Outcome; 3] = [Outcome::Allow, Outcome::ExplicitDeny, Outcome::ImplicitDeny];

const POLICY_TYPES: [PolicyType; 6] = [
    PolicyType::ControlPolicy,
    PolicyType::SessionPolicy,
    PolicyType::AssumeRolePolicy,
    PolicyType::AccountLevelIdentityBasedPolicy,
    PolicyType::ResourceGroupLevelIdentityBasedPolicy,
    PolicyType::ResourcePolicy,
];

/// Upper bounds in microseconds: what the gate itself takes.
const DECISION_BOUNDS: [u64; 12] = [25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 50_000, 250_000, 1_000_000];

/// Upper bounds in microseconds: what a call takes with its upstream.
const CALL_BOUNDS: [u64; 14] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000, 15_000_000,
    60_000_000,
];

impl Metrics {
    /// Counts for a gate that decides by `snapshot`.
    pub(super) fn new(snapshot: &Snapshot) -> Self {
        let metrics = Self {
            followed: ArcSwap::default(),
            unnamed: CallCounters::default(),
            decisions: Default::default(),
            total: Histogram::new(&CALL_BOUNDS),
            decided: Histogram::new(&DECISION_BOUNDS),
            upstream: Histogram::new(&CALL_BOUNDS),
            reloads: Default::default(),
            open: AtomicU64::default(),
            accepted: AtomicU64::default(),
            not_accepted: AtomicU64::default(),
            not_served: Default::default(),
        };
        metrics.follow(snapshot);
        metrics
    }

    /// Names the operations and upstreams of `snapshot` from now on. What was counted of those that it shares with the
    /// one before goes on; the rest is no longer told.
    pub(super) fn follow(&self, snapshot: &Snapshot) {
        let before = self.followed.load();
        let products = snapshot.catalog.products().filter(|known| snapshot.products().any(|code| code == known.code()));
        let product = |product: &crate::catalog::Product| {
            let before = before.products.get(product.version()).filter(|before| before.code == product.code());
            let operation = |name: &str| {
                let counters = before.and_then(|before| before.operations.get(name));
                (name.to_owned(), counters.map(Arc::clone).unwrap_or_default())
            };
            let operations = product.operations().map(|known| operation(known.name())).collect();
            (product.version().to_owned(), FollowedProduct { code: product.code().to_owned(), operations })
        };
        let upstream = |authority: &str| {
            let counters = before.upstreams.get(authority).map(Arc::clone).unwrap_or_default();
            (authority.to_owned(), counters)
        };
        let followed = Followed {
            products: products.map(product).collect(),
            upstreams: snapshot.authorities().map(upstream).collect(),
        };
        self.followed.store(Arc::new(followed));
    }

    /// Counts a call that has ended.
    pub(super) fn call(&self, measured: &Measured<'_>) {
        let followed = self.followed.load();
        let named = measured.operation.and_then(|(version, operation)| {
            followed.products.get(version).and_then(|product| product.operations.get(operation))
        });
        named.map_or(&self.unnamed, Arc::as_ref).add(measured.ending, measured.code);
        if let Some((outcome, policy_type)) = measured.decision {
            let outcome = OUTCOMES.iter().position(|known| *known == outcome);
            let policy_type = POLICY_TYPES.iter().position(|known| *known == policy_type);
            if let (Some(outcome), Some(policy_type)) = (outcome, policy_type) {
                add(self.decisions.get(outcome).and_then(|row| row.get(policy_type)));
            }
        }
        if let Some(micros) = measured.decided {
            self.decided.observe(micros);
        }
        if let Some(micros) = measured.upstream {
            self.upstream.observe(micros);
        }
        self.total.observe(measured.total);
    }

    /// Counts an answer of the upstream at `authority`.
    pub(super) fn answered(&self, authority: &str, status: StatusCode) {
        if let Some(upstream) = self.followed.load().upstreams.get(authority) {
            add(upstream.answers.get(usize::from(status.as_u16() / 100).wrapping_sub(1)));
        }
    }

    /// Counts a call that its upstream gave no answer to.
    pub(super) fn unanswered(&self, error: &UpstreamError) {
        let (kind, authority) = match error {
            UpstreamError::Unreachable { authority, .. } => (0, authority),
            UpstreamError::Broken { authority, .. } | UpstreamError::TooLong { authority, .. } => (1, authority),
            UpstreamError::Silent { authority, .. } | UpstreamError::TimedOut { authority, .. } => (2, authority),
            UpstreamError::Unsendable { authority, .. } => (3, authority),
            UpstreamError::Shed { authority, .. } => (4, authority),
            UpstreamError::NoCredential { authority, .. } => (5, authority),
        };
        if let Some(upstream) = self.followed.load().upstreams.get(authority) {
            add(upstream.errors.get(kind));
        }
    }

    /// Counts a reload: one that was put in force, or one that was refused.
    pub(super) fn reloaded(&self, applied: bool) {
        add(self.reloads.get(usize::from(!applied)));
    }

    /// Counts a connection that was accepted, and that is open until what this gives is dropped.
    pub(super) fn connected(self: &Arc<Self>) -> Open {
        add(Some(&self.accepted));
        add(Some(&self.open));
        Open(Arc::clone(self))
    }

    /// Counts a connection that could not be accepted.
    pub(super) fn not_connected(&self) {
        add(Some(&self.not_accepted));
    }

    /// Counts a connection that was closed before it came to a request.
    pub(super) fn refused(&self, why: NotServed) {
        let [tls, proxy, timed_out, client] = &self.not_served;
        add(Some(match why {
            NotServed::Tls => tls,
            NotServed::Proxy => proxy,
            NotServed::TimedOut => timed_out,
            NotServed::Client => client,
        }));
    }
}

/// Why a connection was closed before it came to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotServed {
    /// The TLS handshake failed.
    Tls,
    /// The header of the PROXY protocol is not there, or not from a trusted proxy.
    Proxy,
    /// It took too long.
    TimedOut,
    /// Its client has as many as one may.
    Client,
}

const NOT_SERVED: [&str; 4] = ["tls", "proxy", "timed_out", "client"];

/// A connection that is open.
#[derive(Debug)]
pub(super) struct Open(Arc<Metrics>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

const ERROR_KINDS: [&str; 6] = ["unreachable", "broken", "timed_out", "unsendable", "shed", "no_credential"];
const STATUS_CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

#[derive(Debug, Default)]
struct UpstreamCounters {
    answers: [AtomicU64; STATUS_CLASSES.len()],
    errors: [AtomicU64; ERROR_KINDS.len()],
}

fn add(counter: Option<&AtomicU64>) {
    if let Some(counter) = counter {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

fn value(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

/// The values of the label `code`, in order, and last the one for codes that are in no table.
static CODES: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| error_records().map(|(code, _)| code).chain(["other"]).collect());

/// The number of a code in [`CODES`]; nothing was answered by the gate itself where there is none. Codes that name a
/// parameter count as one.
fn number_of(code: &str) -> usize {
    let known = CODES.get(..CODES.len().saturating_sub(1)).unwrap_or_default();
    let find = |code: &str| known.binary_search(&code).ok();
    let of_parameter = || {
        let row = if code.starts_with("Missing") {
            "Missing{Parameter}"
        } else if code.starts_with("Invalid") {
            "Invalid{Parameter}"
        } else {
            return None;
        };
        find(row)
    };
    find(code).or_else(of_parameter).unwrap_or(known.len())
}

/// Calls by how they ended and with which code. It takes room once there is something to count.
#[derive(Debug, Default)]
struct CallCounters(OnceLock<Box<[AtomicU64]>>);

impl CallCounters {
    fn add(&self, ending: Ending, code: Option<&str>) {
        // One more column for calls that the gate gave no code to.
        let columns = CODES.len() + 1;
        let counters = self.0.get_or_init(|| (0..columns * Ending::ALL.len()).map(|_| AtomicU64::default()).collect());
        let column = code.map_or(columns - 1, number_of);
        let row = Ending::ALL.iter().position(|known| *known == ending).unwrap_or_default();
        add(counters.get(row * columns + column));
    }

    /// What was counted, with the labels `outcome` and `code`.
    fn counted(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        let counters = self.0.get().map(AsRef::as_ref).unwrap_or_default();
        let columns = CODES.len() + 1;
        Ending::ALL.iter().zip(counters.chunks(columns)).flat_map(|(ending, row)| {
            let codes = CODES.iter().copied().chain([""]);
            let counted = codes.zip(row).map(|(code, counter)| (ending.label(), code, value(counter)));
            counted.filter(|(_, _, count)| *count > 0)
        })
    }
}

/// Times in microseconds, in buckets.
#[derive(Debug)]
struct Histogram {
    bounds: &'static [u64],
    buckets: Box<[AtomicU64]>,
    sum: AtomicU64,
}

impl Histogram {
    fn new(bounds: &'static [u64]) -> Self {
        let buckets = (0..=bounds.len()).map(|_| AtomicU64::default()).collect();
        Self { bounds, buckets, sum: AtomicU64::default() }
    }

    fn observe(&self, micros: u64) {
        add(self.buckets.get(self.bounds.partition_point(|bound| *bound < micros)));
        self.sum.fetch_add(micros, Ordering::Relaxed);
    }

    /// Sum in seconds, and each bucket with its bound in seconds.
    #[expect(clippy::cast_precision_loss, reason = "a sum of microseconds is exact up to 285 years")]
    fn read(&self) -> (f64, Vec<(f64, u64)>) {
        let seconds = |micros: u64| micros as f64 / 1e6;
        let bounds = self.bounds.iter().map(|bound| seconds(*bound)).chain([f64::INFINITY]);
        (seconds(value(&self.sum)), bounds.zip(self.buckets.iter().map(value)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_names_a_parameter_counts_as_one_and_an_unknown_code_as_other() {
        let label = |code| CODES[number_of(code)];
        assert_eq!(label("Forbidden.RAM"), "Forbidden.RAM");
        assert_eq!(label("MissingDBClusterId"), "Missing{Parameter}");
        assert_eq!(label("MissingAction"), "MissingAction");
        assert_eq!(label("InvalidOwnerId"), "Invalid{Parameter}");
        assert_eq!(label("Surprise"), "other");
    }

    #[test]
    fn a_time_counts_in_the_first_bucket_that_it_does_not_exceed() {
        let histogram = Histogram::new(&DECISION_BOUNDS);
        for micros in [0, 25, 26, 1_000_001] {
            histogram.observe(micros);
        }
        let (sum, buckets) = histogram.read();
        assert!((sum - 1.000_052).abs() < 1e-9);
        assert_eq!(buckets[0], (0.000_025, 2));
        assert_eq!(buckets[1], (0.000_05, 1));
        assert_eq!(buckets[12], (f64::INFINITY, 1));
    }

    #[test]
    fn a_call_counts_by_ending_and_code() {
        let counters = CallCounters::default();
        counters.add(Ending::Denied, Some("Forbidden.RAM"));
        counters.add(Ending::Denied, Some("Forbidden.RAM"));
        counters.add(Ending::Forwarded, None);
        let counted: Vec<_> = counters.counted().collect();
        assert_eq!(counted, [("forwarded", "", 1), ("denied", "Forbidden.RAM", 2)]);
    }
}
