//! What a serving command writes about its work, on standard error. Records of calls are not among it.

use std::io::{IsTerminal, stderr};

use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use super::output;

/// The environment variable that says what is logged, as in `ramgate=debug,hyper=info`.
const FILTER: &str = "RAMGATE_LOG";

/// Writes until it is dropped; then what is waiting is written out.
pub(super) struct Logging {
    lines: ErrorCounter,
    _guard: WorkerGuard,
}

impl Logging {
    /// Begins to write. No call ever waits for it: a line for which a reader is too slow is dropped, and counted.
    pub(super) fn start() -> Self {
        let (lines, guard) = NonBlockingBuilder::default().thread_name("log").lossy(true).finish(stderr());
        let counter = lines.error_counter();
        let wanted = wanted(std::env::var(FILTER).unwrap_or_default());
        let lines = tracing_subscriber::fmt::layer()
            .with_ansi(stderr().is_terminal())
            .with_writer(lines)
            .with_filter(filter_fn(|metadata| !is_unsafe(metadata)))
            .with_filter(wanted);
        tracing_subscriber::registry().with(lines).init();
        Self { lines: counter, _guard: guard }
    }

    /// How many lines were dropped so far.
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
