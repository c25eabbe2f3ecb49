//! The audit log, read while it is written, and held against what callers and the upstream saw.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::Deserialize;
use uuid::Uuid;

use super::ledger::{Ledger, lock};
use super::upstream;

/// What is read of a line.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    request_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    upstream_request_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    decision: Option<Cow<'a, str>>,
    #[serde(default)]
    write: bool,
    #[serde(default)]
    forwarded: bool,
    #[serde(default)]
    decisions: u64,
    #[serde(default)]
    intents: u64,
}

/// What the log came to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sum {
    pub decisions: u64,
    pub intents: u64,
    /// Records of calls that the upstream may have seen.
    pub forwarded: u64,
    /// Dropped ones, as the log tells it by itself.
    pub dropped_decisions: u64,
    pub dropped_intents: u64,
    pub files: u64,
    pub bytes: u64,
}

#[derive(Default)]
struct Books {
    sum: Sum,
    /// Answered calls whose record was not read yet, with the call that the upstream answered.
    awaited: HashMap<u128, Option<u64>>,
    /// Records of calls whose answer nobody has seen yet, with the call that the upstream answered.
    unclaimed: HashMap<u128, Option<u64>>,
    /// Intents without a decision so far.
    open: HashSet<u128>,
    /// Writes that were forwarded, and whose intent was not read yet.
    unintended: HashSet<u128>,
}

/// Every record, as far as it was read.
#[derive(Default)]
pub struct Records {
    books: Mutex<Books>,
}

/// What is left when everything was read.
pub struct Left {
    pub sum: Sum,
    pub awaited: usize,
    pub unclaimed: usize,
    pub open: usize,
    pub unintended: usize,
}

impl Records {
    /// A call was answered, and by the upstream where that saw it as `call`.
    pub fn answered(&self, request_id: u128, call: Option<u64>, ledger: &Ledger) {
        let mut books = lock(&self.books);
        match books.unclaimed.remove(&request_id) {
            Some(recorded) => {
                drop(books);
                compare(request_id, call, recorded, ledger);
            }
            None => {
                if books.awaited.insert(request_id, call).is_some() {
                    ledger.mistake("request id given twice", Uuid::from_u128(request_id).to_string());
                }
            }
        }
    }

    /// Reads the files that were set aside for `log`, and removes them.
    pub fn read_aside(&self, log: &Path, ledger: &Ledger) {
        for file in ramgate::gateway::audit::rotated(log).unwrap() {
            self.read(&file, ledger);
            fs::remove_file(&file).unwrap();
        }
    }

    /// Reads one file.
    pub fn read(&self, file: &Path, ledger: &Ledger) {
        let bytes = fs::read(file).unwrap();
        let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
        if lines.pop() != Some(b"") {
            ledger.mistake("torn line in the audit log", PathBuf::from(file).display().to_string());
        }
        let mut books = lock(&self.books);
        books.sum.files += 1;
        books.sum.bytes += bytes.len() as u64;
        for line in lines {
            match serde_json::from_slice::<Line<'_>>(line) {
                Ok(line) => books.take(&line, ledger),
                Err(error) => {
                    ledger.mistake("torn line in the audit log", format!("{error}: {}", String::from_utf8_lossy(line)));
                }
            }
        }
    }

    pub fn left(&self) -> Left {
        let books = lock(&self.books);
        Left {
            sum: books.sum,
            awaited: books.awaited.len(),
            unclaimed: books.unclaimed.len(),
            open: books.open.len(),
            unintended: books.unintended.len(),
        }
    }
}

impl Books {
    fn take(&mut self, line: &Line<'_>, ledger: &Ledger) {
        if line.kind == "gap" {
            self.sum.dropped_decisions += line.decisions;
            self.sum.dropped_intents += line.intents;
            return;
        }
        let id = line.request_id.as_deref().and_then(|id| Uuid::parse_str(id).ok()).unwrap().as_u128();
        if line.kind == "intent" {
            self.sum.intents += 1;
            if !self.unintended.remove(&id) {
                self.open.insert(id);
            }
            return;
        }
        self.sum.decisions += 1;
        self.sum.forwarded += u64::from(line.forwarded);
        if !self.open.remove(&id) && line.write && line.forwarded {
            self.unintended.insert(id);
        }
        if line.forwarded && line.decision.as_deref() != Some("Allow") {
            ledger.mistake("wrong allow", format!("{} was forwarded without an Allow", Uuid::from_u128(id)));
        }
        let recorded = line.upstream_request_id.as_deref().and_then(upstream::call_of);
        match self.awaited.remove(&id) {
            Some(answered) => compare(id, answered, recorded, ledger),
            None => {
                if self.unclaimed.insert(id, recorded).is_some() {
                    ledger.mistake("two records of one call", Uuid::from_u128(id).to_string());
                }
            }
        }
    }
}

/// Answer and record of a call tell of the same call of the upstream.
fn compare(request_id: u128, answered: Option<u64>, recorded: Option<u64>, ledger: &Ledger) {
    if answered.is_some() && answered != recorded {
        let id = Uuid::from_u128(request_id);
        ledger.mistake("record of another call", format!("{id}: answered {answered:?}, recorded {recorded:?}"));
    }
}
