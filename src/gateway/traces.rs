//! Spans of calls, for a collector of OpenTelemetry's. Nothing of this is there unless a configuration asks for it.
//!
//! While a call is under way only the time is noted at which it leaves a stage. Its spans are made when its record is, of
//! what is on record, so that none of them holds what the record does not: no secret, and of parameters no values but the
//! ids in the names of resources. They wait in a bounded queue to be sent by a thread of their own.

mod export;
mod parent;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use http::HeaderMap;
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{Array, InstrumentationScope, KeyValue, StringValue, Value};
use opentelemetry_sdk::trace::{
    IdGenerator, RandomIdGenerator, Sampler, SamplingDecision, ShouldSample, SpanData, SpanEvents, SpanLinks,
};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

pub use self::export::NotTraced;
use self::parent::Parent;
use super::audit::Entry;
use super::config::{self, Parents};
use super::metrics::Ending;

/// Resources that are named in a span; a call may touch a thousand.
const MOST_RESOURCES: usize = 32;

/// What a call goes through, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Its body comes in.
    Receive,
    /// It is read.
    Read,
    /// Host, key, signature and nonce are verified.
    Authenticate,
    /// What it touches is found out, by lookups where they are needed.
    Resolve,
    /// Policies are asked.
    Decide,
    /// Its intent is put on record.
    Record,
    /// It is signed anew.
    Sign,
    /// The upstream is called.
    Upstream,
}

impl Stage {
    const ALL: [Self; 8] = [
        Self::Receive,
        Self::Read,
        Self::Authenticate,
        Self::Resolve,
        Self::Decide,
        Self::Record,
        Self::Sign,
        Self::Upstream,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Read => "read",
            Self::Authenticate => "authenticate",
            Self::Resolve => "resolve",
            Self::Decide => "decide",
            Self::Record => "record",
            Self::Sign => "sign",
            Self::Upstream => "upstream",
        }
    }

    fn after(passed: Option<Self>) -> Option<Self> {
        let Some(passed) = passed else { return Some(Self::Receive) };
        Self::ALL.into_iter().skip_while(|stage| *stage != passed).nth(1)
    }
}

/// How many calls were traced.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TraceCounts {
    /// Calls whose spans a collector took.
    pub(super) sent: u64,
    /// Calls whose spans found no room in the queue.
    pub(super) crowded: u64,
    /// Calls whose spans no collector took.
    pub(super) refused: u64,
}

#[derive(Debug, Default)]
struct Counters {
    sent: AtomicU64,
    crowded: AtomicU64,
    refused: AtomicU64,
}

/// Where spans go.
#[derive(Debug)]
pub(super) struct Traces {
    parents: Parents,
    sampler: Sampler,
    scope: InstrumentationScope,
    ids: RandomIdGenerator,
    queue: mpsc::Sender<Traced>,
    counters: Arc<Counters>,
}

/// The thread that sends spans. Dropped, it sends what is left, and ends.
#[derive(Debug)]
pub(super) struct Sending {
    thread: JoinHandle<()>,
    stop: DropGuard,
}

impl Sending {
    /// Gives it a bounded time to send what is left.
    pub(super) async fn end(self) {
        drop(self.stop);
        let thread = self.thread;
        // It bounds its last words itself; what is left then is counted as dropped.
        if !tokio::task::spawn_blocking(move || thread.join().is_ok()).await.unwrap_or(false) {
            tracing::error!("the thread that sends spans ended by a panic");
        }
    }
}

impl Traces {
    /// Begins to send spans where `config` says.
    ///
    /// # Errors
    /// [`NotTraced`] where the collector could never be called.
    pub(super) fn begin(config: &config::Traces) -> Result<(Arc<Self>, Sending), NotTraced> {
        let (queue, waiting) = mpsc::channel(config.queue);
        let (counters, stop) = (Arc::<Counters>::default(), CancellationToken::new());
        let thread = export::start(config, waiting, Arc::clone(&counters), stop.clone())?;
        let traces = Self {
            parents: config.parents,
            sampler: Sampler::TraceIdRatioBased(config.sample),
            scope: InstrumentationScope::builder("ramgate").with_version(env!("CARGO_PKG_VERSION")).build(),
            ids: RandomIdGenerator::default(),
            queue,
            counters,
        };
        Ok((Arc::new(traces), Sending { thread, stop: stop.drop_guard() }))
    }

