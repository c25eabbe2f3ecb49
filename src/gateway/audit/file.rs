//! A file of records that is set aside for another one when it is full or old.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use super::output::{Output, Unwritten, write_all};
use crate::gateway::config::AuditFile;

/// How the time stands in the name of a file that was set aside: names in order are files in order.
const STAMP: &str = "%Y%m%dT%H%M%S%.6fZ";

/// Letters of such a time.
const STAMP_LENGTH: usize = 23;

/// Behind the name of the file: another one that is about to take its place.
const NEXT: &str = ".next";

/// How long it takes until a rotation that failed is tried again; until then the file grows.
const ROTATION_PAUSE: Duration = Duration::from_secs(10);

/// Records go to the end of a file; a full or old one is renamed, and those beyond the number that is kept are removed.
#[derive(Debug)]
pub struct RotatedFile {
    config: AuditFile,
    file: File,
    length: u64,
    born: SystemTime,
    /// Whether the file ends within a line.
    torn: bool,
    rotation_failed: Option<SystemTime>,
}

impl RotatedFile {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(config: &AuditFile) -> io::Result<Self> {
        Self::open_at(config, &config.path)
    }

    /// Opens the file that is at `path` now, or makes it.
    fn open_at(config: &AuditFile, path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
        let file = options.open(path)?;
        let metadata = file.metadata()?;
        let length = if metadata.is_file() { metadata.len() } else { 0 };
        let torn = length > 0 && last_byte(path)? != b'\n';
        let born = if length > 0 { metadata.created().or_else(|_| metadata.modified()).ok() } else { None };
        Ok(Self {
            config: config.clone(),
            file,
            length,
            born: born.unwrap_or_else(SystemTime::now),
            torn,
            rotation_failed: None,
        })
    }

    fn is_due(&self, further: u64) -> bool {
        let paused = |at: SystemTime| at.elapsed().is_ok_and(|passed| passed < ROTATION_PAUSE);
        if self.length == 0 || self.rotation_failed.is_some_and(paused) {
            return false;
        }
        let full = self.config.rotate_bytes.is_some_and(|most| self.length.saturating_add(further) > most);
        // A clock that was set back makes a file younger, never older.
        full || self.config.rotate_after.is_some_and(|most| self.born.elapsed().is_ok_and(|age| age >= most))
    }

