//! The queue that calls put their records into, and the thread that writes them.

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::watch;

use super::output::{self, Output, Unwritten};
use super::queue::{Dropped, Queue};
use super::{Gap, GapKind, Kind, RotatedFile, VERSION};
use crate::gateway::config::{Audit, OnFailure};

/// How long the writer lets records gather, so that many are written at once. Nothing that is waited for is held up.
const GATHER: Duration = Duration::from_millis(5);

/// How long the writer waits before it tries again what failed.
const RETRY: Duration = Duration::from_secs(1);

/// How long the intent of a write may take to be written before the write is refused.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long the log may take to write what is left when a gate ends.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Room in the queue that a call is promised before it is forwarded, so that its end can be put on record.
const PROMISED: usize = 8 * 1024;

/// Room for records that the writer keeps from one round to the next.
const KEPT: usize = 1024 * 1024;

/// How records came to their end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Everything that was taken in was written.
    Whole,
    /// The rest was dropped, and counted.
    CutShort,
}

/// Why a call cannot be put on record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unrecorded {
    /// As many records as may wait do so.
    #[error("{bytes} bytes of records wait to be written, which is `queue_bytes` of the configuration")]
    Full {
        /// The bound.
        bytes: usize,
    },
    /// The last attempt to write failed.
    #[error("the audit log cannot be written: {reason}")]
    Failing {
        /// What the system says.
        reason: Arc<str>,
    },
    /// The writer did not come to it in time.
    #[error("the audit log was not written within {} s", PATIENCE.as_secs())]
    TooSlow,
    /// The log has come to its end.
    #[error("the audit log is closed")]
    Closed,
}

/// How far the writer has come.
#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    /// Bytes of those ever taken in that need no more writing.
    written: u64,
    ended: bool,
}

#[derive(Debug)]
struct Shared {
    capacity: usize,
    on_failure: OnFailure,
    sync: bool,
    queue: Mutex<Queue>,
    wake: Condvar,
    /// Told when the writer has come further.
    further: Condvar,
    progress: watch::Sender<Progress>,
}

/// The log of a gate. Clones share it, and the last one that is dropped closes it.
#[derive(Clone)]
pub struct Log(Arc<Handle>);

struct Handle(Arc<Shared>);

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").field("dropped", &self.dropped()).finish_non_exhaustive()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.lock().closing = true;
        self.0.wake.notify_all();
    }
}

