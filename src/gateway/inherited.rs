//! Sockets that the process was started with, by systemd's `LISTEN_FDS`: they outlive it, so that a restart loses no
//! connection.

use std::io;
use std::net::{SocketAddr, TcpListener};
#[cfg(unix)]
use std::os::unix::net::UnixListener;
#[cfg(unix)]
use std::path::Path;

/// Sockets that listen already, each for the listener of its address or path.
#[derive(Debug, Default)]
pub struct Inherited {
    tcp: Vec<(SocketAddr, TcpListener)>,
    #[cfg(unix)]
    unix: Vec<(std::path::PathBuf, UnixListener)>,
}

impl Inherited {
    /// The sockets that the environment tells of; none where it tells of none. It takes what it read out of the
    /// environment, so call it before there are other threads.
    ///
    /// # Errors
    /// Where one of them is no stream socket with an address or a path.
    #[cfg(unix)]
    pub fn from_environment() -> io::Result<Self> {
        let mut passed = listenfd::ListenFd::from_env();
        let mut inherited = Self::default();
        for index in 0..passed.len() {
            if let Ok(Some(listener)) = passed.take_tcp_listener(index) {
                inherited.tcp.push((listener.local_addr()?, listener));
            } else if let Some(listener) = passed.take_unix_listener(index)? {
                let address = listener.local_addr()?;
                let path = address.as_pathname();
                let path = path.ok_or_else(|| io::Error::other("a unix socket without a path was passed on"))?;
                inherited.unix.push((path.to_owned(), listener));
            }
        }
        Ok(inherited)
    }

    /// None: there is nothing of the kind on this system.
    ///
    /// # Errors
    /// Never.
    #[cfg(not(unix))]
    pub fn from_environment() -> io::Result<Self> {
        Ok(Self::default())
    }

    /// The socket that listens on `address`.
    pub(super) fn tcp(&mut self, address: SocketAddr) -> Option<TcpListener> {
        let at = self.tcp.iter().position(|(known, _)| *known == address)?;
        Some(self.tcp.swap_remove(at).1)
    }

    /// The unix socket at `path`.
    #[cfg(unix)]
    pub(super) fn unix(&mut self, path: &Path) -> Option<UnixListener> {
        let at = self.unix.iter().position(|(known, _)| known == path)?;
        Some(self.unix.swap_remove(at).1)
    }

    /// A socket that nothing has asked for: connections to it would wait for ever.
    pub(super) fn unclaimed(&self) -> Option<String> {
        let tcp = self.tcp.first().map(|(address, _)| address.to_string());
        #[cfg(unix)]
        let tcp = tcp.or_else(|| self.unix.first().map(|(path, _)| path.display().to_string()));
        tcp
    }
}
