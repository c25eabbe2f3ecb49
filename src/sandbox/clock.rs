//! What time the sandbox believes it is.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

/// Where the sandbox takes the time from.
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock that stands still until it is set; the demo and tests move migrations on with it.
///
/// It keeps whole milliseconds.
#[derive(Debug)]
pub struct SettableClock {
    milliseconds: AtomicI64,
}

impl SettableClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self { milliseconds: AtomicI64::new(now.as_millisecond()) }
    }

    /// Makes the clock show `now`.
    pub fn set(&self, now: Timestamp) {
        self.milliseconds.store(now.as_millisecond(), Ordering::SeqCst);
    }

    /// Moves the clock on by `duration`.
    pub fn advance(&self, duration: std::time::Duration) {
        let step = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let latest = Timestamp::MAX.as_millisecond();
        let moved = |now: i64| Some(now.saturating_add(step).min(latest));
        // The closure always gives a value, so the update cannot be refused.
        let _ = self.milliseconds.fetch_update(Ordering::SeqCst, Ordering::SeqCst, moved);
    }
}

impl Clock for SettableClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.milliseconds.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX)
    }
}

impl<T: Clock + ?Sized> Clock for std::sync::Arc<T> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}
