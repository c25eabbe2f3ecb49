//! TLS that asks for a certificate: what an admin listener has that others can reach.

use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use crate::gateway::config::AdminTls;
use crate::gateway::tls::{TlsError, certificates, pem, provider};

/// The certificates of an admin listener, as their files held them when they were last read without a mistake.
#[derive(Debug)]
pub(in crate::gateway) struct Mutual {
    files: AdminTls,
    current: ArcSwap<ServerConfig>,
}

impl Mutual {
    /// Reads `files`.
    pub(in crate::gateway) fn read(files: &AdminTls) -> Result<Self, TlsError> {
        Ok(Self { files: files.clone(), current: ArcSwap::new(server(files)?) })
    }

    /// What the next connection is held to.
    pub(super) fn current(&self) -> Arc<ServerConfig> {
        self.current.load_full()
    }

    /// Reads the files anew, for [`replace`](Self::replace).
    pub(in crate::gateway) fn again(&self) -> Result<Arc<ServerConfig>, TlsError> {
        server(&self.files)
    }

    /// Holds the next connection to another.
    pub(in crate::gateway) fn replace(&self, config: Arc<ServerConfig>) {
        self.current.store(config);
    }
}

/// A server that takes nobody who shows no certificate of one of the authorities.
pub(in crate::gateway) fn server(files: &AdminTls) -> Result<Arc<ServerConfig>, TlsError> {
    let chain = certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| pem(&files.key, "private key", error))?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&files.clients)? {
        roots.add(certificate).map_err(|error| pem(&files.clients, "certificate authority", error))?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
        .build()
        .map_err(|error| pem(&files.clients, "certificate authority", error))?;
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Versions)?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(|source| TlsError::Refused { path: files.certificate.clone(), source })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
