//! What there is to know of a gate that serves, for whoever looks after it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

use super::config::Config;
use super::lookup::Lookups;
use super::metrics::Readings;
use super::reload::Reloaded;
use super::service::Service;
use crate::report::Finding;

/// How many reloads may be asked for before the first is done.
const WAITING_RELOADS: usize = 8;

/// A gate that serves, from outside.
#[derive(Debug)]
pub(super) struct State {
    service: Arc<Service>,
    config: ArcSwap<Config>,
    since: Mutex<Since>,
    draining: AtomicBool,
    dropped: [AtomicU64; 2],
    asked: mpsc::Sender<ReloadAsked>,
}

/// Since when it is as it is.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Since {
    /// When the snapshot in force was put in force.
    pub(super) in_force_since: Timestamp,
    /// The last reload; none was tried where it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_reload: Option<LastReload>,
}

/// What the last reload came to.
#[derive(Debug, Clone, Serialize)]
pub(super) struct LastReload {
    /// When it was over.
    pub(super) at: Timestamp,
    #[serde(flatten)]
    pub(super) outcome: ReloadOutcome,
}

/// What a reload came to, as others are told of it.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub(super) enum ReloadOutcome {
    /// The new set is in force.
    Applied {
        /// Its number.
        generation: u64,
        /// Warnings and notes.
        findings: Vec<Finding>,
    },
    /// What was in force stays.
    Refused {
        /// Every mistake.
        findings: Vec<Finding>,
    },
}

impl ReloadOutcome {
    fn of(outcome: &Result<Reloaded, Vec<Finding>>) -> Self {
        match outcome {
            Ok(Reloaded { generation, findings, .. }) => {
                Self::Applied { generation: *generation, findings: findings.clone() }
            }
            Err(findings) => Self::Refused { findings: findings.clone() },
        }
    }

    pub(super) fn applied(&self) -> bool {
        matches!(self, Self::Applied { .. })
    }
}

/// Somebody who asks for a reload over the admin listener and waits for what it comes to.
#[derive(Debug)]
pub struct ReloadAsked {
    answer: oneshot::Sender<ReloadOutcome>,
}

impl ReloadAsked {
    /// Says what it came to.
    pub fn answer(self, outcome: &Result<Reloaded, Vec<Finding>>) {
        // Nobody may be waiting any more.
        let _ = self.answer.send(ReloadOutcome::of(outcome));
    }
}

impl State {
    /// The state of a gate that has just begun to serve, and the reloads that are asked for.
    pub(super) fn new(service: Arc<Service>, config: Config) -> (Self, mpsc::Receiver<ReloadAsked>) {
        let (asked, asks) = mpsc::channel(WAITING_RELOADS);
        let state = Self {
            service,
            config: ArcSwap::from_pointee(config),
            since: Mutex::new(Since { in_force_since: Timestamp::now(), last_reload: None }),
            draining: AtomicBool::new(false),
            dropped: Default::default(),
            asked,
        };
        (state, asks)
    }

    pub(super) fn service(&self) -> &Service {
        &self.service
    }

    /// The configuration that is in force: what takes a restart is as it was at the start.
    pub(super) fn config(&self) -> Arc<Config> {
        self.config.load_full()
    }

    pub(super) fn since(&self) -> Since {
        self.since.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// From now on no further calls are taken.
    pub(super) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// How many events and lines of the log were dropped so far.
    pub(super) fn dropped(&self, events: u64, lines: u64) {
        for (counter, count) in self.dropped.iter().zip([events, lines]) {
            counter.store(count, Ordering::Relaxed);
        }
    }

    /// The configuration that a reload put in force.
    pub(super) fn configured(&self, config: Config) {
        self.config.store(Arc::new(config));
    }

    /// What a reload came to.
    pub(super) fn reloaded(&self, outcome: &Result<Reloaded, Vec<Finding>>) {
        let outcome = ReloadOutcome::of(outcome);
        self.service.metrics().reloaded(outcome.applied());
        let at = Timestamp::now();
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        if outcome.applied() {
            since.in_force_since = at;
        }
        since.last_reload = Some(LastReload { at, outcome });
    }

    /// Asks for a reload; `None` where as many as may wait are waiting already.
    pub(super) fn ask_for_reload(&self) -> Option<oneshot::Receiver<ReloadOutcome>> {
        let (answer, answered) = oneshot::channel();
        self.asked.try_send(ReloadAsked { answer }).ok()?;
        Some(answered)
    }

    pub(super) fn readings(&self) -> Readings {
        let since = self.since();
        let pipeline = self.service.pipeline();
        let snapshot = pipeline.snapshot();
        let [events, lines] = self.dropped.each_ref().map(|count| count.load(Ordering::Relaxed));
        Readings {
            calls: self.service.calls(),
            generation: snapshot.generation,
            reloaded: since.in_force_since.as_second(),
            reload_applied: since.last_reload.is_none_or(|last| last.outcome.applied()),
            draining: self.draining(),
            comparisons: snapshot.comparisons().unwrap_or_default(),
            lookups: snapshot.lookups.as_ref().map(Lookups::counts),
            traces: self.service.traces().map(|traces| traces.counts()),
            nonces: pipeline.nonces().remembered(),
            upstreams: snapshot.upstream_states(),
            dropped: (events, lines),
        }
    }
}
