//! The records of the demo's gate, taken where its log writes them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc;

use crate::gateway::audit::{Entry, Kind, Output, Unwritten};

/// Records that wait to be shown; what comes beyond them is counted and not shown, so that no call ever waits.
const WAITING: usize = 1024;

/// The record of a call that has ended.
pub(super) type Event = Entry<'static>;

/// Whether a record is about the call that was answered under this request id, the gate's or the upstream's own.
fn is_of(event: &Event, request_id: &str) -> bool {
    event.request_id == request_id || event.upstream_request_id.as_deref() == Some(request_id)
}

/// Hands the records of ended calls on as they are written.
pub(super) struct Tap {
    sender: mpsc::Sender<Event>,
    missed: Arc<AtomicUsize>,
}

impl Output for Tap {
    fn write(&mut self, lines: &[u8]) -> Result<(), Unwritten> {
        for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let taken = match serde_json::from_slice::<Event>(line) {
                Ok(event) if event.kind == Kind::Intent => true,
                Ok(event) => self.sender.try_send(event).is_ok(),
                Err(_) => false,
            };
            if !taken {
                self.missed.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(())
    }
}

/// The records that the tap took, in order.
pub(super) struct Events {
    receiver: mpsc::Receiver<Event>,
    passed_over: VecDeque<Event>,
    missed: Arc<AtomicUsize>,
}

/// A tap, and what it takes.
pub(super) fn tap() -> (Tap, Events) {
    let (sender, receiver) = mpsc::channel(WAITING);
    let missed = Arc::new(AtomicUsize::new(0));
    let events = Events { receiver, passed_over: VecDeque::new(), missed: Arc::clone(&missed) };
    (Tap { sender, missed }, events)
}

impl Events {
    /// Waits for the next record; `None` where there will be no more.
    pub(super) async fn next(&mut self) -> Option<Event> {
        match self.passed_over.pop_front() {
            Some(event) => Some(event),
            None => self.receiver.recv().await,
        }
    }

    /// The next record that is there already.
    pub(super) fn ready(&mut self) -> Option<Event> {
        self.passed_over.pop_front().or_else(|| self.receiver.try_recv().ok())
    }

    /// Waits for the record of the call that was answered under this request id; those before it keep their turn.
    pub(super) async fn of_call(&mut self, request_id: &str) -> Option<Event> {
        loop {
            let event = self.receiver.recv().await?;
            if is_of(&event, request_id) {
                return Some(event);
            }
            self.passed_over.push_back(event);
        }
    }

    /// How many records were not taken since this was last asked.
    pub(super) fn missed(&self) -> usize {
        self.missed.swap(0, Ordering::Relaxed)
    }
}

/// A record with these fields besides those that every record has.
#[cfg(test)]
pub(super) fn event(fields: &[(&str, serde_json::Value)]) -> Event {
    let mut record = serde_json::json!({
        "v": 1, "kind": "decision", "time": "2026-11-24T08:00:00Z", "request_id": "", "mode": "enforce",
        "peer": "127.0.0.1:5000", "source": "127.0.0.1", "secure": false,
    });
    for (name, value) in fields {
        record[*name] = value.clone();
    }
    serde_json::from_value(record).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(mut tap: Tap, ids: &[&str]) {
        let lines = ids.iter().flat_map(|id| {
            let decision = event(&[("request_id", (*id).into()), ("forwarded", true.into()), ("line", 4.into())]);
            [Event { kind: Kind::Intent, ..decision.clone() }, decision]
        });
        let lines: String = lines.map(|event| serde_json::to_string(&event).unwrap() + "\n").collect();
        tap.write(lines.as_bytes()).unwrap();
    }

    #[tokio::test]
    async fn the_event_of_a_call_is_found_and_those_before_it_keep_their_turn() {
        let (tap, mut events) = tap();
        write(tap, &["a", "b", "c"]);
        let event = events.of_call("b").await.unwrap();
        assert_eq!((event.line, event.forwarded, event.code), (Some(4), Some(true), None));
        assert_eq!(events.next().await.unwrap().request_id, "a");
        assert_eq!(events.next().await.unwrap().request_id, "c");
        assert_eq!(events.of_call("d").await, None);
    }

    #[test]
    fn more_events_than_can_wait_are_counted() {
        let (tap, mut events) = tap();
        write(tap, &vec!["x"; WAITING + 3]);
        assert_eq!((events.missed(), events.missed()), (3, 0));
        assert_eq!(std::iter::from_fn(|| events.ready()).count(), WAITING);
    }
}
