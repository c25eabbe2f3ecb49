//! The signals that end a serving command.

use std::io;

/// SIGTERM and SIGINT; elsewhere than on Unix, Ctrl-C.
///
/// From [`listen`](Self::listen) on neither ends the process by itself, so listen before saying that the command is ready.
pub(super) struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for the next of them.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Waits for the next of them.
    pub(super) async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            // Without a handler Ctrl-C ends the process by itself.
            std::future::pending::<()>().await;
        }
    }
}

/// SIGHUP, which asks for a reload; elsewhere than on Unix it never comes.
pub(super) struct Hangups {
    #[cfg(unix)]
    hangup: tokio::signal::unix::Signal,
}

impl Hangups {
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            hangup: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())?,
        })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) {
        #[cfg(unix)]
        self.hangup.recv().await;
        #[cfg(not(unix))]
        std::future::pending::<()>().await;
    }
}

/// The signal that ends a process which writes more to a file than its limit allows. From [`listen`](Self::listen) on,
/// for as long as the process lives, such a write fails instead.
pub(super) struct FileSizeLimit {
    #[cfg(unix)]
    _signal: io::Result<tokio::signal::unix::Signal>,
}

impl FileSizeLimit {
    /// SIGXFSZ has this number on every Unix but a few on MIPS.
    #[cfg(unix)]
    const SIGXFSZ: i32 = 25;

    pub(super) fn listen() -> Self {
        Self {
            #[cfg(unix)]
            _signal: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::from_raw(Self::SIGXFSZ)),
        }
    }
}
