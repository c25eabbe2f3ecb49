//! The gate: a reverse proxy that lets through what RAM policies allow.
//!
//! [`Opened::read`] reads a configuration and everything it names into a [`Snapshot`], and [`Gate::serve`] binds the
//! listeners and serves by it until [another](Gate::reload) is put in force.
//! `pipeline.rs` has the way of a call; `respond.rs` is where every refusal becomes an answer that SDKs can read, and
//! every call leaves one [record](audit::Entry).

mod admin;
pub mod audit;
mod candidate;
mod client_certificate;
pub mod config;
pub mod context;
mod credentials;
mod heads;
mod http2;
mod inherited;
mod lifetime;
mod listener;
mod lookup;
mod metrics;
mod origin;
mod pipeline;
mod places;
pub mod proxy_protocol;
mod rates;
mod record;
mod refusal;
mod reload;
mod respond;
mod seen_through;
mod service;
mod shadow;
mod snapshot;
mod state;
pub mod tls;
mod traces;
mod upstream;
mod workers;

use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

pub use candidate::Comparisons;
pub use client_certificate::{CertificateMismatch, ClientCertificate};
pub use context::supply;
pub use heads::HeadError;
pub use inherited::Inherited;
pub use listener::Connection;
pub use lookup::{Failure, LookupError};
pub use origin::{Origin, OriginError};
pub use pipeline::{Outbound, Permitted, Pipeline, Received};
pub use record::Record;
pub use refusal::{Denial, Refusal};
pub use reload::{Opened, Reloaded, Watch};
pub use shadow::Mode;
pub use snapshot::{Loaded, Snapshot, check};
pub use state::ReloadAsked;
pub use traces::NotTraced;
pub use upstream::UpstreamError;

use crate::authn::{JournalError, NonceMemory};
use admin::SocketFile;
use audit::Log;
use config::{AdminPlace, Config};
use listener::Bound;
use places::Places;
use service::Service;
use state::State;
use tls::{Certificate, TlsError};
use traces::{Sending, Traces};
use workers::Workers;