thread_local! {
    /// Where a worker formats its records.
    static LINE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Log {
    /// Begins to write where `config` says.
    ///
    /// # Errors
    /// What the system says of the file.
    pub fn open(config: &Audit) -> io::Result<Self> {
        match &config.file {
            Some(file) => Self::to(RotatedFile::open(file)?, config),
            None => Self::to(output::stdout()?, config),
        }
    }

    /// Begins to write to `output`, whatever `config` says of a file.
    ///
    /// # Errors
    /// What the system says where it has no thread for it.
    pub fn to(output: impl Output, config: &Audit) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            capacity: config.queue_bytes,
            on_failure: config.on_failure,
            sync: config.sync,
            queue: Mutex::default(),
            wake: Condvar::new(),
            further: Condvar::new(),
            progress: watch::Sender::default(),
        });
        let writer = Writer { shared: Arc::clone(&shared), output };
        std::thread::Builder::new().name("audit".to_owned()).spawn(|| writer.run())?;
        Ok(Self(Arc::new(Handle(shared))))
    }

    /// Records that were dropped so far.
    #[must_use]
    pub fn dropped(&self) -> Dropped {
        self.0.0.lock().dropped
    }

    /// Why nothing can be written just now, where that is so.
    #[must_use]
    pub fn failing(&self) -> Option<Arc<str>> {
        self.0.0.lock().failing.clone()
    }

    /// Has the writer open its file anew, so that one that was renamed by others is let go.
    pub fn reopen(&self) {
        self.0.0.lock().reopen = true;
        self.0.0.wake.notify_all();
    }

    /// Waits until everything that was taken in is written, for a bounded time; whether it is.
    pub fn flush(&self) -> bool {
        let shared = &self.0.0;
        let mut queue = shared.lock();
        let end = queue.end;
        queue.urgent = true;
        shared.wake.notify_all();
        let until = Instant::now() + LAST_WORDS;
        while !queue.ended && shared.progress.borrow().written < end {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            (queue, _) = shared.further.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner);
        }
        drop(queue);
        shared.progress.borrow().written >= end
    }

    /// Waits until what is left is written, for a bounded time. What comes after it is dropped, and counted. Whoever
    /// opened the log closes it, once no gate uses it any more.
    pub fn close(&self) -> Ended {
        let shared = &self.0.0;
        let mut queue = shared.lock();
        queue.closing = true;
        shared.wake.notify_all();
        let until = Instant::now() + LAST_WORDS;
        while !queue.ended {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                queue.ended = true;
                queue.give_up();
                break;
            }
            (queue, _) = shared.further.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner);
        }
        if queue.dropped.is_none() { Ended::Whole } else { Ended::CutShort }
    }

    /// Asks whether a call other than a write may be forwarded.
    ///
    /// # Errors
    /// [`Unrecorded`]: it must not be.
    pub(in crate::gateway) fn admit(&self) -> Result<Intended, Unrecorded> {
        let shared = &self.0.0;
        let promise = match shared.on_failure {
            OnFailure::Refuse => shared.promise(0)?,
            OnFailure::RefuseWrites | OnFailure::Drop => Promise::none(),
        };
        Ok(Intended { promise, waiting: None })
    }

    /// Takes in the intent of a write that is about to be forwarded. It must not be before [`Intended::written`].
    ///
    /// # Errors
    /// [`Unrecorded`]: the write must not be forwarded.
    pub(in crate::gateway) fn intend(&self, record: &impl Serialize) -> Result<Intended, Unrecorded> {
        let shared = &self.0.0;
        if shared.on_failure == OnFailure::Drop {
            self.submit(Kind::Intent, record, Promise::none());
            return Ok(Intended { promise: Promise::none(), waiting: None });
        }
        formatted(record, |line| {
            let promise = shared.promise(line.len())?;
            let mut queue = shared.lock();
            queue.push(Kind::Intent, line);
            queue.urgent = true;
            let end = queue.end;
            drop(queue);
            shared.wake.notify_all();
            Ok(Intended { promise, waiting: Some((Arc::clone(shared), end)) })
        })
    }

    /// Takes a record in, or drops it and counts it.
    pub(in crate::gateway) fn submit(&self, kind: Kind, record: &impl Serialize, promise: Promise) {
        let shared = &self.0.0;
        let promised = promise.0.is_some();
        // The room that was promised is this record's now.
        drop(promise);
        formatted(record, |line| {
            let mut queue = shared.lock();
            let room = promised || queue.has_room(line.len(), shared.capacity);
            if line.is_empty() || !room || queue.closing {
                queue.drop_one(kind);
                return;
            }
            let idle = queue.lines.is_empty();
            queue.push(kind, line);
            drop(queue);
            if idle {
                shared.wake.notify_all();
            }
        });
    }
}

/// Formats a record, and hands its line to `then`; an empty one where it cannot be formatted.
fn formatted<T>(record: &impl Serialize, then: impl FnOnce(&[u8]) -> T) -> T {
    LINE.with(|line| {
        // Borrowed already only where formatting a record would lead here again.
        let Ok(mut line) = line.try_borrow_mut() else { return then(&[]) };
        line.clear();
        match serde_json::to_writer(&mut *line, record) {
            Ok(()) => line.push(b'\n'),
            Err(_) => line.clear(),
        }
        then(&line)
    })
}

/// A call that may be forwarded once its intent is written, where it has one.
#[derive(Debug)]
#[must_use]
pub(in crate::gateway) struct Intended {
    promise: Promise,
    /// The log, and how far it has to come.
    waiting: Option<(Arc<Shared>, u64)>,
}

