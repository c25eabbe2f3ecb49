//! Leaving an endpoint alone that fails: calls are refused at once in place of waiting for it one by one.
//!
//! A circuit is *closed* while calls go through, and *open* once too many in a row failed. After a while one real call is
//! let through to see whether the endpoint is there again; meanwhile it is *half-open*.
//!
//! What counts is that there was no connection, or no whole answer in time. An answer of the API does not, whatever it
//! says. A caller may have a way to make a call that takes too long, so that of the failures that come after a call was
//! sent, those of one caller count for no more than half of what opens the circuit: none can close a gate to others.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::gateway::config;

/// The circuit of one endpoint.
#[derive(Debug)]
pub(in crate::gateway) struct Circuit {
    endpoint: config::Endpoint,
    settings: config::Circuit,
    /// Closed, and no failure since the last success: what nearly every call finds.
    untroubled: AtomicBool,
    state: Mutex<State>,
    openings: AtomicU64,
}

#[derive(Debug)]
enum State {
    Closed(Failures),
    /// Left alone since then.
    Open(Instant),
    /// A call is let through since then to see how it is.
    Probed(Instant),
}

/// Failures in a row.
#[derive(Debug, Default)]
struct Failures {
    counted: u32,
    /// Those after which an upstream may have acted, by the caller.
    of_callers: HashMap<u64, u32>,
}

/// What a circuit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::gateway) enum CircuitState {
    /// Calls go through.
    Closed,
    /// One call is under way to see whether others may go through.
    HalfOpen,
    /// No call goes through.
    Open,
}

/// How a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// There was no connection: nothing that a caller does brings that about.
    Unreachable,
    /// No whole answer came.
    Unanswered,
}

/// A call that is refused, and after how long another may go through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shed {
    pub(super) wait: Duration,
}

/// A call that goes through. Dropped without a word on how it went, it leaves things as they are.
#[derive(Debug)]
pub(in crate::gateway) struct Ticket {
    circuit: Arc<Circuit>,
    caller: Option<u64>,
    /// Since when it is the call that is to show how the endpoint is.
    probe: Option<Instant>,
}

impl Circuit {
    pub(in crate::gateway) fn new(endpoint: &config::Endpoint, settings: config::Circuit) -> Arc<Self> {
        Arc::new(Self {
            endpoint: endpoint.clone(),
            settings,
            untroubled: AtomicBool::new(true),
            state: Mutex::new(State::Closed(Failures::default())),
            openings: AtomicU64::new(0),
        })
    }

    /// Whether it stands for the same endpoint, by the same settings.
    pub(in crate::gateway) fn is_as(&self, other: &Self) -> bool {
        self.endpoint == other.endpoint && self.settings == other.settings
    }

    /// What it is.
    pub(in crate::gateway) fn state(&self) -> CircuitState {
        match *self.lock() {
            State::Closed(_) => CircuitState::Closed,
            State::Probed(_) => CircuitState::HalfOpen,
            State::Open(_) => CircuitState::Open,
        }
    }

    /// How often it opened.
    pub(in crate::gateway) fn openings(&self) -> u64 {
        self.openings.load(Ordering::Relaxed)
    }

    /// Lets a call through, or says after how long it may be tried again. `caller` tells callers apart; the gate's own
    /// calls have none, and only a missing connection counts of them.
    pub(super) fn admit(self: &Arc<Self>, caller: Option<u64>) -> Result<Ticket, Shed> {
        let ticket = |probe| Ticket { circuit: Arc::clone(self), caller, probe };
        if self.untroubled.load(Ordering::Acquire) {
            return Ok(ticket(None));
        }
        let now = Instant::now();
        let mut state = self.lock();
        match *state {
            State::Closed(_) => Ok(ticket(None)),
            // A probe that takes long may be a call that always does: after a while another one is let through.
            State::Open(since) | State::Probed(since) => {
                let wait = self.settings.open_for.saturating_sub(now.duration_since(since));
                if !wait.is_zero() {
                    return Err(Shed { wait });
                }
                *state = State::Probed(now);
                Ok(ticket(Some(now)))
            }
        }
    }

    fn succeeded(&self, probe: bool) {
        if self.untroubled.load(Ordering::Acquire) {
            return;
        }
        let mut state = self.lock();
        match *state {
            State::Closed(_) => {}
            State::Open(_) | State::Probed(_) if probe => {
                tracing::info!(upstream = %self.endpoint.authority, "the upstream answers again: calls go through");
            }
            // What was sent before the circuit opened tells nothing of now.
            State::Open(_) | State::Probed(_) => return,
        }
        *state = State::Closed(Failures::default());
        self.untroubled.store(true, Ordering::Release);
    }

    fn failed(&self, failure: Failure, caller: Option<u64>, probe: bool) {
        let Some(enough) = self.settings.failures else { return };
        let mut state = self.lock();
        match &mut *state {
            State::Closed(failures) => {
                self.untroubled.store(false, Ordering::Release);
                failures.count(failure, caller, enough);
                if failures.counted < enough {
                    return;
                }
            }
            State::Open(_) | State::Probed(_) if !probe => return,
            State::Open(_) | State::Probed(_) => {}
        }
        *state = State::Open(Instant::now());
        self.openings.fetch_add(1, Ordering::Relaxed);
        let seconds = self.settings.open_for.as_secs();
        tracing::warn!(
            upstream = %self.endpoint.authority, seconds,
            "the upstream fails: calls are refused at once until one that is tried then succeeds"
        );
    }

    /// A call that was to show how the endpoint is ended without showing it: the next one may.
    fn left_open(&self, probe: Instant) {
        let mut state = self.lock();
        if matches!(*state, State::Probed(since) if since == probe) {
            *state = State::Open(probe.checked_sub(self.settings.open_for).unwrap_or(probe));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Failures {
    fn count(&mut self, failure: Failure, caller: Option<u64>, enough: u32) {
        if let (Failure::Unanswered, Some(caller)) = (failure, caller) {
            let most = enough.div_ceil(2).min(enough.saturating_sub(1));
            let of_caller = self.of_callers.entry(caller).or_default();
            if *of_caller >= most {
                return;
            }
            *of_caller += 1;
        }
        self.counted = self.counted.saturating_add(1);
    }
}

impl Ticket {
    /// A whole answer came.
    pub(super) fn succeeded(mut self) {
        self.circuit.succeeded(self.probe.take().is_some());
    }

    /// None came.
    pub(super) fn failed(mut self, failure: Failure) {
        // What the gate itself asks, callers bring about, and nobody knows which.
        if failure == Failure::Unanswered && self.caller.is_none() {
            return;
        }
        self.circuit.failed(failure, self.caller, self.probe.take().is_some());
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(probe) = self.probe {
            self.circuit.left_open(probe);
        }
    }
}

#[cfg(test)]
mod tests;
