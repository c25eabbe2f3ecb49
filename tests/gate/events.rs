//! The decision events of every gate in this process.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

static WRITTEN: Mutex<Vec<u8>> = Mutex::new(Vec::new());
/// Its decision and intent events, read.
static EVENTS: Mutex<Vec<Value>> = Mutex::new(Vec::new());
static BEGIN: Once = Once::new();

#[derive(Clone, Copy)]
struct Memory;

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        WRITTEN.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        // One event is written at a time.
        let line = std::str::from_utf8(bytes).ok().filter(|line| line.contains("\"ramgate::"));
        let event = line.and_then(|line| serde_json::from_str::<Value>(line).ok());
        if let Some(event) = event.filter(|event| is_decision(event) || event["target"] == "ramgate::intent") {
            EVENTS.lock().unwrap_or_else(PoisonError::into_inner).push(event);
        }
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
        let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(Memory);
        tracing_subscriber::registry().with(lines.with_filter(detail)).init();
    });
}

/// Everything that was logged so far.
pub fn written() -> String {
    String::from_utf8_lossy(&WRITTEN.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
}

/// How many events there are, to tell those that come later.
pub fn mark() -> usize {
    EVENTS.lock().unwrap_or_else(PoisonError::into_inner).len()
}

/// The decision events since `mark` of calls that came from `peer`, as far as they are there.
pub fn decisions_since(mark: usize, peer: SocketAddr) -> Vec<Value> {
    events_since(mark, |event| is_decision(event) && event["peer"] == peer.to_string())
}

/// The decision and intent events since `mark` that `wanted` picks, in order.
fn events_since(mark: usize, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
    let events = EVENTS.lock().unwrap_or_else(PoisonError::into_inner);
    events[mark..].iter().filter(|event| wanted(event)).cloned().collect()
}

fn is_decision(event: &Value) -> bool {
    event["target"] == "ramgate::decision"
}

/// The events of a call, in order, once its decision event is there.
pub fn of_call(request_id: &str) -> Vec<Value> {
    let began = Instant::now();
    loop {
        let events = events_since(0, |event| event["request_id"] == request_id);
        if events.iter().any(is_decision) {
            return events;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "no decision event of {request_id}: {events:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The events of the one call that came from `peer` since `mark`.
pub fn of_peer(mark: usize, peer: SocketAddr) -> Vec<Value> {
    let began = Instant::now();
    loop {
        let events = decisions_since(mark, peer);
        if let [event] = &events[..] {
            return of_call(event["request_id"].as_str().unwrap());
        }
        assert!(began.elapsed() < Duration::from_secs(20), "one decision event of {peer}: {events:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The decision event of a call.
pub fn decision(request_id: &str) -> Value {
    let mut events = of_call(request_id);
    events.retain(is_decision);
    assert_eq!(events.len(), 1, "one decision event a call");
    events.remove(0)
}
