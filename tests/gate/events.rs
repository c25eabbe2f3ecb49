//! The decision events of every gate in this process.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

static WRITTEN: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static BEGIN: Once = Once::new();

#[derive(Clone, Copy)]
struct Memory;

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        WRITTEN.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
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

/// Begins to keep everything that is logged, down to the last detail.
pub fn begin() {
    BEGIN.call_once(|| {
        tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_max_level(tracing::Level::TRACE)
            .with_writer(Memory)
            .init();
    });
}

/// Everything that was logged so far.
pub fn written() -> String {
    String::from_utf8_lossy(&WRITTEN.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
}

/// The decision and intent events that `wanted` picks, in order.
fn events(wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
    written()
        .lines()
        .filter(|line| line.contains("ramgate::decision") || line.contains("ramgate::intent"))
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(wanted)
        .collect()
}

fn is_decision(event: &Value) -> bool {
    event["target"] == "ramgate::decision"
}

/// The events of a call, in order, once its decision event is there.
pub fn of_call(request_id: &str) -> Vec<Value> {
    let began = Instant::now();
    loop {
        let events = events(|event| event["request_id"] == request_id);
        if events.iter().any(is_decision) {
            return events;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "no decision event of {request_id}: {events:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The events of the one call that came from `peer`.
pub fn of_peer(peer: SocketAddr) -> Vec<Value> {
    let began = Instant::now();
    loop {
        let events = events(|event| is_decision(event) && event["peer"] == peer.to_string());
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