    /// Sets the file aside and begins another.
    fn rotate(&mut self) -> io::Result<()> {
        let path = &self.config.path;
        // Somebody else may have set it aside already.
        if !is_same(&self.file, path) {
            *self = Self::open(&self.config)?;
            return Ok(());
        }
        // The other one is opened first: where there is none to be had this one keeps its name, since what was set
        // aside is taken for whole.
        let mut next = OsString::from(path);
        next.push(NEXT);
        let new = Self::open_at(&self.config, Path::new(&next))?;
        let aside = loop {
            let aside = aside(path, Timestamp::now());
            if !aside.try_exists()? {
                break aside;
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        fs::rename(path, &aside)?;
        if let Err(error) = fs::rename(&next, path) {
            fs::rename(&aside, path)?;
            return Err(error);
        }
        *self = new;
        self.prune();
        Ok(())
    }

    /// Removes the oldest files beyond the number that is kept.
    fn prune(&self) {
        let Some(keep) = self.config.keep else { return };
        let aside = match rotated(&self.config.path) {
            Ok(aside) => aside,
            Err(error) => return tracing::warn!(%error, "full files of the audit log cannot be listed"),
        };
        let surplus = aside.len().saturating_sub(keep);
        for path in aside.iter().take(surplus) {
            if let Err(error) = fs::remove_file(path) {
                tracing::warn!(path = %path.display(), %error, "a full file of the audit log cannot be removed");
            }
        }
    }

    /// How much of `lines` goes into this file, up to the end of a line and one line at least.
    fn share(&self, lines: &[u8]) -> usize {
        let room = self.config.rotate_bytes.map_or(u64::MAX, |most| most.saturating_sub(self.length));
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        if self.rotation_failed.is_some() {
            return lines.len();
        }
        let within = lines.get(..room.min(lines.len())).and_then(|part| part.iter().rposition(|byte| *byte == b'\n'));
        let first = || lines.iter().position(|byte| *byte == b'\n');
        if room >= lines.len() { lines.len() } else { within.or_else(first).map_or(lines.len(), |end| end + 1) }
    }

    /// Writes lines to the file that is open. Where that breaks off within a line, what there is of it is taken back.
    fn append(&mut self, lines: &[u8]) -> Result<(), Unwritten> {
        if self.torn {
            let (written, result) = write_all(&mut self.file, b"\n");
            self.length += written as u64;
            result.map_err(|error| Unwritten { written: 0, error })?;
            self.torn = false;
        }
        let (written, result) = write_all(&mut self.file, lines);
        self.length += written as u64;
        result.map_err(|error| {
            let whole = lines.get(..written).and_then(|part| part.iter().rposition(|byte| *byte == b'\n'));
            let whole = whole.map_or(0, |end| end + 1);
            if written > whole {
                let end = self.length - (written - whole) as u64;
                // Only where nobody else has written behind it.
                let ours = self.file.metadata().is_ok_and(|metadata| metadata.len() == self.length);
                if ours && self.file.set_len(end).is_ok() {
                    self.length = end;
                } else {
                    self.torn = true;
                }
            }
            Unwritten { written: whole, error }
        })
    }
}

impl Output for RotatedFile {
    fn write(&mut self, lines: &[u8]) -> Result<(), Unwritten> {
        let mut written = 0;
        while let Some(rest) = lines.get(written..).filter(|rest| !rest.is_empty()) {
            let first = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
            if self.is_due(first as u64) {
                match self.rotate() {
                    Ok(()) => {}
                    // The records matter more than the size of their file.
                    Err(error) => {
                        let path = self.config.path.display();
                        tracing::warn!(%path, %error, "the file of the audit log cannot be rotated and grows on");
                        self.rotation_failed = Some(SystemTime::now());
                    }
                }
            }
            let share = rest.get(..self.share(rest)).unwrap_or(rest);
            match self.append(share) {
                Ok(()) => written += share.len(),
                Err(Unwritten { written: more, error }) => return Err(Unwritten { written: written + more, error }),
            }
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn reopen(&mut self) -> io::Result<()> {
        *self = Self::open(&self.config)?;
        Ok(())
    }
}

fn last_byte(path: &Path) -> io::Result<u8> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::End(-1))?;
    let mut byte = [0];
    file.read_exact(&mut byte)?;
    let [byte] = byte;
    Ok(byte)
}

/// Whether `file` is what `path` leads to.
fn is_same(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let (Ok(open), Ok(named)) = (file.metadata(), path.metadata()) else { return false };
        (open.dev(), open.ino()) == (named.dev(), named.ino())
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        path.exists()
    }
}

/// The name of the file at `path` once it is set aside.
fn aside(path: &Path, at: Timestamp) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(format!(".{}", at.strftime(STAMP)));
    name.into()
}

/// The files that were set aside for `path`, oldest first.
///
/// # Errors
/// What the system says of the folder.
pub fn rotated(path: &Path) -> io::Result<Vec<PathBuf>> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return Ok(Vec::new()) };
    let mut aside = Vec::new();
    for entry in folder.read_dir()? {
        let other = entry?.file_name();
        let stamp = other.to_str().and_then(|other| other.strip_prefix(name)?.strip_prefix('.'));
        if stamp.is_some_and(is_stamp) {
            aside.push(path.with_file_name(other));
        }
    }
    aside.sort();
    Ok(aside)
}

fn is_stamp(text: &str) -> bool {
    let shape = |(at, letter): (usize, u8)| match at {
        8 => letter == b'T',
        15 => letter == b'.',
        22 => letter == b'Z',
        _ => letter.is_ascii_digit(),
    };
    text.len() == STAMP_LENGTH && text.bytes().enumerate().all(shape)
}
