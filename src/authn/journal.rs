//! The journal of accepted nonces: text files, each beside the previous one that is about to be forgotten.
//!
//! Every line is `<end, Unix seconds> <key id> <SHA-256 of the nonce, hex>`. Once a file has grown and every nonce of
//! the previous one is past its end, the file takes the previous one's place and a new one is begun; so the disk holds
//! what the time window needs, and not the whole life of the gate.
//!
//! What holds the files decides who writes them. A disk may keep a write waiting, so a thread does it that no call is
//! served by, and has one file. Memory does not: there each thread writes what it accepts at once, to a file of its own
//! (`.1`, `.2` and so on), so that none waits for another.

mod file;
mod handed_over;

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use data_encoding::HEXLOWER;
use jiff::{SignedDuration, Timestamp};
use thread_local::ThreadLocal;

use self::file::{HEADER, JournalFile, previous, private};
use self::handed_over::HandedOver;
use super::WINDOW;
use super::nonces::NonceDigest;
use crate::openapi::add_hex;

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
pub(super) struct Entry<'a> {
    pub(super) key_id: Cow<'a, str>,
    pub(super) nonce: NonceDigest,
    /// The last moment at which it could be replayed; whole seconds.
    pub(super) end: Timestamp,
}

/// What a journal held when it was opened.
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub(super) live: Vec<Entry<'static>>,
    /// The latest end of those that were dropped.
    pub(super) forgotten_until: Option<Timestamp>,
}

/// What holds a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Medium {
    /// A write may wait, and what was written outlives the machine's power.
    Disk,
    /// A file system in memory: a write waits for nothing, and what was written lives as long as the system runs.
    Memory,
}

