//! Writing by a thread of its own, so that nothing that a disk does holds up the calls of others.
//!
//! To wake another thread costs more than to write a line. So what one thread has to do at a time is gathered and handed
//! over at once, and so is the news that it is written.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use thread_local::ThreadLocal;
use tokio::sync::oneshot;

use super::file::JournalFile;
use super::{Entry, JournalError, Written};

/// How many batches may wait to be written.
const QUEUE: usize = 64;

/// How many nonces may be in a batch.
const BATCH: usize = 1024;

/// How long a call waits for its nonce to be written.
const PATIENCE: Duration = Duration::from_secs(2);

/// A journal file and the thread that writes it.
#[derive(Debug)]
pub(super) struct HandedOver {
    /// Of each thread.
    gathering: ThreadLocal<Arc<Mutex<Gathered>>>,
    batches: SyncSender<Batch>,
}

/// Lines that are not handed over yet, and who waits for them.
#[derive(Debug, Default)]
struct Gathered {
    lines: String,
    /// The latest end.
    end: Option<Timestamp>,
    /// The earliest of the times at which they were taken.
    now: Option<Timestamp>,
    waiting: Vec<oneshot::Sender<Written>>,
}

struct Batch {
    lines: String,
    end: Option<Timestamp>,
    now: Option<Timestamp>,
    done: oneshot::Sender<Written>,
}

impl HandedOver {
    /// Starts the thread. It ends when the value is dropped.
    pub(super) fn to_thread(file: JournalFile) -> io::Result<Self> {
        let (batches, queue) = sync_channel(QUEUE);
        std::thread::Builder::new().name("nonce-journal".to_owned()).spawn(move || run(file, &queue))?;
        Ok(Self { gathering: ThreadLocal::new(), batches })
    }

    /// One whose thread is gone.
    #[cfg(test)]
    pub(super) fn to_nobody() -> Self {
        Self { gathering: ThreadLocal::new(), batches: sync_channel(0).0 }
    }

    /// Returns once `entry` is written.
    pub(super) async fn write(&self, entry: &Entry<'_>, now: Timestamp) -> Written {
        let gathering = self.gathering.get_or_default();
        let (done, written) = oneshot::channel();
        let first = {
            let mut gathered = gathering.lock().unwrap_or_else(PoisonError::into_inner);
            if gathered.waiting.len() >= BATCH {
                return Err(JournalError::Late);
            }
            entry.add_line(&mut gathered.lines);
            gathered.end = gathered.end.max(Some(entry.end));
            gathered.now = Some(gathered.now.map_or(now, |earliest| earliest.min(now)));
            gathered.waiting.push(done);
            gathered.waiting.len() == 1
        };
        // It has its turn after the calls that have theirs now, and takes their lines along.
        if first {
            let turn = Turn(Some(Arc::clone(gathering)));
            tokio::spawn(turn.hand_over(self.batches.clone()));
        }
        written.await.unwrap_or(Err(JournalError::Late))
    }
}

/// The duty to hand over what a thread gathers. Dropped undone, with the runtime that it was to be done on, it leaves
/// nobody waiting.
struct Turn(Option<Arc<Mutex<Gathered>>>);

impl Turn {
    fn take(&mut self) -> Gathered {
        let Some(gathering) = self.0.take() else { return Gathered::default() };
        std::mem::take(&mut *gathering.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Has what is gathered written, and tells those who wait for it.
    async fn hand_over(mut self, batches: SyncSender<Batch>) {
        let Gathered { lines, end, now, waiting } = self.take();
        let (done, written) = oneshot::channel();
        let result = match batches.try_send(Batch { lines, end, now, done }) {
            Ok(()) => match tokio::time::timeout(PATIENCE, written).await {
                Ok(Ok(result)) => result,
                Ok(Err(_)) | Err(_) => Err(JournalError::Late),
            },
            Err(_) => Err(JournalError::Late),
        };
        for waiter in waiting {
            // Whoever waited may have gone.
            let _ = waiter.send(result.clone());
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        drop(self.take());
    }
}

/// Writes what comes until the journal is dropped.
fn run(mut file: JournalFile, queue: &Receiver<Batch>) {
    while let Ok(batch) = queue.recv() {
        let result = file.write(&batch.lines, batch.end, batch.now);
        // Whoever waited may have gone.
        let _ = batch.done.send(result);
    }
}
