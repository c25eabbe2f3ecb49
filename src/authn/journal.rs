//! The journal of accepted nonces: two text files, one written and one about to be forgotten.
//!
//! Every line is `<end, Unix seconds> <key id> <SHA-256 of the nonce, hex>`. Once the file has grown and every nonce of
//! the previous one is past its end, the file takes the previous one's place and a new one is begun; so the disk holds
//! what the time window needs, and not the whole life of the gate.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use thread_local::ThreadLocal;
use tokio::sync::oneshot;

use super::nonces::NonceDigest;
use crate::openapi::add_hex;

/// First line of a journal.
const HEADER: &str = "ramgate nonces 1\n";

/// How many batches may wait to be written.
const QUEUE: usize = 64;

/// How many nonces may be in a batch.
const BATCH: usize = 1024;

/// How long a call waits for its nonce to be written.
const PATIENCE: Duration = Duration::from_secs(2);

/// Bytes from which on a file may take the previous one's place.
const TURN_AT: u64 = if cfg!(test) { 16 * 1024 } else { 1024 * 1024 };

/// A journal of nonces that cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The file cannot be read, written or locked.
    #[error("the nonce journal `{path}` cannot be used: {problem}")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        problem: String,
    },
    /// Another process has it open.
    #[error("the nonce journal `{path}` is in use by another process: give every gate a journal of its own")]
    InUse {
        /// The file.
        path: String,
    },
    /// A line of it is not one that was written here.
    #[error(
        "line {line} of the nonce journal `{path}` is damaged: move the file away and start again 30 minutes later, when \
         no call of before can be replayed"
    )]
    Damaged {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
    },
    /// The writer does not keep up, or does not answer.
    #[error("the nonce journal is not written in time")]
    Late,
}

/// One nonce of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key_id: String,
    pub(super) nonce: NonceDigest,
    /// The last moment at which it could be replayed; whole seconds.
    pub(super) end: Timestamp,
}

/// What a journal held when it was opened.
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub(super) live: Vec<Entry>,
    /// The latest end of those that were dropped.
    pub(super) forgotten_until: Option<Timestamp>,
}

/// An open journal with its writer, a thread of its own: nothing that a disk does holds up the calls of others.
///
/// To wake another thread costs more than to write a line. So what one thread has to do at a time is gathered and handed
/// over at once, and so is the news that it is written.
#[derive(Debug)]
pub(super) struct Journal {
    /// Of each thread.
    gathering: ThreadLocal<Arc<Mutex<Gathered>>>,
    batches: SyncSender<Batch>,
    /// Held for as long as the journal is open.
    _lock: File,
}

type Written = Result<(), JournalError>;

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

impl Journal {
    /// Opens or makes the journal at `path`, and rewrites it without what is over by `now`.
    pub(super) fn open(path: &Path, now: Timestamp) -> Result<(Self, Entries), JournalError> {
        let failed = |error| file_error(path, &error);
        let lock = private(OpenOptions::new().create(true).truncate(false).write(true))
            .open(beside(path, ".lock"))
            .map_err(failed)?;
        lock.try_lock().map_err(|error| match error {
            std::fs::TryLockError::WouldBlock => JournalError::InUse { path: path.display().to_string() },
            std::fs::TryLockError::Error(error) => file_error(path, &error),
        })?;
        let previous = beside(path, ".previous");
        let mut entries = Entries::default();
        for file in [&previous, path] {
            read_entries(file, now, &mut entries)?;
        }
        let mut text = String::new();
        for entry in &entries.live {
            entry.add_line(&mut text);
        }
        let latest = entries.live.iter().map(|entry| entry.end).max();
        // The whole goes into one new file before the old ones go, so that a crash in between loses nothing.
        let (new, file) = write_new(path, &text).map_err(failed)?;
        std::fs::rename(&new, path).map_err(failed)?;
        match std::fs::remove_file(&previous) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let length = (HEADER.len() + text.len()) as u64;
        let writer =
            Writer { path: path.to_owned(), previous, file, length, latest, previous_latest: None, broken: None };
        let (batches, queue) = sync_channel(QUEUE);
        std::thread::Builder::new()
            .name("nonce-journal".to_owned())
            .spawn(move || writer.run(&queue))
            .map_err(failed)?;
        Ok((Self { gathering: ThreadLocal::new(), batches, _lock: lock }, entries))
    }

    /// Leaves the journal without a writer.
    #[cfg(test)]
    pub(super) fn stop(&mut self) {
        self.batches = sync_channel(0).0;
    }

