//! Where a gate is looked after.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Serialize;

use super::{ClientCertificates, TlsFiles};

/// The admin listener (spec gate-rules G18).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Admin {
    /// Where it listens.
    pub place: AdminPlace,
    /// TLS with client certificates, without which it listens on loopback and unix sockets only.
    pub tls: Option<AdminTls>,
}

/// An address or a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AdminPlace {
    /// Address to bind; port 0 lets the system choose.
    Address(SocketAddr),
    /// Path of a unix socket.
    Unix(PathBuf),
}

/// PEM files of an admin listener that others can reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AdminTls {
    /// Certificate chain, the listener's own first.
    pub certificate: PathBuf,
    /// Private key.
    pub key: PathBuf,
    /// The authorities whose certificates clients must show.
    pub clients: PathBuf,
}

impl AdminTls {
    /// The files of a listener without HTTP/2 that takes nobody who shows no certificate.
    #[must_use]
    pub fn files(&self) -> TlsFiles {
        let clients = ClientCertificates { authorities: self.clients.clone(), required: true };
        TlsFiles { certificate: self.certificate.clone(), key: self.key.clone(), http2: false, clients: Some(clients) }
    }
}

impl std::fmt::Display for AdminPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Address(address) => write!(f, "{address}"),
            Self::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}
