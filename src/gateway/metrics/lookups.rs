//! What is counted of the lookups of clusters.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;

use super::exposition::{family, histogram};
use super::{CALL_BOUNDS, Histogram, add, value};

const OUTCOMES: [&str; 4] = ["remembered", "found", "absent", "failed"];

/// Lookups by what they came to, and how long those took that the API was asked for.
#[derive(Debug)]
pub(in super::super) struct LookupCounts {
    outcomes: [AtomicU64; OUTCOMES.len()],
    duration: Histogram,
}

impl Default for LookupCounts {
    fn default() -> Self {
        Self { outcomes: Default::default(), duration: Histogram::new(&CALL_BOUNDS) }
    }
}

impl LookupCounts {
    /// Counts a cluster of which an earlier lookup, or one that was under way, says what is to be known.
    pub(in super::super) fn remembered(&self) {
        let [remembered, ..] = &self.outcomes;
        add(Some(remembered));
    }

    /// The API is about to be asked. Dropped before it [came to something](Asking::came_to), the lookup has failed.
    pub(in super::super) fn asking(&self) -> Asking<'_> {
        Asking { counts: self, began: Instant::now(), there: None }
    }

    pub(super) fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let mut lookups = family(encoder, "ramgate_lookups", "Clusters that were looked up", MetricType::Counter)?;
        for (outcome, count) in OUTCOMES.into_iter().zip(&self.outcomes) {
            lookups.counter(&[("outcome", outcome)], value(count))?;
        }
        let help = "From the need to ask the API about a cluster to its answer";
        histogram(encoder, "ramgate_lookup_duration_seconds", help, &self.duration)
    }
}

/// A lookup that is under way.
#[derive(Debug)]
pub(in super::super) struct Asking<'a> {
    counts: &'a LookupCounts,
    began: Instant,
    there: Option<bool>,
}

impl Asking<'_> {
    /// The API says whether the cluster is there.
    pub(in super::super) fn came_to(mut self, there: bool) {
        self.there = Some(there);
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        let [_, found, absent, failed] = &self.counts.outcomes;
        add(Some(match self.there {
            Some(true) => found,
            Some(false) => absent,
            None => failed,
        }));
        self.counts.duration.observe(u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX));
    }
}
