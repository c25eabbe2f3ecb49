//! The records of every gate in this process, and everything that is logged in it.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use ramgate::gateway::audit::{Entry, Log, Output, Unwritten};
use ramgate::gateway::config::Audit;
use serde_json::Value;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

static LOGGED: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static RECORDED: Mutex<Vec<u8>> = Mutex::new(Vec::new());
/// Every record, read, and the log that it was put into.
static EVENTS: Mutex<Vec<(LogId, Value)>> = Mutex::new(Vec::new());
static LOGS: AtomicUsize = AtomicUsize::new(0);
static BEGIN: Once = Once::new();

#[derive(Clone, Copy)]
struct Memory(&'static Mutex<Vec<u8>>);

impl Memory {
    fn text(self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Memory {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        *self
    }
}

/// Begins to keep everything that is logged, down to the last detail; of h2 as much as the gate ever logs.
pub fn begin() {
    BEGIN.call_once(|| {
        let detail = Targets::new().with_default(LevelFilter::TRACE).with_target("h2", LevelFilter::WARN);
        let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(Memory(&LOGGED));
        tracing_subscriber::registry().with(lines.with_filter(detail)).init();
    });
}

/// Tells the records of one log from those of others: gates whose ports differ have callers whose ports do not.
#[derive(Clone, Copy, PartialEq)]
pub struct LogId(usize);

/// An output whose records are kept here. Every one of them is as its type says.
struct Kept(LogId);

impl Output for Kept {
    fn write(&mut self, lines: &[u8]) -> Result<(), Unwritten> {
        RECORDED.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(lines);
        let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let records = lines.map(|line| {
            let record: Value = serde_json::from_slice(line).unwrap();
            let entry: Entry<'_> = serde_json::from_slice(line).unwrap();
            assert_eq!(serde_json::to_value(&entry).unwrap(), record);
            (self.0, record)
        });
        EVENTS.lock().unwrap_or_else(PoisonError::into_inner).extend(records);
        Ok(())
    }
}

/// A log whose records are kept here.
pub fn log(config: &Audit) -> (Log, LogId) {
    let id = LogId(LOGS.fetch_add(1, Ordering::Relaxed));
    (Log::to(Kept(id), config).unwrap(), id)
}

/// Everything that was logged and recorded so far.
pub fn written() -> String {
    Memory(&LOGGED).text() + &Memory(&RECORDED).text()
}

/// How many records there are, to tell those that come later.
pub fn mark() -> usize {
    EVENTS.lock().unwrap_or_else(PoisonError::into_inner).len()
}

/// The records of ended calls since `mark` of calls that came from `peer` to the gate of `log`, as far as they are there.
pub fn decisions_since(mark: usize, log: LogId, peer: SocketAddr) -> Vec<Value> {
    events_since(mark, |of, event| of == log && is_decision(event) && event["peer"] == peer.to_string())
}

/// The records of ended calls since `mark` of the gate of `log`, as far as they are there.
pub fn decisions_of(mark: usize, log: LogId) -> Vec<Value> {
    events_since(mark, |of, event| of == log && is_decision(event))
}

/// The records since `mark` that `wanted` picks, in order.
fn events_since(mark: usize, wanted: impl Fn(LogId, &Value) -> bool) -> Vec<Value> {
    let events = EVENTS.lock().unwrap_or_else(PoisonError::into_inner);
    events[mark..].iter().filter(|(log, event)| wanted(*log, event)).map(|(_, event)| event.clone()).collect()
}

fn is_decision(event: &Value) -> bool {
    event["kind"] == "decision"
}

/// The events of a call, in order, once its record is there.
pub fn of_call(request_id: &str) -> Vec<Value> {
    let began = Instant::now();
    loop {
        let events = events_since(0, |_, event| event["request_id"] == request_id);
        if events.iter().any(is_decision) {
            return events;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "no record of {request_id}: {events:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The events of the one call that came from `peer` to the gate of `log` since `mark`.
pub fn of_peer(mark: usize, log: LogId, peer: SocketAddr) -> Vec<Value> {
    let began = Instant::now();
    loop {
        let events = decisions_since(mark, log, peer);
        if let [event] = &events[..] {
            return of_call(event["request_id"].as_str().unwrap());
        }
        assert!(began.elapsed() < Duration::from_secs(20), "one record of {peer}: {events:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The record of a call.
pub fn decision(request_id: &str) -> Value {
    let mut events = of_call(request_id);
    events.retain(is_decision);
    assert_eq!(events.len(), 1, "one record a call");
    events.remove(0)
}
