//! What a serving command writes about its work: decision events on standard output, everything else on standard error.

use std::io::{IsTerminal, stderr, stdout};

use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::Registry;
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use super::output;
use crate::gateway::record;

/// The environment variable that says what is logged, as in `ramgate=debug,hyper=info`.
const FILTER: &str = "RAMGATE_LOG";

/// Writes until it is dropped; then what is waiting is written out.
pub(super) struct Logging {
    events: Option<ErrorCounter>,
    lines: ErrorCounter,
    _guards: Vec<WorkerGuard>,
}

impl Logging {
    /// Begins to write. Neither stream ever makes a call wait: a line for which a reader is too slow is dropped, and
    /// counted.
    pub(super) fn start() -> Self {
        let (events, guard) = writer(NonBlockingBuilder::default().thread_name("events"), stdout());
        let counter = events.error_counter();
        let mut logging =
            Self::with_events(tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(events));
        logging.events = Some(counter);
        logging._guards.push(guard);
        logging
    }

    /// Begins to write, with the events going to `events` in place of standard output.
    pub(super) fn with_events(events: impl Layer<Registry> + Send + Sync) -> Self {
        let (lines, guard) = writer(NonBlockingBuilder::default().thread_name("log"), stderr());
        let counter = lines.error_counter();
        let is_event =
            |metadata: &tracing::Metadata<'_>| matches!(metadata.target(), record::DECISION | record::INTENT);
        let wanted = wanted(std::env::var(FILTER).unwrap_or_default());
        let lines = tracing_subscriber::fmt::layer()
            .with_ansi(stderr().is_terminal())
            .with_writer(lines)
            .with_filter(filter_fn(move |metadata| !is_event(metadata) && !is_unsafe(metadata)))
            .with_filter(wanted);
        tracing_subscriber::registry().with(events.with_filter(filter_fn(is_event))).with(lines).init();
        Self { events: None, lines: counter, _guards: vec![guard] }
    }

    /// How many decision and intent events were dropped so far: with them, decision events equal calls (spec gate-rules
    /// G16).
    pub(super) fn dropped_events(&self) -> usize {
        self.events.as_ref().map_or(0, ErrorCounter::dropped_lines)
    }

    /// How many other lines were dropped so far.
    pub(super) fn dropped_lines(&self) -> usize {
        self.lines.dropped_lines()
    }
}

/// What h2 tells in detail of requests it refuses repeats their targets, which hold tokens and signatures in V1.
fn is_unsafe(metadata: &tracing::Metadata<'_>) -> bool {
    metadata.target().starts_with("h2") && *metadata.level() > tracing::Level::WARN
}

/// What is logged. A filter that cannot be read is told and keeps nobody from serving.
fn wanted(filter: String) -> EnvFilter {
    let usual = || EnvFilter::new("warn,ramgate=info");
    if filter.is_empty() {
        return usual();
    }
    EnvFilter::try_new(&filter).unwrap_or_else(|error| {
        output::complain(format_args!("`{FILTER}` is `{filter}`, and is passed over: {error}"));
        usual()
    })
}

fn writer(builder: NonBlockingBuilder, stream: impl std::io::Write + Send + 'static) -> (NonBlocking, WorkerGuard) {
    builder.lossy(true).finish(stream)
}
