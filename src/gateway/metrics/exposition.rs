//! What is counted, as the text that Prometheus reads.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;
use prometheus_client::registry::Registry;

use super::super::Comparisons;
use super::super::traces::TraceCounts;
use super::super::upstream::UpstreamState;
use super::upstreams;
use super::{
    CallCounters, ERROR_KINDS, Histogram, LookupCounts, Metrics, NOT_SERVED, OUTCOMES, POLICY_TYPES, STATUS_CLASSES,
    value,
};

/// The media type of [`text`].
pub(in super::super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What is not counted and looked at when it is asked for.
#[derive(Debug, Clone)]
pub(in super::super) struct Readings {
    /// Calls under way.
    pub(in super::super) calls: usize,
    /// The snapshot in force.
    pub(in super::super) generation: u64,
    /// When the snapshot in force was put in force, in seconds since 1970.
    pub(in super::super) reloaded: i64,
    /// Whether the last reload was put in force.
    pub(in super::super) reload_applied: bool,
    /// Whether no further calls are taken.
    pub(in super::super) draining: bool,
    /// Nonces that are remembered.
    pub(in super::super) nonces: usize,
    /// How the candidate compares with the world in force.
    pub(in super::super) comparisons: Comparisons,
    /// Lookups, where they are enabled.
    pub(in super::super) lookups: Option<Arc<LookupCounts>>,
    /// How upstreams are.
    pub(in super::super) upstreams: Vec<UpstreamState>,
    /// Traces, where calls are traced.
    pub(in super::super) traces: Option<TraceCounts>,
    /// Records and log lines that were dropped.
    pub(in super::super) dropped: (u64, u64),
}

/// Everything that is counted, as OpenMetrics text.
pub(in super::super) fn text(metrics: &Arc<Metrics>, readings: Readings) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Exposition { metrics: Arc::clone(metrics), readings }));
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct Exposition {
    metrics: Arc<Metrics>,
    readings: Readings,
}

/// One series after the other, of one metric.
pub(super) struct Family<'a>(pub(super) MetricEncoder<'a>);

pub(super) type NoExemplar<'a> = Option<&'a Exemplar<[(&'static str, &'static str); 0], u64>>;

impl Family<'_> {
    pub(super) fn counter(&mut self, labels: &[(&str, &str)], count: u64) -> fmt::Result {
        self.0.encode_family(&labels)?.encode_counter(&count, NoExemplar::None)
    }

    pub(super) fn gauge(&mut self, labels: &[(&str, &str)], value: i64) -> fmt::Result {
        self.0.encode_family(&labels)?.encode_gauge(&value)
    }
}

pub(super) fn family<'a>(
    encoder: &'a mut DescriptorEncoder<'_>,
    name: &'a str,
    help: &str,
    kind: MetricType,
) -> Result<Family<'a>, fmt::Error> {
    Ok(Family(encoder.encode_descriptor(name, help, None, kind)?))
}

fn counter(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, count: u64) -> fmt::Result {
    family(encoder, name, help, MetricType::Counter)?.0.encode_counter(&count, NoExemplar::None)
}

pub(super) fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: i64) -> fmt::Result {
    family(encoder, name, help, MetricType::Gauge)?.0.encode_gauge(&value)
}

pub(super) fn histogram(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    histogram: &Histogram,
) -> fmt::Result {
    let (sum, buckets) = histogram.read();
    let count = buckets.iter().map(|(_, count)| count).sum();
    let mut family = family(encoder, name, help, MetricType::Histogram)?;
    family.0.encode_histogram::<[(&str, &str); 0]>(sum, count, &buckets, None)
}

fn size(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Collector for Exposition {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let encoder = &mut encoder;
        self.calls(encoder)?;
        self.connections(encoder)?;
        self.upstreams(encoder)?;
        self.state(encoder)?;
        #[cfg(target_os = "linux")]
        super::process::encode(encoder)?;
        Ok(())
    }
}