    /// The trace of a call that comes in now, with these headers.
    pub(super) fn call(self: &Arc<Self>, headers: &HeaderMap) -> Box<Trace> {
        let parent = match self.parents {
            Parents::Ignored => None,
            Parents::Callers => Parent::of(headers),
        };
        Box::new(Trace {
            traces: Arc::clone(self),
            parent,
            at: SystemTime::now(),
            began: Instant::now(),
            passed: Vec::with_capacity(Stage::ALL.len()),
        })
    }

    pub(super) fn counts(&self) -> TraceCounts {
        let [sent, crowded, refused] = [&self.counters.sent, &self.counters.crowded, &self.counters.refused]
            .map(|counter| counter.load(Ordering::Relaxed));
        TraceCounts { sent, crowded, refused }
    }

    /// Whether a call of this trace is traced.
    fn samples(&self, trace: TraceId) -> bool {
        let sampled = self.sampler.should_sample(None, trace, "", &SpanKind::Server, &[], &[]);
        sampled.decision == SamplingDecision::RecordAndSample
    }
}

/// A call that is under way.
#[derive(Debug)]
pub(super) struct Trace {
    traces: Arc<Traces>,
    parent: Option<Parent>,
    at: SystemTime,
    began: Instant,
    passed: Vec<(Stage, Duration)>,
}

impl Trace {
    /// The call has come through `stage`.
    pub(super) fn passed(&mut self, stage: Stage) {
        self.passed.push((stage, self.began.elapsed()));
    }

