//! The thread that sends spans to a collector.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use hyper_rustls::HttpsConnectorBuilder;
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_otlp::{Protocol, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanExporter;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::{Counters, Traced};
use crate::gateway::config;
use crate::gateway::tls::{self, TlsError};

/// How long spans gather, so that many are sent at once and no call wakes this thread.
const GATHER: Duration = Duration::from_millis(200);

/// Calls whose spans are sent in one request.
const BATCH: usize = 256;

/// How long the collector has for one request, repetitions included.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long all that is left has when a gate ends.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Why spans cannot be sent anywhere.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotTraced {
    /// The authorities that are to be trusted.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// What the configuration and the variables of the environment (`OTEL_…`) come to.
    #[error("spans cannot be sent to `{endpoint}`: {reason}")]
    Exporter {
        /// The collector.
        endpoint: String,
        /// Why.
        reason: String,
    },
    /// No thread for it.
    #[error("the thread that sends spans cannot be started: {0}")]
    Thread(#[from] io::Error),
}

/// Starts the thread. It ends after `stop`.
pub(super) fn start(
    config: &config::Traces,
    waiting: mpsc::Receiver<Traced>,
    counters: Arc<Counters>,
    stop: CancellationToken,
) -> Result<JoinHandle<()>, NotTraced> {
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls::client(config.ca.as_deref())?)
        .https_or_http()
        .enable_http1()
        .build();
    let mut exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_http_client(HyperClient::new(connector, PATIENCE, None))
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(&config.endpoint)
        .with_timeout(PATIENCE)
        .build()
        .map_err(|error| NotTraced::Exporter { endpoint: config.endpoint.clone(), reason: error.to_string() })?;
    exporter.set_resource(&Resource::builder().with_service_name(config.service.clone()).build());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut sender = Sender { exporter, waiting, counters, endpoint: config.endpoint.clone(), failing: false };
    let thread = std::thread::Builder::new().name("traces".to_owned());
    Ok(thread.spawn(move || runtime.block_on(sender.run(stop)))?)
}

struct Sender {
    exporter: opentelemetry_otlp::SpanExporter,
    waiting: mpsc::Receiver<Traced>,
    counters: Arc<Counters>,
    endpoint: String,
    /// Whether the last request failed.
    failing: bool,
}

impl Sender {
    async fn run(&mut self, stop: CancellationToken) {
        // It looks by itself whether something waits: whoever had to wake it would pay for that.
        while timeout(GATHER, stop.cancelled()).await.is_err() {
            self.send_what_waits(&stop).await;
        }
        self.waiting.close();
        let deadline = Instant::now() + LAST_WORDS;
        while let Some(batch) = self.batch() {
            let calls = batch.len();
            if timeout_at(deadline, self.send(batch)).await.is_err() {
                count(&self.counters.refused, calls);
            }
        }
    }

    async fn send_what_waits(&mut self, stop: &CancellationToken) {
        while !stop.is_cancelled()
            && let Some(batch) = self.batch()
        {
            let calls = batch.len();
            let counters = Arc::clone(&self.counters);
            let over = async {
                stop.cancelled().await;
                tokio::time::sleep(LAST_WORDS).await;
            };
            tokio::select! {
                () = self.send(batch) => {}
                () = over => count(&counters.refused, calls),
            }
        }
    }

    fn batch(&mut self) -> Option<Vec<Traced>> {
        let batch: Vec<Traced> = std::iter::from_fn(|| self.waiting.try_recv().ok()).take(BATCH).collect();
        (!batch.is_empty()).then_some(batch)
    }

    async fn send(&mut self, batch: Vec<Traced>) {
        let calls = batch.len();
        let spans = batch.into_iter().flat_map(Traced::spans).collect();
        match self.exporter.export(spans).await {
            Ok(()) => {
                count(&self.counters.sent, calls);
                if std::mem::take(&mut self.failing) {
                    tracing::info!(endpoint = self.endpoint, "spans are sent again");
                }
            }
            Err(error) => {
                count(&self.counters.refused, calls);
                // Once, and not for every batch.
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::warn!(endpoint = self.endpoint, %error, "spans are not taken, and are dropped");
                }
            }
        }
    }
}

fn count(counter: &AtomicU64, calls: usize) {
    counter.fetch_add(u64::try_from(calls).unwrap_or(u64::MAX), Ordering::Relaxed);
}
