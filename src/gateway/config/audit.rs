//! `[audit]`: where records of calls go, and what happens to calls that cannot be put on record.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};
use toml::Spanned;

use crate::json::Span;

/// Where records of calls go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Audit {
    /// The file; `None` is standard output.
    pub file: Option<AuditFile>,
    /// Bytes of records that may wait to be written.
    pub queue_bytes: usize,
    /// What becomes of calls that cannot be put on record.
    pub on_failure: OnFailure,
    /// Whether the intent of a write has to be on the disk itself before the write is forwarded.
    pub sync: bool,
}

impl Default for Audit {
    fn default() -> Self {
        Self { file: None, queue_bytes: 16 * 1024 * 1024, on_failure: OnFailure::default(), sync: false }
    }
}

/// A file of records, and when another is begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditFile {
    /// The file that is written to.
    pub path: PathBuf,
    /// Bytes after which another is begun.
    pub rotate_bytes: Option<u64>,
    /// Age at which another is begun.
    #[serde(serialize_with = "seconds")]
    pub rotate_after: Option<Duration>,
    /// How many full ones are kept; `None` keeps all.
    pub keep: Option<usize>,
}

/// What becomes of calls that cannot be put on record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// None is forwarded.
    Refuse,
    /// No write is forwarded; records of other calls are dropped and counted.
    #[default]
    RefuseWrites,
    /// All are forwarded, and their records are dropped and counted.
    Drop,
}

/// Ages are told as they are configured.
#[allow(clippy::ref_option, reason = "what serde asks for")]
fn seconds<S: Serializer>(age: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    age.map(|age| age.as_secs()).serialize(serializer)
}

/// Where calls are put [on record](audit.md), and what becomes of calls that cannot be.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    /// The file that records are added to; it is made with mode 0640 where there is none.
    ///
    /// - type: path
    /// - default: standard output
    /// - change: restart
    file: Option<Spanned<String>>,
    /// Sets the file aside before it would become larger than this.
    ///
    /// - type: bytes
    /// - default: never
    /// - change: restart
    rotate_bytes: Option<Spanned<u64>>,
    /// Sets the file aside with the first record that comes when it is older than this.
    ///
    /// - type: seconds
    /// - default: never
    /// - change: restart
    rotate_after: Option<Spanned<u64>>,
    /// How many files that were set aside are kept; older ones are removed.
    ///
    /// - default: all
    /// - change: restart
    keep: Option<Spanned<u64>>,
    /// Records that may wait to be written.
    ///
    /// - type: bytes, at least 65,536
    /// - default: 16,777,216
    /// - change: restart
    queue_bytes: Option<Spanned<u64>>,
    /// What becomes of calls that [cannot be put on record](audit.md#what-is-certain).
    ///
    /// - type: `"refuse"`, `"refuse-writes"`, `"drop"`
    /// - default: `"refuse-writes"`
    /// - change: restart
    on_failure: Option<Spanned<String>>,
    /// Has the disk itself take the intent of a write before the write is forwarded.
    ///
    /// - default: `false`
    /// - change: restart
    sync: Option<Spanned<bool>>,
}

/// The smallest queue: some records of the longest kind.
const SMALLEST_QUEUE: u64 = 64 * 1024;

/// The longest time that a file is written to, which keeps sums of times far from their bounds: ten years.
const LONGEST_AGE: u64 = 10 * 366 * 86_400;

impl Table {
    /// What it says; `refuse` is told every mistake with its place, code and mend.
    pub(super) fn read(
        self,
        directory: &Path,
        mut refuse: impl FnMut(Span, &'static str, String, &'static str),
    ) -> Audit {
        let mut audit = Audit::default();
        if let Some(bytes) = self.queue_bytes {
            match usize::try_from(*bytes.get_ref()) {
                Ok(number) if *bytes.get_ref() >= SMALLEST_QUEUE => audit.queue_bytes = number,
                _ => {
                    let message = format!("`queue_bytes` must be at least {SMALLEST_QUEUE}");
                    refuse(bytes.span().into(), "audit-queue", message, "leave it out for 16777216");
                }
            }
        }
        if let Some(choice) = self.on_failure {
            audit.on_failure = match choice.get_ref().as_str() {
                "refuse" => OnFailure::Refuse,
                "refuse-writes" => OnFailure::RefuseWrites,
                "drop" => OnFailure::Drop,
                other => {
                    let message = format!("`{other}` does not say what becomes of calls that cannot be put on record");
                    let help = "write \"refuse\", \"refuse-writes\" or \"drop\"";
                    refuse(choice.span().into(), "audit-on-failure", message, help);
                    OnFailure::Refuse
                }
            };
        }
        let positive = [
            ("rotate_bytes", &self.rotate_bytes, 1 << 50),
            ("rotate_after", &self.rotate_after, LONGEST_AGE),
            ("keep", &self.keep, 1_000_000),
        ];
        for (name, value, most) in positive {
            let Some(value) = value else { continue };
            if self.file.is_none() {
                let message = format!("`{name}` is about a file, and records go to standard output");
                refuse(value.span().into(), "audit-rotation", message, "name a `file`, or leave it out");
            } else if *value.get_ref() == 0 || *value.get_ref() > most {
                let message = format!("`{name}` is a number from 1 to {most}");
                refuse(value.span().into(), "audit-rotation", message, "leave it out where none is needed");
            }
        }
        if let Some(keep) = self.keep.as_ref().filter(|_| self.rotate_bytes.is_none() && self.rotate_after.is_none()) {
            let message = "`keep` is about full files, and no other file is ever begun".to_owned();
            refuse(keep.span().into(), "audit-rotation", message, "say when with `rotate_bytes` or `rotate_after`");
        }
        if let Some(sync) = self.sync {
            audit.sync = *sync.get_ref();
            if audit.sync && self.file.is_none() {
                let message = "`sync` is about a file, and records go to standard output".to_owned();
                refuse(sync.span().into(), "audit-sync", message, "name a `file`, or leave it out");
            }
        }
        audit.file = self.file.map(|file| AuditFile {
            path: directory.join(file.get_ref()),
            rotate_bytes: self.rotate_bytes.map(Spanned::into_inner),
            rotate_after: self.rotate_after.map(|age| Duration::from_secs(age.into_inner())),
            keep: self.keep.and_then(|keep| usize::try_from(keep.into_inner()).ok()),
        });
        if let Some(file) = audit.file.as_ref().filter(|file| file.path.file_name().is_none()) {
            let message = format!("`{}` is no file to write records to", file.path.display());
            refuse(Span::default(), "audit-file", message, "name a file under [audit]");
        }
        audit
    }
}