    /// Returns once `entry` is in the hands of the operating system.
    pub(super) async fn write(&self, entry: &Entry, now: Timestamp) -> Written {
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

struct Writer {
    path: PathBuf,
    previous: PathBuf,
    file: File,
    /// Bytes of the file that are whole lines.
    length: u64,
    /// The latest end in the file.
    latest: Option<Timestamp>,
    /// The latest end in the previous file.
    previous_latest: Option<Timestamp>,
    /// Set when the file may end in half a line that could not be cut off again.
    broken: Option<JournalError>,
}

impl Writer {
    /// Writes what comes until the journal is dropped.
    fn run(mut self, queue: &Receiver<Batch>) {
        while let Ok(batch) = queue.recv() {
            let result = self.write(&batch);
            // Whoever waited may have gone.
            let _ = batch.done.send(result);
        }
    }

    fn write(&mut self, batch: &Batch) -> Written {
        if let Some(broken) = &self.broken {
            return Err(broken.clone());
        }
        if let Some(now) = batch.now {
            self.turn(now).map_err(|error| file_error(&self.path, &error))?;
        }
        if let Err(error) = self.file.write_all(batch.lines.as_bytes()) {
            let error = file_error(&self.path, &error);
            if self.file.set_len(self.length).is_err() {
                self.broken = Some(error.clone());
            }
            return Err(error);
        }
        self.length += batch.lines.len() as u64;
        self.latest = self.latest.max(batch.end);
        Ok(())
    }

    /// Begins a new file where the present one is long and the previous one needed no more.
    fn turn(&mut self, now: Timestamp) -> std::io::Result<()> {
        if self.length < TURN_AT || self.previous_latest.is_some_and(|end| end >= now) {
            return Ok(());
        }
        let (new, file) = write_new(&self.path, "")?;
        std::fs::rename(&self.path, &self.previous)?;
        if let Err(error) = std::fs::rename(&new, &self.path) {
            // Back to how it was. Where even that fails, the file is still found at the next start under the other
            // name, but must not grow there without bound.
            if std::fs::rename(&self.previous, &self.path).is_err() {
                self.broken = Some(file_error(&self.path, &error));
            }
            return Err(error);
        }
        self.file = file;
        self.previous_latest = self.latest;
        self.latest = None;
        self.length = HEADER.len() as u64;
        Ok(())
    }
}

impl Entry {
    fn add_line(&self, lines: &mut String) {
        use std::fmt::Write;

        // Writing to a string does not fail.
        let _ = write!(lines, "{} {} ", self.end.as_second(), self.key_id);
        add_hex(&self.nonce, lines);
        lines.push('\n');
    }

    fn read(line: &str) -> Option<Self> {
        let mut parts = line.split(' ');
        let end = Timestamp::from_second(parts.next()?.parse().ok()?).ok()?;
        let key_id = parts.next().filter(|id| !id.is_empty())?.to_owned();
        let (digits, rest) = parts.next()?.as_bytes().as_chunks::<2>();
        let mut nonce = [0; 32];
        if parts.next().is_some() || !rest.is_empty() || digits.len() != nonce.len() {
            return None;
        }
        for (byte, digits) in nonce.iter_mut().zip(digits) {
            *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        }
        Some(Self { key_id, nonce, end })
    }
}

fn read_entries(path: &Path, now: Timestamp, entries: &mut Entries) -> Result<(), JournalError> {
    let text = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(file_error(path, &error)),
    };
    let damaged = |line| JournalError::Damaged { path: path.display().to_string(), line };
    let text = String::from_utf8(text).map_err(|_| damaged(1))?;
    let lines = text.strip_prefix(HEADER).ok_or_else(|| damaged(1))?;
    // A last line without its end was being written when the process died; its call was never accepted.
    let whole = lines.rsplit_once('\n').map_or("", |(whole, _)| whole);
    for (index, line) in whole.lines().enumerate() {
        let entry = Entry::read(line).ok_or_else(|| damaged(index + 2))?;
        if entry.end >= now {
            entries.live.push(entry);
        } else {
            entries.forgotten_until = entries.forgotten_until.max(Some(entry.end));
        }
    }
    Ok(())
}

/// Writes a new file with `text` beside `path`, and leaves it open for appending.
fn write_new(path: &Path, text: &str) -> std::io::Result<(PathBuf, File)> {
    let new = beside(path, ".new");
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = private(OpenOptions::new().create_new(true).append(true)).open(&new)?;
    file.write_all(HEADER.as_bytes())?;
    file.write_all(text.as_bytes())?;
    Ok((new, file))
}

/// For its owner alone: the journal says which keys call, and when.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600)
    }
    #[cfg(not(unix))]
    options
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn file_error(path: &Path, error: &std::io::Error) -> JournalError {
    JournalError::File { path: path.display().to_string(), problem: error.to_string() }
}