impl Intended {
    /// Waits until the intent is written, for a bounded time.
    ///
    /// # Errors
    /// [`Unrecorded`]: the call must not be forwarded.
    pub(in crate::gateway) async fn written(self) -> Result<Promise, Unrecorded> {
        let Some((shared, end)) = self.waiting else { return Ok(self.promise) };
        let mut progress = shared.progress.subscribe();
        let written = progress.wait_for(|progress| progress.written >= end || progress.ended);
        let reached =
            tokio::time::timeout(PATIENCE, written).await.map(|progress| progress.is_ok_and(|now| now.written >= end));
        match reached {
            Ok(true) => Ok(self.promise),
            Ok(false) => Err(Unrecorded::Closed),
            Err(_) => {
                let failing = shared.lock().failing.clone();
                Err(failing.map_or(Unrecorded::TooSlow, |reason| Unrecorded::Failing { reason }))
            }
        }
    }
}

/// Room in the queue that is kept for a call.
#[derive(Debug)]
pub struct Promise(Option<Arc<Shared>>);

impl Promise {
    /// No room: the record of the call is dropped where there is none.
    pub(in crate::gateway) fn none() -> Self {
        Self(None)
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        if let Some(shared) = &self.0 {
            shared.lock().promised -= PROMISED;
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps room for the end of a call, where there is room for `bytes` more besides.
    fn promise(self: &Arc<Self>, bytes: usize) -> Result<Promise, Unrecorded> {
        let mut queue = self.lock();
        if queue.closing {
            return Err(Unrecorded::Closed);
        }
        if let Some(reason) = queue.failing.clone() {
            return Err(Unrecorded::Failing { reason });
        }
        if !queue.has_room(PROMISED + bytes, self.capacity) {
            return Err(Unrecorded::Full { bytes: self.capacity });
        }
        queue.promised += PROMISED;
        Ok(Promise(Some(Arc::clone(self))))
    }
}

/// What the writer is to do next.
struct Round {
    /// Whether somebody waits for it.
    urgent: bool,
    reopen: bool,
    closing: bool,
}

struct Writer<O> {
    shared: Arc<Shared>,
    output: O,
}

impl<O: Output> Writer<O> {
    fn run(mut self) {
        let mut batch = Vec::new();
        loop {
            let round = self.next(&mut batch);
            if round.reopen
                && let Err(error) = self.output.reopen()
            {
                tracing::error!(%error, "the audit log cannot be opened anew: it goes on where it is");
            }
            if !self.put(&batch, round.urgent) || (round.closing && batch.is_empty()) {
                break;
            }
            batch.clear();
            batch.shrink_to(KEPT);
        }
        let mut queue = self.shared.lock();
        queue.ended = true;
        queue.give_up();
        drop(queue);
        self.shared.further.notify_all();
        self.shared.progress.send_modify(|progress| progress.ended = true);
    }

    /// Waits for something to do, and takes what is there into `batch`, which is empty.
    fn next(&self, batch: &mut Vec<u8>) -> Round {
        let mut queue = self.shared.lock();
        while queue.lines.is_empty() && queue.untold.is_none() && !queue.reopen && !queue.closing {
            queue = self.shared.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        let until = Instant::now() + GATHER;
        while !queue.urgent && !queue.reopen && !queue.closing && queue.lines.len() < self.shared.capacity / 4 {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            (queue, _) = self.shared.wake.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::swap(&mut queue.lines, batch);
        queue.writing = queue.waiting.take();
        if !queue.untold.is_none() {
            let Dropped { decisions, intents } = queue.untold.take();
            let gap = Gap { v: VERSION, kind: GapKind::Gap, time: Timestamp::now(), decisions, intents };
            let before = batch.len();
            // A line of numbers: it cannot fail, and a line of nothing would be none.
            if serde_json::to_writer(&mut *batch, &gap).is_ok() {
                batch.push(b'\n');
            }
            queue.end += (batch.len() - before) as u64;
        }
        queue.in_flight = batch.len();
        let round = Round { urgent: queue.urgent, reopen: queue.reopen, closing: queue.closing };
        queue.urgent = false;
        queue.reopen = false;
        round
    }

    /// Writes `batch`, however often that takes; `false` where the log ends before that is done.
    fn put(&mut self, batch: &[u8], urgent: bool) -> bool {
        let (mut written, mut last) = (0, false);
        let mut synced = !(urgent && self.shared.sync);
        while written < batch.len() || !synced {
            let part = share(batch.get(written..).unwrap_or_default(), self.output.at_once());
            let result = match self.output.write(part) {
                Ok(()) => {
                    written += part.len();
                    self.wrote(part);
                    let whole = written == batch.len();
                    let result = if synced || !whole { Ok(()) } else { self.output.sync() };
                    synced |= whole && result.is_ok();
                    result
                }
                Err(Unwritten { written: more, error }) => {
                    written += more;
                    Err(error)
                }
            };
            // What is to be on the disk is waited for until it is there.
            let reached = if synced { written } else { 0 };
            self.told(batch.len() - reached);
            if let Err(error) = result {
                let going_on = self.paused(batch.get(written..).unwrap_or_default(), &error);
                if last {
                    return false;
                }
                // There is one more attempt when the log ends.
                last = !going_on;
            }
        }
        let mut queue = self.shared.lock();
        if queue.failing.take().is_some() {
            tracing::info!("the audit log is written again");
        }
        queue.writing = Dropped::default();
        queue.in_flight = 0;
        !queue.ended
    }

    /// Counts lines as written.
    fn wrote(&self, lines: &[u8]) {
        let records = counted(lines);
        let mut queue = self.shared.lock();
        queue.in_flight = queue.in_flight.saturating_sub(lines.len());
        queue.writing.decisions = queue.writing.decisions.saturating_sub(records.decisions);
        queue.writing.intents = queue.writing.intents.saturating_sub(records.intents);
    }

    /// Tells those who wait how far writing has come: all but the last `left` bytes that were taken.
    fn told(&self, left: usize) {
        let queue = self.shared.lock();
        let taken = queue.end - queue.lines.len() as u64;
        let written = taken - left as u64;
        let further = self.shared.progress.send_if_modified(|progress| {
            let more = written > progress.written;
            progress.written = progress.written.max(written);
            more
        });
        drop(queue);
        if further {
            self.shared.further.notify_all();
        }
    }

    /// Waits after an error until it is time to try again, with `rest` still to write; `false` where the log
    /// comes to its end.
    fn paused(&mut self, rest: &[u8], error: &io::Error) -> bool {
        let mut queue = self.shared.lock();
        if queue.failing.is_none() {
            tracing::error!(%error, "the audit log cannot be written");
        }
        queue.failing = Some(error.to_string().into());
        queue.writing = counted(rest);
        queue.in_flight = rest.len();
        let until = Instant::now() + RETRY;
        while !queue.closing && !queue.reopen {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            (queue, _) = self.shared.wake.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner);
        }
        let reopen = std::mem::take(&mut queue.reopen);
        let going_on = !queue.closing;
        drop(queue);
        if reopen && let Err(error) = self.output.reopen() {
            tracing::error!(%error, "the audit log cannot be opened anew");
        }
        going_on
    }
}

/// As many whole lines as `most` bytes hold, and one at least.
fn share(lines: &[u8], most: usize) -> &[u8] {
    let Some(within) = lines.get(..most) else { return lines };
    let end = within.iter().rposition(|byte| *byte == b'\n').or_else(|| lines.iter().position(|byte| *byte == b'\n'));
    end.and_then(|end| lines.get(..=end)).unwrap_or(lines)
}

/// How many records of calls these lines are.
fn counted(lines: &[u8]) -> Dropped {
    let mut records = Dropped::default();
    for line in lines.split(|byte| *byte == b'\n') {
        match line.strip_prefix(br#"{"v":1,"kind":""#) {
            Some(rest) if rest.starts_with(b"decision") => records.add(Kind::Decision),
            Some(rest) if rest.starts_with(b"intent") => records.add(Kind::Intent),
            _ => {}
        }
    }
    records
}