    /// The call has ended, with this record.
    pub(super) fn ended(self, entry: &Entry<'_>, ending: Ending) {
        // A stranger has no part in anybody's trace.
        let parent = self.parent.filter(|_| entry.principal.is_some());
        let trace = parent.map_or_else(|| self.traces.ids.new_trace_id(), |parent| parent.trace);
        if !parent.map_or_else(|| self.traces.samples(trace), |parent| parent.sampled) {
            return;
        }
        let total = entry.total_us.map_or_else(|| self.began.elapsed(), Duration::from_micros);
        let resolved = !entry.checks.is_empty();
        let operation = entry.operation.as_deref().filter(|_| resolved).unwrap_or("call").to_owned();
        let status = match ending {
            Ending::Failed | Ending::Unanswered => Status::error(ending.label()),
            _ => Status::Unset,
        };
        let traced = Traced {
            trace,
            parent,
            span: self.traces.ids.new_span_id(),
            children: self.traces.ids.clone(),
            scope: self.traces.scope.clone(),
            name: operation,
            at: self.at,
            total,
            passed: self.passed,
            attributes: attributes(entry, ending),
            upstream: upstream(entry),
            status,
            denied: ending == Ending::Denied,
        };
        if self.traces.queue.try_send(traced).is_err() {
            self.traces.counters.crowded.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A call that has ended, as far as its spans need it.
#[derive(Debug)]
struct Traced {
    trace: TraceId,
    parent: Option<Parent>,
    span: SpanId,
    children: RandomIdGenerator,
    scope: InstrumentationScope,
    name: String,
    at: SystemTime,
    total: Duration,
    passed: Vec<(Stage, Duration)>,
    attributes: Vec<KeyValue>,
    upstream: Vec<KeyValue>,
    status: Status,
    denied: bool,
}

impl Traced {
    /// The span of the call, and one for each stage that it came to.
    fn spans(self) -> Vec<SpanData> {
        let Self { trace, parent, span: whole, at, total, .. } = self;
        let mut stages = self.passed;
        // The last one that it came to is the one in which it ended, unless a decision or the upstream's answer was its end.
        let open = Stage::after(stages.last().map(|(stage, _)| *stage)).filter(|_| !self.denied);
        stages.extend(open.map(|stage| (stage, total)));
        let data = |span, parent: SpanId, remote, kind, name, from: Duration, to: Duration| SpanData {
            span_context: SpanContext::new(trace, span, TraceFlags::SAMPLED, false, TraceState::default()),
            parent_span_id: parent,
            parent_span_is_remote: remote,
            span_kind: kind,
            name,
            start_time: at + from,
            end_time: at + to.max(from),
            attributes: Vec::new(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: self.scope.clone(),
        };
        let above = parent.map_or(SpanId::INVALID, |parent| parent.span);
        let server = data(whole, above, parent.is_some(), SpanKind::Server, self.name.into(), Duration::ZERO, total);
        let mut spans = vec![SpanData { attributes: self.attributes, status: self.status.clone(), ..server }];
        let mut from = Duration::ZERO;
        for (stage, to) in stages {
            let upstream = stage == Stage::Upstream;
            let kind = if upstream { SpanKind::Client } else { SpanKind::Internal };
            let mut span = data(self.children.new_span_id(), whole, false, kind, stage.name().into(), from, to);
            if upstream {
                span.attributes.clone_from(&self.upstream);
                span.status = self.status.clone();
            }
            spans.push(span);
            from = to;
        }
        spans
    }
}

/// What is told of a call. Of one whose caller was not verified, nothing that it wrote.
fn attributes(entry: &Entry<'_>, ending: Ending) -> Vec<KeyValue> {
    let mut told = vec![
        KeyValue::new("ramgate.request_id", entry.request_id.to_string()),
        KeyValue::new("ramgate.outcome", ending.label()),
        KeyValue::new("network.peer.address", entry.peer.ip().to_string()),
    ];
    let mut tell =
        |name: &'static str, value: Option<Value>| told.extend(value.map(|value| KeyValue::new(name, value)));
    let text = |text: &str| Value::from(text.to_owned());
    let number = |number: usize| Value::from(i64::try_from(number).unwrap_or(i64::MAX));
    tell("client.address", entry.source.map(|source| Value::from(source.to_string())));
    tell("http.response.status_code", entry.status.map(|status| Value::from(i64::from(status))));
    tell("error.type", entry.code.as_deref().map(text));
    tell("ramgate.generation", entry.generation.map(|number| Value::from(i64::try_from(number).unwrap_or(i64::MAX))));
    tell("http.request.body.size", entry.bytes_in.map(number));
    tell("http.response.body.size", entry.bytes_out.map(number));
    if entry.principal.is_none() {
        return told;
    }
    tell("ramgate.principal", entry.principal.as_deref().map(text));
    tell("ramgate.product", entry.product.as_deref().map(text));
    tell("ramgate.version", entry.version.as_deref().map(text));
    tell("ramgate.operation", entry.operation.as_deref().map(text));
    tell("ramgate.write", entry.write.map(Value::from));
    tell("ramgate.decision", entry.decision.map(|outcome| Value::from(outcome.to_string())));
    tell("ramgate.policy_type", entry.policy_type.map(|kind| Value::from(kind.to_string())));
    tell("ramgate.policy", entry.policy.as_deref().map(text));
    tell("ramgate.statement", entry.statement.map(number));
    tell("ramgate.shadow", entry.shadow.as_deref().map(text));
    tell("ramgate.looked_up", entry.looked_up.map(number));
    let mut resources: Vec<StringValue> = Vec::new();
    for check in &entry.checks {
        if resources.len() < MOST_RESOURCES && !resources.iter().any(|known| known.as_str() == check.resource) {
            resources.push(check.resource.to_string().into());
        }
    }
    tell("ramgate.resources", (!resources.is_empty()).then_some(Value::Array(Array::String(resources))));
    told
}

/// What is told of the upstream's answer.
fn upstream(entry: &Entry<'_>) -> Vec<KeyValue> {
    let status = entry.upstream_status.map(|status| KeyValue::new("http.response.status_code", i64::from(status)));
    let id = entry.upstream_request_id.as_deref().map(|id| KeyValue::new("ramgate.upstream_request_id", id.to_owned()));
    status.into_iter().chain(id).collect()
}
