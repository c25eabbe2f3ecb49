//! The decision events of the gate, taken where it writes them.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc;
use tracing::Subscriber;
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer};

use crate::gateway::record;

/// Events that wait to be shown; what comes beyond them is counted and not shown, so that no call ever waits.
const WAITING: usize = 1024;

/// What one decision event says, by the names of its fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Event(BTreeMap<&'static str, String>);

impl Event {
    /// A field, as text.
    pub(super) fn get(&self, field: &str) -> Option<&str> {
        self.0.get(field).map(String::as_str)
    }

    /// Whether the call was passed on.
    pub(super) fn forwarded(&self) -> bool {
        self.get("forwarded") == Some("true")
    }

    /// Whether it is about the call that was answered under this request id, the gate's or the upstream's own.
    fn is_of(&self, request_id: &str) -> bool {
        [self.get("request_id"), self.get("upstream_request_id")].contains(&Some(request_id))
    }

    #[cfg(test)]
    pub(super) fn of(fields: &[(&'static str, &str)]) -> Self {
        Self(fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect())
    }
}

impl Visit for Event {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

/// Hands the decision events on as they are written.
pub(super) struct Tap {
    sender: mpsc::Sender<Event>,
    missed: Arc<AtomicUsize>,
}

impl<S: Subscriber> Layer<S> for Tap {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() != record::DECISION {
            return;
        }
        let mut taken = Event::default();
        event.record(&mut taken);
        if self.sender.try_send(taken).is_err() {
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The decision events that the tap took, in order.
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
    /// Waits for the next event; `None` where there will be no more.
    pub(super) async fn next(&mut self) -> Option<Event> {
        match self.passed_over.pop_front() {
            Some(event) => Some(event),
            None => self.receiver.recv().await,
        }
    }

    /// The next event that is there already.
    pub(super) fn ready(&mut self) -> Option<Event> {
        self.passed_over.pop_front().or_else(|| self.receiver.try_recv().ok())
    }

    /// Waits for the event of the call that was answered under this request id; those before it keep their turn.
    pub(super) async fn of_call(&mut self, request_id: &str) -> Option<Event> {
        loop {
            let event = self.receiver.recv().await?;
            if event.is_of(request_id) {
                return Some(event);
            }
            self.passed_over.push_back(event);
        }
    }

    /// How many events were not taken since this was last asked.
    pub(super) fn missed(&self) -> usize {
        self.missed.swap(0, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    fn write(tap: Tap, ids: &[&str]) {
        tracing::subscriber::with_default(tracing_subscriber::registry().with(tap), || {
            tracing::info!("something else");
            for id in ids {
                let (none, line): (Option<&str>, Option<usize>) = (None, Some(4));
                tracing::info!(target: record::DECISION, request_id = %id, forwarded = true, line, code = none, "call");
            }
        });
    }

    #[tokio::test]
    async fn the_event_of_a_call_is_found_and_those_before_it_keep_their_turn() {
        let (tap, mut events) = tap();
        write(tap, &["a", "b", "c"]);
        let event = events.of_call("b").await.unwrap();
        assert_eq!((event.get("line"), event.forwarded(), event.get("code")), (Some("4"), true, None));
        assert_eq!(events.next().await.unwrap().get("request_id"), Some("a"));
        assert_eq!(events.next().await.unwrap().get("request_id"), Some("c"));
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