/// A gate that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GatewayError {
    /// An address cannot be listened on.
    #[error("{address} cannot be listened on: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The admin listener cannot be had.
    #[error("the admin listener cannot listen on {place}: {source}")]
    Admin {
        /// Its address, or the path of its socket.
        place: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A socket was passed on that no listener asks for.
    #[error("a socket for {place} was passed on, and no listener of the configuration has exactly that place")]
    Unclaimed {
        /// Its address or path.
        place: String,
    },
    /// A certificate or key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The system has no threads for it.
    #[error("the workers cannot be started: {0}")]
    Workers(#[source] std::io::Error),
    /// Spans cannot be sent anywhere.
    #[error(transparent)]
    Traces(#[from] NotTraced),
    /// The journal of nonces cannot be used.
    #[error("the journal of nonces cannot be used: {0}")]
    Journal(#[source] JournalError),
}

/// How long a gate waits for the first credentials of sources that it begins with.
const FIRST_CREDENTIALS: Duration = Duration::from_secs(15);

/// How a gate ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    /// Every call under way was answered and recorded.
    Whole,
    /// The time for it was over before.
    CutShort,
}

/// A gate that is being served. Dropped, it stops accepting.
#[derive(Debug)]
pub struct Gate {
    addresses: Vec<SocketAddr>,
    service: Arc<Service>,
    listeners: TaskTracker,
    connections: TaskTracker,
    stop: DropGuard,
    drain_timeout: Duration,
    certificates: Vec<Arc<Certificate>>,
    config: Config,
    state: Arc<State>,
    asked: Mutex<mpsc::Receiver<ReloadAsked>>,
    admin: Option<Looked>,
    workers: Arc<Workers>,
    sending: Option<Sending>,
}

/// How a gate is looked after. Dropped, it is no more.
#[derive(Debug)]
struct Looked {
    place: AdminPlace,
    tls: Option<Arc<Certificate>>,
    _file: Option<SocketFile>,
    _stop: DropGuard,
}

impl Gate {
    /// Serves by `snapshot`, on the listeners and within the limits of `config`, with calls on record in `log`,
    /// which stays open when the gate ends.
    ///
    /// # Errors
    /// [`GatewayError`] where a listener or the journal of nonces cannot be had.
    pub async fn serve(config: &Config, snapshot: Snapshot, log: Log) -> Result<Self, GatewayError> {
        Self::serve_on(Inherited::default(), config, snapshot, log).await
    }

    /// As [`serve`](Self::serve), with the sockets that the process was started with: each must be that of a listener,
    /// and what is not among them is bound.
    ///
    /// # Errors
    /// As [`serve`](Self::serve), and where a socket is no listener's.
    pub async fn serve_on(
        mut inherited: Inherited,
        config: &Config,
        snapshot: Snapshot,
        log: Log,
    ) -> Result<Self, GatewayError> {
        let mut bound = Vec::with_capacity(config.listeners.len());
        for listener in &config.listeners {
            bound.push(Bound::new(listener, &mut inherited).await?);
        }
        let admin = config.admin.as_ref().map(|admin| admin::Bound::new(admin, &mut inherited)).transpose()?;
        if let Some(place) = inherited.unclaimed() {
            return Err(GatewayError::Unclaimed { place });
        }
        let nonces = match &config.nonce_journal {
            Some(path) => NonceMemory::open(path, Timestamp::now()).map_err(GatewayError::Journal)?,
            None => NonceMemory::in_memory(),
        };
        // Calls that come before would be refused. Without one it is served all the same: STS may be back in a moment.
        for finding in snapshot.obtain_credentials(FIRST_CREDENTIALS).await {
            tracing::error!("{}", finding.message);
        }
        let pipeline = Pipeline::new(snapshot, nonces.with_share(config.limits.nonces_per_key));
        let (traces, sending) = config.traces.as_ref().map(Traces::begin).transpose()?.unzip();
        let service = Arc::new(Service::new(pipeline, &config.limits, log, traces));
        let workers = config.workers.unwrap_or_else(|| available_parallelism().map_or(1, NonZero::get));
        let workers = Arc::new(Workers::start(workers).map_err(GatewayError::Workers)?);
        let stop = CancellationToken::new();
        let (state, asked) = State::new(Arc::clone(&service), config.clone());
        let state = Arc::new(state);
        let admin = admin.map(|admin| Looked::begin(admin, &state)).transpose()?;
        let gate = Self {
            addresses: bound.iter().map(Bound::address).collect(),
            service,
            listeners: TaskTracker::new(),
            connections: TaskTracker::new(),
            stop: stop.clone().drop_guard(),
            drain_timeout: config.limits.drain_timeout,
            certificates: bound.iter().filter_map(Bound::certificate).cloned().collect(),
            config: config.clone(),
            state,
            asked: Mutex::new(asked),
            admin,
            workers,
            sending,
        };
        let places = Places::new(config.limits.connections);
        for bound in bound {
            let (service, places) = (Arc::clone(&gate.service), Arc::clone(&places));
            let (workers, connections) = (Arc::clone(&gate.workers), gate.connections.clone());
            gate.listeners.spawn(bound.run(service, workers, places, connections, stop.clone()));
        }
        Ok(gate)
    }

    /// The addresses that are listened on, in the order of the configuration.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// What is in force.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.service.pipeline().snapshot()
    }

    /// Where the gate is looked after.
    #[must_use]
    pub fn admin(&self) -> Option<&AdminPlace> {
        self.admin.as_ref().map(|admin| &admin.place)
    }

    /// The next reload that somebody asks for over the admin listener; it never comes where there is none. Whoever
    /// waits for it [reloads](Self::reload) and [answers](ReloadAsked::answer).
    pub async fn reload_asked(&self) -> ReloadAsked {
        match self.asked.lock().await.recv().await {
            Some(asked) => asked,
            None => std::future::pending().await,
        }
    }

    /// Where calls are put on record.
    #[must_use]
    pub fn log(&self) -> &Log {
        self.service.log()
    }

    /// Tells the metrics how many records, and how many lines of the log, were dropped so far.
    pub fn dropped(&self, events: u64, lines: u64) {
        self.state.dropped(events, lines);
    }

    /// Stops accepting, lets calls under way be answered and recorded within the configured time, and returns.
    pub async fn shutdown(self) -> Drained {
        self.state.drain();
        drop(self.stop);
        self.listeners.close();
        let drained = tokio::time::timeout(self.drain_timeout, async {
            self.listeners.wait().await;
            self.connections.close();
            self.connections.wait().await;
            self.service.finish().await;
        });
        let drained = drained.await;
        if let Some(workers) = Arc::into_inner(self.workers) {
            workers.end().await;
        }
        if let Some(sending) = self.sending {
            sending.end().await;
        }
        // Only now: until the end it can be asked how far it is.
        drop(self.admin);
        if drained.is_ok() { Drained::Whole } else { Drained::CutShort }
    }
}

impl Looked {
    fn begin(mut admin: admin::Bound, state: &Arc<State>) -> Result<Self, GatewayError> {
        let stop = CancellationToken::new();
        let (place, tls, file) = (admin.place().clone(), admin.tls().cloned(), admin.file());
        admin.run(Arc::clone(state), stop.clone())?;
        Ok(Self { place, tls, _file: file, _stop: stop.drop_guard() })
    }
}
