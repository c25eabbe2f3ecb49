//! The socket of an admin listener: TCP, or a file that only its owner can open.

use std::io;
use std::net::TcpListener;
#[cfg(unix)]
use std::os::unix::net::UnixListener;
#[cfg(unix)]
use std::path::{Path, PathBuf};

use super::Trust;
use crate::gateway::config::AdminPlace;
use crate::gateway::inherited::Inherited;

/// Connections that may wait to be accepted.
#[cfg(unix)]
const WAITING: u32 = 128;

/// A socket that listens.
pub(super) struct Socket {
    listener: Listener,
    place: AdminPlace,
    file: Option<SocketFile>,
}

enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

impl Socket {
    /// Takes the socket of `place` from `inherited`, or binds it. Must be called on a Tokio runtime.
    pub(super) fn bind(place: &AdminPlace, inherited: &mut Inherited) -> io::Result<Self> {
        match place {
            AdminPlace::Address(address) => {
                Self::tcp(inherited.tcp(*address).map_or_else(|| TcpListener::bind(address), Ok)?)
            }
            #[cfg(unix)]
            AdminPlace::Unix(path) => {
                let passed_on = inherited.unix(path);
                // The file of one that was passed on is that of whoever passed it on.
                let made = passed_on.is_none();
                let listener = passed_on.map_or_else(|| bind_file(path), Ok)?;
                listener.set_nonblocking(true)?;
                let file = made.then(|| SocketFile::of(path)).flatten();
                Ok(Self { listener: Listener::Unix(listener), place: AdminPlace::Unix(path.clone()), file })
            }
            #[cfg(not(unix))]
            AdminPlace::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn tcp(listener: TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let place = AdminPlace::Address(listener.local_addr()?);
        Ok(Self { listener: Listener::Tcp(listener), place, file: None })
    }

    pub(super) fn place(&self) -> &AdminPlace {
        &self.place
    }

    /// Its file, where it made one.
    pub(super) fn file(&mut self) -> Option<SocketFile> {
        self.file.take()
    }

    /// Takes connections on the runtime that is entered.
    pub(super) fn accepting(self) -> io::Result<Accepting> {
        Ok(match self.listener {
            Listener::Tcp(listener) => Accepting::Tcp(tokio::net::TcpListener::from_std(listener)?),
            #[cfg(unix)]
            Listener::Unix(listener) => Accepting::Unix(tokio::net::UnixListener::from_std(listener)?),
        })
    }
}

/// Binds a socket at `path` that only the process's own user can open; one that is there is replaced, and nothing else.
#[cfg(unix)]
fn bind_file(path: &Path) -> io::Result<UnixListener> {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt};
    match path.symlink_metadata() {
        Ok(found) if !found.file_type().is_socket() => {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "something other than a socket is there"));
        }
        _ => {}
    }
    // Under another name until it is what it has to be, so that there is no moment at which others can open it, and
    // none at which a client finds nothing.
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    if new.symlink_metadata().is_ok_and(|found| found.file_type().is_socket()) {
        std::fs::remove_file(&new)?;
    }
    let socket = tokio::net::UnixSocket::new_stream()?;
    socket.bind(&new)?;
    std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o600))?;
    let listener = socket.listen(WAITING)?.into_std()?;
    std::fs::rename(&new, path)?;
    Ok(listener)
}

/// A unix socket's file. Dropped, it removes the file unless another has taken its place.
#[derive(Debug)]
pub(in crate::gateway) struct SocketFile {
    #[cfg(unix)]
    path: PathBuf,
    #[cfg(unix)]
    inode: u64,
}

#[cfg(unix)]
impl SocketFile {
    fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        Some(Self { path: path.to_owned(), inode: path.symlink_metadata().ok()?.ino() })
    }
}

#[cfg(unix)]
impl Drop for SocketFile {
    fn drop(&mut self) {
        use std::os::unix::fs::MetadataExt;
        if self.path.symlink_metadata().is_ok_and(|found| found.ino() == self.inode) {
            // Whatever keeps it from being removed, the next start replaces it.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// A socket whose connections are taken.
pub(super) enum Accepting {
    Tcp(tokio::net::TcpListener),
    #[cfg(unix)]
    Unix(tokio::net::UnixListener),
}

/// A connection.
pub(super) enum Stream {
    Tcp(tokio::net::TcpStream),
    #[cfg(unix)]
    Unix(tokio::net::UnixStream),
}

impl Accepting {
    pub(super) async fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(listener) => listener.accept().await.map(|(stream, _)| Stream::Tcp(stream)),
            #[cfg(unix)]
            Self::Unix(listener) => listener.accept().await.map(|(stream, _)| Stream::Unix(stream)),
        }
    }

    /// What coming through it says, as long as there is no certificate.
    pub(super) fn trust(&self) -> Trust {
        match self {
            Self::Tcp(_) => Trust::Loopback,
            #[cfg(unix)]
            Self::Unix(_) => Trust::Shown,
        }
    }
}
