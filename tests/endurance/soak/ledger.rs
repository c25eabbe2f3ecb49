//! What became of every call, and what should not have.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::calls::{Call, Kind, explained_by};
use super::records::Records;
use super::weather::{Fault, Weather};
use super::worlds::{Moment, World, Worlds};

/// How long a call is remembered after it was sent: longer than the gate may take to forward it, and by far.
const REMEMBERED: Duration = Duration::from_secs(60);

/// Mistakes that are told in full.
const TOLD: usize = 20;

/// What a caller got of the gate.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    /// The gate's own id of the call.
    pub request_id: u128,
    /// The error code; empty for a success.
    pub code: String,
}

/// How a call ended that got no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// The connection was closed or reset before an answer, or within it.
    Closed,
    /// Nothing came for too long.
    Silence,
    /// The caller did not wait for it.
    Abandoned,
}

/// How many calls of which kind came to what.
type Outcomes = BTreeMap<(&'static str, String), u64>;

struct Sent {
    call: Call,
    arrivals: u32,
}

/// All calls.
pub struct Ledger {
    next: AtomicU64,
    sent: Mutex<HashMap<u64, Sent>>,
    outcomes: Mutex<Outcomes>,
    mistakes: Mutex<BTreeMap<&'static str, (u64, Vec<String>)>>,
    /// Calls that reached the upstream, and writes among them.
    pub arrived: AtomicU64,
    pub arrived_writes: AtomicU64,
    pub answered: AtomicU64,
    /// Requests that were sent and whose answers nobody waited for, or that got none; more of them may be on record.
    pub unanswered: AtomicU64,
    slowest: AtomicU64,
}

impl Ledger {
    pub fn new() -> Self {
        Self {
            next: AtomicU64::new(1),
            sent: Mutex::default(),
            outcomes: Mutex::default(),
            mistakes: Mutex::default(),
            arrived: AtomicU64::new(0),
            arrived_writes: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            unanswered: AtomicU64::new(0),
            slowest: AtomicU64::new(0),
        }
    }

    /// Begins a call; it has to be sent now.
    pub fn begin(&self, kind: Kind, write: bool, large: bool, moment: Moment) -> Call {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let call = Call { id, kind, write, large, moment, sent: Instant::now() };
        let mut sent = lock(&self.sent);
        if id.is_multiple_of(10_000) {
            sent.retain(|_, sent| sent.call.sent.elapsed() < REMEMBERED);
        }
        sent.insert(id, Sent { call: call.clone(), arrivals: 0 });
        call
    }

    /// The call of this id, which has reached the upstream now.
    pub fn arrives(&self, id: u64, worlds: &Worlds) -> Option<Call> {
        self.arrived.fetch_add(1, Ordering::Relaxed);
        let (call, arrivals) = {
            let mut sent = lock(&self.sent);
            let known = sent.get_mut(&id);
            let known = known.map(|sent| {
                sent.arrivals += 1;
                (sent.call.clone(), sent.arrivals)
            });
            let Some(known) = known else {
                drop(sent);
                self.mistake(
                    "wrong allow",
                    format!("call {id} reached the upstream, and is not one that was made lately"),
                );
                return None;
            };
            known
        };
        if arrivals > 1 {
            self.mistake("call forwarded twice", format!("{call:?}"));
        }
        if call.write {
            self.arrived_writes.fetch_add(1, Ordering::Relaxed);
        }
        if is_allowed(&call, worlds.now()) == Some(false) {
            self.mistake("wrong allow", format!("it reached the upstream: {call:?}"));
        }
        Some(call)
    }

    /// The answer that a call got.
    pub fn answered(&self, call: &Call, answer: &Answer, worlds: &Worlds, weather: &Weather, records: &Records) {
        self.answered.fetch_add(1, Ordering::Relaxed);
        let took = u64::try_from(call.sent.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.slowest.fetch_max(took, Ordering::Relaxed);
        let success = answer.status == 200 && answer.code.is_empty();
        let outcome = if success { "200".to_owned() } else { format!("{} {}", answer.status, answer.code) };
        self.count(call.kind.name(), outcome);
        records.answered(answer.request_id, success.then_some(call.id), self);
        let allowed = is_allowed(call, worlds.now());
        let refused_with = call.kind.refused_with();
        let right = match answer.code.as_str() {
            "" => allowed != Some(false),
            "Forbidden.RAM" => refused_with.is_none() && allowed != Some(true),
            code if refused_with == Some(code) => true,
            // Its nonce was the last that was let go.
            "InvalidTimeStamp.Expired" if call.kind == Kind::Replayed => true,
            code => explained_by(code).is_some_and(|faults| weather.explains(faults, call.sent)),
        };
        if !right {
            let mistake = match answer.code.as_str() {
                "" => "wrong allow",
                "Forbidden.RAM" => "wrong deny",
                _ => "refusal that nothing explains",
            };
            self.mistake(mistake, format!("{call:?} was answered with {answer:?} after {took} ms"));
        }
    }

    /// A call that got no answer.
    pub fn lost(&self, call: &Call, lost: Lost, weather: &Weather) {
        self.unanswered.fetch_add(1, Ordering::Relaxed);
        let outcome = match lost {
            Lost::Closed => "closed",
            Lost::Silence => "no answer",
            Lost::Abandoned => "not waited for",
        };
        self.count(call.kind.name(), outcome.to_owned());
        let explained = match lost {
            Lost::Abandoned => true,
            Lost::Closed | Lost::Silence => weather.explains(&[Fault::Descriptors], call.sent),
        };
        if !explained {
            self.mistake("call without an answer", format!("{call:?}: {outcome} after {:?}", call.sent.elapsed()));
        }
    }

    pub fn count(&self, kind: &'static str, outcome: String) {
        *lock(&self.outcomes).entry((kind, outcome)).or_default() += 1;
    }

    pub fn mistake(&self, mistake: &'static str, what: String) {
        let mut mistakes = lock(&self.mistakes);
        let (count, told) = mistakes.entry(mistake).or_default();
        *count += 1;
        if told.len() < TOLD {
            told.push(what);
        }
    }

    pub fn outcomes(&self) -> Outcomes {
        lock(&self.outcomes).clone()
    }

    pub fn mistakes(&self) -> BTreeMap<&'static str, (u64, Vec<String>)> {
        lock(&self.mistakes).clone()
    }

    /// How long the slowest answer took.
    pub fn slowest(&self) -> Duration {
        Duration::from_millis(self.slowest.load(Ordering::Relaxed))
    }
}

/// Whether the world in force allows the call; nothing where it was changed since the call was sent.
fn is_allowed(call: &Call, now: Moment) -> Option<bool> {
    let [first, second] = [World::First, World::Second].map(|world| call.kind.is_allowed_by(world));
    if first == second {
        return Some(first);
    }
    let world = call.moment.world().filter(|_| call.moment == now)?;
    Some(call.kind.is_allowed_by(world))
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
