//! Where the lines of the log go.

use std::io::{self, ErrorKind, Write};
use std::time::Duration;

/// How long a stream that takes nothing just now is left alone.
const BREATHER: Duration = Duration::from_millis(5);

/// Bytes that Linux writes to a pipe as one, so that a reader who stops has whole lines.
const PIPE: usize = 4096;

/// What the writer of the log writes to. Every method may take its time: calls do not wait for it.
pub trait Output: Send + 'static {
    /// Writes whole lines.
    ///
    /// # Errors
    /// [`Unwritten`] where not all of them were; those that were are not given again.
    fn write(&mut self, lines: &[u8]) -> Result<(), Unwritten>;

    /// Bytes that one write should not exceed, so that lines are taken whole or not at all.
    fn at_once(&self) -> usize {
        usize::MAX
    }

    /// Has the disk itself take what was written.
    ///
    /// # Errors
    /// What the system says.
    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Goes on at the same place by name, where that is another one by now.
    ///
    /// # Errors
    /// What the system says; what was written to before stays in use.
    fn reopen(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Lines that were not written.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Unwritten {
    /// How many bytes, from the first, need no second attempt.
    pub written: usize,
    /// What the system says.
    pub error: io::Error,
}

/// A stream, as standard output is one.
#[derive(Debug)]
pub struct Stream<W>(pub W);

impl<W: Write + Send + 'static> Output for Stream<W> {
    fn at_once(&self) -> usize {
        PIPE
    }

    fn write(&mut self, lines: &[u8]) -> Result<(), Unwritten> {
        let (written, result) = write_all(&mut self.0, lines);
        // What a stream took is gone, in the middle of a line as well.
        result.and_then(|()| self.0.flush()).map_err(|error| Unwritten { written, error })
    }
}

/// Writes as much as can be, and says how much that is.
pub(super) fn write_all(stream: &mut impl Write, bytes: &[u8]) -> (usize, io::Result<()>) {
    let mut written = 0;
    while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
        match stream.write(rest) {
            Ok(0) => return (written, Err(ErrorKind::WriteZero.into())),
            Ok(more) => written += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(BREATHER),
            Err(error) => return (written, Err(error)),
        }
    }
    (written, Ok(()))
}

/// Standard output, without a buffer in between that would hide how much of a line was taken.
pub(super) fn stdout() -> io::Result<Box<dyn Output>> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        let descriptor = io::stdout().as_fd().try_clone_to_owned()?;
        Ok(Box::new(Stream(std::fs::File::from(descriptor))))
    }
    #[cfg(not(unix))]
    Ok(Box::new(Stream(io::stdout())))
}

impl Output for Box<dyn Output> {
    fn write(&mut self, lines: &[u8]) -> Result<(), Unwritten> {
        (**self).write(lines)
    }

    fn at_once(&self) -> usize {
        (**self).at_once()
    }

    fn sync(&mut self) -> io::Result<()> {
        (**self).sync()
    }

    fn reopen(&mut self) -> io::Result<()> {
        (**self).reopen()
    }
}
