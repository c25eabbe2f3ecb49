//! The lines of the files of a log, in order.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::gateway::audit;

/// How often a file that is followed is looked at.
const POLL: Duration = Duration::from_millis(100);

/// A line, and where it stands.
pub(super) struct Read {
    /// `FILE:LINE`.
    pub(super) place: String,
    pub(super) line: Vec<u8>,
}

/// The lines of all files.
pub(super) struct Files {
    waiting: VecDeque<PathBuf>,
    open: Option<Open>,
    follow: bool,
}

struct Open {
    path: PathBuf,
    reader: Box<dyn BufRead>,
    /// What the path led to when it was opened.
    identity: Option<u64>,
    lines: usize,
    /// The beginning of a line that is not whole yet.
    begun: Vec<u8>,
}

impl Files {
    /// The lines of `files`, each after those that were set aside for it unless only the `current` ones are asked for.
    pub(super) fn new(files: &[PathBuf], current: bool, follow: bool) -> Result<Self, String> {
        if follow && !matches!(files, [file] if file.as_os_str() != "-") {
            return Err("--follow takes one file".to_owned());
        }
        let mut waiting = VecDeque::new();
        for file in files {
            let is_stream = file.as_os_str() == "-";
            let before = if current || is_stream { Ok(Vec::new()) } else { audit::rotated(file) };
            let before =
                before.map_err(|error| format!("the folder of `{}` cannot be read: {error}", file.display()))?;
            for path in before.into_iter().chain([file.clone()]) {
                if !waiting.contains(&path) {
                    waiting.push_back(path);
                }
            }
        }
        Ok(Self { waiting, open: None, follow })
    }

    /// Whether another file has the name of the one that is open, or its place is empty.
    fn is_replaced(open: &Open) -> bool {
        open.identity.is_some() && identity(&open.path).is_some_and(|now| Some(now) != open.identity)
    }
}

impl Iterator for Files {
    type Item = Result<Read, String>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some(open) = &mut self.open else {
                let path = self.waiting.pop_front()?;
                match Open::new(path.clone()) {
                    Ok(open) => self.open = Some(open),
                    Err(error) => return Some(Err(format!("`{}` cannot be read: {error}", path.display()))),
                }
                continue;
            };
            let last = self.waiting.is_empty();
            match open.reader.read_until(b'\n', &mut open.begun) {
                Err(error) => {
                    let message = format!("`{}` cannot be read further: {error}", open.path.display());
                    self.open = None;
                    return Some(Err(message));
                }
                Ok(_) if open.begun.ends_with(b"\n") => return Some(Ok(open.take())),
                Ok(_) if self.follow && last => {
                    // What was written before the other one was begun comes first.
                    if Self::is_replaced(open) {
                        let path = open.path.clone();
                        match open.reader.read_until(b'\n', &mut open.begun) {
                            Ok(more) if more > 0 => continue,
                            _ => self.waiting.push_back(path),
                        }
                        let rest = open.rest();
                        self.open = None;
                        if let Some(rest) = rest {
                            return Some(Ok(rest));
                        }
                    } else {
                        std::thread::sleep(POLL);
                    }
                }
                Ok(_) => {
                    let rest = open.rest();
                    self.open = None;
                    if let Some(rest) = rest {
                        return Some(Ok(rest));
                    }
                }
            }
        }
    }
}

impl Open {
    fn new(path: PathBuf) -> io::Result<Self> {
        if path.as_os_str() == "-" {
            return Ok(Self {
                path,
                reader: Box::new(io::stdin().lock()),
                identity: None,
                lines: 0,
                begun: Vec::new(),
            });
        }
        let file = File::open(&path)?;
        let identity = identity_of(&file.metadata()?);
        Ok(Self { path, reader: Box::new(BufReader::new(file)), identity, lines: 0, begun: Vec::new() })
    }

    fn take(&mut self) -> Read {
        self.lines += 1;
        Read { place: format!("{}:{}", self.path.display(), self.lines), line: std::mem::take(&mut self.begun) }
    }

    /// The last line, where it was broken off.
    fn rest(&mut self) -> Option<Read> {
        (!self.begun.is_empty()).then(|| self.take())
    }
}

fn identity(path: &Path) -> Option<u64> {
    path.metadata().ok().and_then(|metadata| identity_of(&metadata))
}

#[cfg(unix)]
#[allow(clippy::unnecessary_wraps, reason = "elsewhere a file has none")]
fn identity_of(metadata: &std::fs::Metadata) -> Option<u64> {
    Some(std::os::unix::fs::MetadataExt::ino(metadata))
}

#[cfg(not(unix))]
fn identity_of(_: &std::fs::Metadata) -> Option<u64> {
    None
}
