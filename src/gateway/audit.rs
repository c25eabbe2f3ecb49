//! The audit log: one [record](Entry) of every call, and one before a write is forwarded (spec gate-rules G16).
//!
//! A call formats its record and puts it into the bounded queue of a [`Log`]; a thread of the log's own writes it to an
//! [`Output`]. So no call waits for a disk or a reader, but for the intents of writes, which are not forwarded before
//! their record is written.

mod entry;
mod file;
mod log;
mod output;
mod queue;
mod reading;
mod replay;

pub use entry::{CandidateDecision, CheckEntry, Compared, Entry, Gap, GapKind, Kind, VERSION};
pub use file::{RotatedFile, rotated};
pub(in crate::gateway) use log::Promise;
pub use log::{Ended, Log, Unrecorded};
pub use output::{Output, Stream, Unwritten};
pub use queue::Dropped;
pub use reading::{BrokenLine, Line};
pub use replay::{Replay, Replayed};

#[cfg(test)]
mod tests;
