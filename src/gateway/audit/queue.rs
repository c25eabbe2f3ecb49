//! What waits to be written, and what was dropped.

use std::sync::Arc;

use super::Kind;

/// Records that were dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dropped {
    /// Of ended calls: with those that were written, one for each call.
    pub decisions: u64,
    /// Of writes that were about to be forwarded.
    pub intents: u64,
}

impl Dropped {
    pub(super) fn add(&mut self, kind: Kind) {
        match kind {
            Kind::Decision => self.decisions += 1,
            Kind::Intent => self.intents += 1,
        }
    }

    pub(super) fn take(&mut self) -> Self {
        std::mem::take(self)
    }

    pub(super) fn is_none(self) -> bool {
        self == Self::default()
    }
}

impl std::ops::AddAssign for Dropped {
    fn add_assign(&mut self, more: Self) {
        self.decisions += more.decisions;
        self.intents += more.intents;
    }
}

/// Lines between the calls and the writer.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Whole lines that the writer has not taken yet.
    pub(super) lines: Vec<u8>,
    /// How many records they are.
    pub(super) waiting: Dropped,
    /// Bytes that the writer has taken and not written yet.
    pub(super) in_flight: usize,
    /// How many records they are.
    pub(super) writing: Dropped,
    /// Room that was promised to calls under way.
    pub(super) promised: usize,
    /// Bytes that were ever taken in.
    pub(super) end: u64,
    /// Whether somebody waits for what is in it.
    pub(super) urgent: bool,
    /// Why nothing can be written just now.
    pub(super) failing: Option<Arc<str>>,
    /// Everything that was dropped.
    pub(super) dropped: Dropped,
    /// What of it the log does not tell yet.
    pub(super) untold: Dropped,
    pub(super) reopen: bool,
    pub(super) closing: bool,
    pub(super) ended: bool,
}

impl Queue {
    /// Whether `bytes` more may wait.
    pub(super) fn has_room(&self, bytes: usize, capacity: usize) -> bool {
        self.lines.len() + self.in_flight + self.promised + bytes <= capacity
    }

    /// Takes a line in.
    pub(super) fn push(&mut self, kind: Kind, line: &[u8]) {
        self.lines.extend_from_slice(line);
        self.waiting.add(kind);
        self.end += line.len() as u64;
    }

    pub(super) fn drop_one(&mut self, kind: Kind) {
        self.dropped.add(kind);
        self.untold.add(kind);
    }

    /// Gives up what waits: nobody will write it.
    pub(super) fn give_up(&mut self) {
        let (waiting, writing) = (self.waiting.take(), self.writing.take());
        self.dropped += waiting;
        self.dropped += writing;
        self.lines = Vec::new();
        self.in_flight = 0;
    }
}
