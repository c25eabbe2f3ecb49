//! The nonces of calls that were accepted.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest;
use foldhash::fast::RandomState;
use jiff::Timestamp;

use super::journal::{Entries, Entry, Journal};
use super::{AuthnError, JournalError};

/// How many nonces one key may have in memory at a time unless told otherwise: 100,000 in half an hour is 55 calls a
/// second, and takes about 10 MB.
const SHARE: usize = 100_000;

/// SHA-256 of a nonce: every nonce takes the same room, however long it is.
pub(super) type NonceDigest = [u8; 32];

/// Remembers each key's nonces for as long as a call with them could be replayed (spec gate-rules G12).
///
/// Every key has its own share, so that a busy or hostile one can only shut itself out; a full share refuses calls and
/// never forgets. Keys count only once a signature of theirs was verified, so their number bounds the whole.
#[derive(Debug)]
pub struct NonceMemory {
    state: Mutex<State>,
    share: usize,
    journal: Option<Journal>,
}

#[derive(Debug, Default)]
struct State {
    shares: HashMap<String, Share>,
    /// The latest end of any nonce that was let go. A call that ends no later cannot be told from a replay of it; it
    /// comes only with a clock that was set back.
    forgotten_until: Option<Timestamp>,
    /// How many shares there were when empty ones were last looked for.
    swept: usize,
}

#[derive(Debug, Default)]
struct Share {
    /// Digests are spread evenly already, and which ones collide is the secret of the process.
    known: HashSet<NonceDigest, RandomState>,
    ends: BinaryHeap<Reverse<(Timestamp, NonceDigest)>>,
}

impl NonceMemory {
    /// A memory that ends with the process. A replay right after a restart is then possible: for tests and for a
    /// sandbox.
    #[must_use]
    pub fn in_memory() -> Self {
        Self { state: Mutex::default(), share: SHARE, journal: None }
    }

    /// A memory that survives the process, in a journal at `path` and files beside it, whose names are `path` with an
    /// ending. Each nonce is handed to the operating system before its call is accepted. That survives the death of the
    /// process at any moment; a crash of the whole machine can lose the last moments, since nothing waits for the disk.
    ///
    /// On a file system in memory (`tmpfs`) a crash or a start of the machine loses the journal. Where there is none, calls that
    /// were signed before `now` are refused there, so that none of them comes in again.
    ///
    /// Nonces whose time is over by `now` are dropped.
    ///
    /// # Errors
    /// [`JournalError`] where the journal cannot be read or written, is damaged, or belongs to another process.
    pub fn open(path: &Path, now: Timestamp) -> Result<Self, JournalError> {
        Ok(Self::with(Journal::open(path, now)?))
    }

    /// The same, as if the journal were in memory.
    #[cfg(test)]
    pub(super) fn open_in_memory(path: &Path, now: Timestamp) -> Result<Self, JournalError> {
        Ok(Self::with(Journal::open_on(path, now, |_| super::journal::Medium::Memory)?))
    }

    /// The same, as if the journal were on a disk.
    #[cfg(test)]
    pub(super) fn open_on_disk(path: &Path, now: Timestamp) -> Result<Self, JournalError> {
        Ok(Self::with(Journal::open_on(path, now, |_| super::journal::Medium::Disk)?))
    }

    fn with((journal, entries): (Journal, Entries)) -> Self {
        let mut state = State { forgotten_until: entries.forgotten_until, ..State::default() };
        for entry in entries.live {
            state.shares.entry(entry.key_id.into_owned()).or_default().insert(entry.nonce, entry.end);
        }
        Self { state: Mutex::new(state), share: SHARE, journal: Some(journal) }
    }

    /// The same memory with room for `share` nonces of each key.
    #[must_use]
    pub fn with_share(mut self, share: usize) -> Self {
        self.share = share;
        self
    }

    /// How many nonces it remembers, those among them whose time is over and that no call has swept yet.
    #[must_use]
    pub fn remembered(&self) -> usize {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.shares.values().map(|share| share.known.len()).sum()
    }

    /// How many keys it remembers nonces of.
    #[cfg(test)]
    pub(super) fn keys(&self) -> usize {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).shares.len()
    }

    /// Takes the writer away from the journal.
    #[cfg(test)]
    pub(super) fn stop_journal(&mut self) {
        self.journal.as_mut().expect("a journal").stop();
    }

    /// Takes a nonce that could be replayed up to and including `end`, unless it is there already.
    ///
    /// With a journal it needs a Tokio runtime with its timer.
    pub(super) async fn record(
        &self,
        key_id: &str,
        nonce: &str,
        end: Timestamp,
        now: Timestamp,
    ) -> Result<(), AuthnError> {
        let mut digest: NonceDigest = [0; 32];
        for (to, from) in digest.iter_mut().zip(digest::digest(&digest::SHA256, nonce.as_bytes()).as_ref()) {
            *to = *from;
        }
        self.state.lock().unwrap_or_else(PoisonError::into_inner).take(key_id, digest, end, now, self.share)?;
        match &self.journal {
            None => Ok(()),
            // What cannot be written down stays in memory: the caller can only try again with another nonce.
            Some(journal) => journal
                .write(&Entry { key_id: key_id.into(), nonce: digest, end }, now)
                .await
                .map_err(AuthnError::Journal),
        }
    }
}

impl State {
    fn take(
        &mut self,
        key_id: &str,
        nonce: NonceDigest,
        end: Timestamp,
        now: Timestamp,
        room: usize,
    ) -> Result<(), AuthnError> {
        if self.shares.len() > 2 * self.swept && !self.shares.contains_key(key_id) {
            let forgotten = &mut self.forgotten_until;
            self.shares.retain(|_, share| {
                *forgotten = (*forgotten).max(share.let_go(now));
                !share.known.is_empty()
            });
            self.swept = self.shares.len().max(16);
        }
        let share = match self.shares.get_mut(key_id) {
            Some(share) => share,
            None => self.shares.entry(key_id.to_owned()).or_default(),
        };
        self.forgotten_until = self.forgotten_until.max(share.let_go(now));
        if share.known.contains(&nonce) {
            return Err(AuthnError::NonceUsed);
        }
        if self.forgotten_until.is_some_and(|forgotten| end <= forgotten) {
            return Err(AuthnError::TimestampExpired);
        }
        if share.known.len() >= room {
            return Err(AuthnError::TooManyNonces);
        }
        share.insert(nonce, end);
        Ok(())
    }
}

impl Share {
    fn insert(&mut self, nonce: NonceDigest, end: Timestamp) {
        if self.known.insert(nonce) {
            self.ends.push(Reverse((end, nonce)));
        }
    }

    /// Lets go of what can no longer be replayed, and says up to when that was.
    fn let_go(&mut self, now: Timestamp) -> Option<Timestamp> {
        let mut last = None;
        while let Some(Reverse((end, nonce))) = self.ends.peek() {
            if *end >= now {
                break;
            }
            last = Some(*end);
            self.known.remove(nonce);
            self.ends.pop();
        }
        last
    }
}