impl Medium {
    /// That of an open file; [`Medium::Disk`] where it cannot be told.
    #[cfg(target_os = "linux")]
    fn of(file: &File) -> Self {
        /// Of `tmpfs` and `ramfs`, by statfs(2).
        const IN_MEMORY: [u64; 2] = [0x0102_1994, 0x8584_58f6];
        match rustix::fs::fstatfs(file) {
            Ok(system) if u64::try_from(system.f_type).is_ok_and(|kind| IN_MEMORY.contains(&kind)) => Self::Memory,
            _ => Self::Disk,
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn of(_file: &File) -> Self {
        Self::Disk
    }
}

type Written = Result<(), JournalError>;

/// An open journal.
#[derive(Debug)]
pub(super) struct Journal {
    way: Way,
    /// Held for as long as the journal is open.
    _lock: File,
}

#[derive(Debug)]
enum Way {
    HandedOver(HandedOver),
    AtOnce(AtOnce),
}

/// A file for each thread.
#[derive(Debug)]
struct AtOnce {
    path: PathBuf,
    files: ThreadLocal<Mutex<JournalFile>>,
    begun: AtomicUsize,
}

impl Journal {
    /// Opens or makes the journal at `path`, and rewrites it without what is over by `now`.
    pub(super) fn open(path: &Path, now: Timestamp) -> Result<(Self, Entries), JournalError> {
        Self::open_on(path, now, Medium::of)
    }

    /// The same, on what `medium` says of the file.
    pub(super) fn open_on(
        path: &Path,
        now: Timestamp,
        medium: impl FnOnce(&File) -> Medium,
    ) -> Result<(Self, Entries), JournalError> {
        let failed = |error| file_error(path, &error);
        let lock = private(OpenOptions::new().create(true).truncate(false).write(true))
            .open(beside(path, ".lock"))
            .map_err(failed)?;
        lock.try_lock().map_err(|error| match error {
            std::fs::TryLockError::WouldBlock => JournalError::InUse { path: path.display().to_string() },
            std::fs::TryLockError::Error(error) => file_error(path, &error),
        })?;
        let medium = medium(&lock);
        let mut entries = Entries::default();
        let mut found = read_both(path, now, &mut entries)?;
        let mut threads = 0;
        while read_both(&of_thread(path, threads + 1), now, &mut entries)? {
            threads += 1;
            found = true;
        }
        if medium == Medium::Memory && !found {
            // A journal may have been there that went with the power. No call of that time can come again: it was
            // signed before. Signing tells whole seconds.
            let before = SignedDuration::from_secs(now.as_second() - 1) + WINDOW;
            entries.forgotten_until = Timestamp::from_duration(before).ok();
        }
        let mut text = String::new();
        for entry in &entries.live {
            entry.add_line(&mut text);
        }
        let latest = entries.live.iter().map(|entry| entry.end).max();
        let file = JournalFile::begin(path, &text, latest).map_err(failed)?;
        remove(&previous(path)).map_err(failed)?;
        // The last one first: what is left by a crash in between is still found, as they are numbered without a gap.
        for thread in (1..=threads).rev() {
            let path = of_thread(path, thread);
            remove(&path).and_then(|()| remove(&previous(&path))).map_err(failed)?;
        }
        let way = match medium {
            Medium::Disk => Way::HandedOver(HandedOver::to_thread(file).map_err(failed)?),
            Medium::Memory => {
                Way::AtOnce(AtOnce { path: path.to_owned(), files: ThreadLocal::new(), begun: AtomicUsize::new(0) })
            }
        };
        Ok((Self { way, _lock: lock }, entries))
    }

    /// Leaves the journal without a writer.
    #[cfg(test)]
    pub(super) fn stop(&mut self) {
        self.way = Way::HandedOver(HandedOver::to_nobody());
    }

    /// Returns once `entry` is in the hands of the operating system.
    pub(super) async fn write(&self, entry: &Entry<'_>, now: Timestamp) -> Written {
        match &self.way {
            Way::HandedOver(thread) => thread.write(entry, now).await,
            Way::AtOnce(files) => files.write(entry, now),
        }
    }
}

impl AtOnce {
    fn write(&self, entry: &Entry<'_>, now: Timestamp) -> Written {
        let file = self.files.get_or_try(|| {
            let path = of_thread(&self.path, 1 + self.begun.fetch_add(1, Ordering::Relaxed));
            JournalFile::begin(&path, "", None).map(Mutex::new).map_err(|error| file_error(&path, &error))
        })?;
        let mut line = String::with_capacity(128);
        entry.add_line(&mut line);
        // Nobody else asks for it.
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write(&line, Some(entry.end), Some(now))
    }
}

impl Entry<'_> {
    fn add_line(&self, lines: &mut String) {
        use std::fmt::Write;

        // Writing to a string does not fail.
        let _ = write!(lines, "{} {} ", self.end.as_second(), self.key_id);
        add_hex(&self.nonce, lines);
        lines.push('\n');
    }

    fn read(line: &str) -> Option<Entry<'static>> {
        let mut parts = line.split(' ');
        let end = Timestamp::from_second(parts.next()?.parse().ok()?).ok()?;
        let key_id = parts.next().filter(|id| !id.is_empty())?.to_owned();
        let nonce = HEXLOWER.decode(parts.next()?.as_bytes()).ok()?.try_into().ok()?;
        if parts.next().is_some() {
            return None;
        }
        Some(Entry { key_id: Cow::Owned(key_id), nonce, end })
    }
}

/// Reads the file at `path` and the one before it; whether there was either.
fn read_both(path: &Path, now: Timestamp, entries: &mut Entries) -> Result<bool, JournalError> {
    let before = read_entries(&previous(path), now, entries)?;
    Ok(read_entries(path, now, entries)? || before)
}

fn read_entries(path: &Path, now: Timestamp, entries: &mut Entries) -> Result<bool, JournalError> {
    let text = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
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
    Ok(true)
}

fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Where the file of a thread is, from 1.
fn of_thread(path: &Path, number: usize) -> PathBuf {
    beside(path, &format!(".{number}"))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn file_error(path: &Path, error: &std::io::Error) -> JournalError {
    JournalError::File { path: path.display().to_string(), problem: error.to_string() }
}