impl Exposition {
    fn calls(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let followed = self.metrics.followed.load();
        let mut calls = family(encoder, "ramgate_calls", "Calls that ended", MetricType::Counter)?;
        let mut series = |product: &str, operation: &str, counters: &CallCounters| {
            counters.counted().try_for_each(|(outcome, code, count)| {
                let labels = [("product", product), ("operation", operation), ("outcome", outcome), ("code", code)];
                calls.counter(&labels, count)
            })
        };
        series("", "", &self.metrics.unnamed)?;
        for product in followed.products.values() {
            for (operation, counters) in &product.operations {
                series(&product.code, operation, counters)?;
            }
        }
        let mut decisions =
            family(encoder, "ramgate_decisions", "Calls that policies were asked about", MetricType::Counter)?;
        for (outcome, row) in OUTCOMES.iter().zip(&self.metrics.decisions) {
            for (policy_type, count) in POLICY_TYPES.iter().zip(row) {
                let (outcome, policy_type) = (outcome.to_string(), policy_type.to_string());
                decisions.counter(&[("outcome", &outcome), ("policy_type", &policy_type)], value(count))?;
            }
        }
        gauge(encoder, "ramgate_calls_in_flight", "Calls under way", size(self.readings.calls))?;
        let Metrics { total, decided, upstream, .. } = &*self.metrics;
        histogram(encoder, "ramgate_call_duration_seconds", "From the head of a call to its end", total)?;
        histogram(encoder, "ramgate_decision_duration_seconds", "From the head of a call to the decision", decided)?;
        histogram(encoder, "ramgate_upstream_duration_seconds", "From a call's sending to its whole answer", upstream)
    }

    fn connections(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let Metrics { open, accepted, not_accepted, not_served, .. } = &*self.metrics;
        let open = i64::try_from(value(open)).unwrap_or(i64::MAX);
        gauge(encoder, "ramgate_connections", "Connections that are open", open)?;
        counter(encoder, "ramgate_connections_accepted", "Connections that were accepted", value(accepted))?;
        counter(encoder, "ramgate_accept_errors", "Connections that could not be accepted", value(not_accepted))?;
        let help = "Connections that were closed before they came to a request";
        let mut refused = family(encoder, "ramgate_connections_refused", help, MetricType::Counter)?;
        for (reason, count) in NOT_SERVED.into_iter().zip(not_served) {
            refused.counter(&[("reason", reason)], value(count))?;
        }
        Ok(())
    }

    fn upstreams(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let followed = self.metrics.followed.load();
        let mut answers = family(encoder, "ramgate_upstream_calls", "Answers of upstreams", MetricType::Counter)?;
        for (upstream, counters) in &followed.upstreams {
            for (class, count) in STATUS_CLASSES.into_iter().zip(&counters.answers) {
                answers.counter(&[("upstream", upstream), ("status", class)], value(count))?;
            }
        }
        upstreams::encode(encoder, &self.readings.upstreams)?;
        let help = "Calls that an upstream gave no answer to";
        let mut errors = family(encoder, "ramgate_upstream_errors", help, MetricType::Counter)?;
        for (upstream, counters) in &followed.upstreams {
            for (kind, count) in ERROR_KINDS.into_iter().zip(&counters.errors) {
                errors.counter(&[("upstream", upstream), ("kind", kind)], value(count))?;
            }
        }
        self.readings.lookups.iter().try_for_each(|lookups| lookups.encode(encoder))
    }

    fn state(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let Readings { generation, reloaded, reload_applied, draining, nonces, dropped, .. } = self.readings;
        let mut reloads = family(encoder, "ramgate_reloads", "Reloads", MetricType::Counter)?;
        for (outcome, count) in ["applied", "refused"].into_iter().zip(&self.metrics.reloads) {
            reloads.counter(&[("outcome", outcome)], value(count))?;
        }
        let generation = i64::try_from(generation).unwrap_or(i64::MAX);
        gauge(encoder, "ramgate_generation", "Number of the snapshot in force", generation)?;
        let name = "ramgate_last_successful_reload_timestamp_seconds";
        gauge(encoder, name, "When the snapshot in force was put in force", reloaded)?;
        let help = "Whether the last reload was put in force";
        gauge(encoder, "ramgate_last_reload_successful", help, i64::from(reload_applied))?;
        gauge(encoder, "ramgate_draining", "Whether no further calls are taken", i64::from(draining))?;
        gauge(encoder, "ramgate_nonces", "Nonces that are remembered", size(nonces))?;
        let Comparisons { compared, different } = self.readings.comparisons;
        counter(encoder, "ramgate_candidate_compared", "Calls that the candidate decided too", compared)?;
        counter(encoder, "ramgate_candidate_different", "Calls that it decides otherwise", different)?;
        let help = "Records of calls and intents that were dropped";
        counter(encoder, "ramgate_records_dropped", help, dropped.0)?;
        if let Some(TraceCounts { sent, crowded, refused }) = self.readings.traces {
            counter(encoder, "ramgate_traces_sent", "Calls whose spans a collector took", sent)?;
            let help = "Calls whose spans were dropped";
            let mut dropped = family(encoder, "ramgate_traces_dropped", help, MetricType::Counter)?;
            dropped.counter(&[("reason", "queue")], crowded)?;
            dropped.counter(&[("reason", "collector")], refused)?;
        }
        counter(encoder, "ramgate_log_lines_dropped", "Lines of the log that were dropped", dropped.1)
    }
}
