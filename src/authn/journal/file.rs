//! One file of a journal, and the previous one that it will take the place of.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{JournalError, Written, beside, file_error};

/// First line of a journal.
pub(super) const HEADER: &str = "ramgate nonces 1\n";

/// Bytes from which on a file may take the previous one's place.
const TURN_AT: u64 = if cfg!(test) { 16 * 1024 } else { 1024 * 1024 };

/// A file that lines are appended to.
#[derive(Debug)]
pub(super) struct JournalFile {
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

impl JournalFile {
    /// Puts a file with `text`, whose latest end is `latest`, into the place of the one at `path`. The whole goes into one
    /// new file before the old one goes, so that a crash in between loses nothing.
    pub(super) fn begin(path: &Path, text: &str, latest: Option<Timestamp>) -> std::io::Result<Self> {
        let (new, file) = write_new(path, text)?;
        std::fs::rename(&new, path)?;
        let length = (HEADER.len() + text.len()) as u64;
        let (path, previous) = (path.to_owned(), previous(path));
        Ok(Self { path, previous, file, length, latest, previous_latest: None, broken: None })
    }

    /// Appends whole `lines`, of which the latest end is `end`; `now` says what is past its end.
    pub(super) fn write(&mut self, lines: &str, end: Option<Timestamp>, now: Option<Timestamp>) -> Written {
        if let Some(broken) = &self.broken {
            return Err(broken.clone());
        }
        if let Some(now) = now {
            self.turn(now).map_err(|error| file_error(&self.path, &error))?;
        }
        if let Err(error) = self.file.write_all(lines.as_bytes()) {
            let error = file_error(&self.path, &error);
            if self.file.set_len(self.length).is_err() {
                self.broken = Some(error.clone());
            }
            return Err(error);
        }
        self.length += lines.len() as u64;
        self.latest = self.latest.max(end);
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

/// Where the file before that at `path` is.
pub(super) fn previous(path: &Path) -> PathBuf {
    beside(path, ".previous")
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
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600)
    }
    #[cfg(not(unix))]
    options
}
