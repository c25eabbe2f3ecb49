//! TLS of listeners and upstreams: rustls with aws-lc-rs, certificates from PEM files.

use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use super::config::{ClientCertificates, TlsFiles};
use crate::store::secret::{self, SecretError};

/// A certificate, key or authority file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The file cannot be read, or holds no PEM section of the kind asked for.
    #[error("`{}` holds no usable {what}: {reason}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
        /// What the reader said.
        reason: String,
    },
    /// The private key cannot be read, or others than its owner can read it too.
    #[error(transparent)]
    Key(#[from] SecretError),
    /// Certificate and key were read, and do not go together or are refused by rustls.
    #[error("`{}` and its key are refused: {source}", path.display())]
    Refused {
        /// The certificate file.
        path: PathBuf,
        /// What rustls said.
        source: rustls::Error,
    },
    /// The host of an upstream is none that can be called.
    #[error("the upstream `{host}` cannot be called: {reason}")]
    Name {
        /// Host and port.
        host: String,
        /// Why.
        reason: String,
    },
    /// The protocol versions that ramgate asks for are not there.
    #[error("TLS 1.2 and 1.3 cannot be set up: {0}")]
    Versions(rustls::Error),
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

fn pem(path: &Path, what: &'static str, reason: impl ToString) -> TlsError {
    TlsError::Pem { path: path.to_owned(), what, reason: reason.to_string() }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| pem(path, "certificate", error))?;
    if certificates.is_empty() {
        return Err(pem(path, "certificate", "no `BEGIN CERTIFICATE` section in it"));
    }
    Ok(certificates)
}

/// The name of HTTP/2 in ALPN.
pub(super) const H2: &[u8] = b"h2";

/// What a TLS listener presents and asks for: TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1 by ALPN, certificates of clients.
///
/// # Errors
/// [`TlsError`] where a file cannot be read, others can read the key, or certificate and key do not go together.
pub fn server(files: &TlsFiles) -> Result<Arc<ServerConfig>, TlsError> {
    let chain = certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_reader(BufReader::new(secret::open(&files.key)?));
    let key = key.map_err(|error| pem(&files.key, "private key", error))?;
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Versions)?
        .with_client_cert_verifier(clients(files.clients.as_ref())?)
        .with_single_cert(chain, key)
        .map_err(|source| TlsError::Refused { path: files.certificate.clone(), source })?;
    if files.clients.is_some() {
        // A resumed session would not be verified anew.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    }
    config.alpn_protocols = if files.http2 { vec![H2.to_vec()] } else { Vec::new() };
    config.alpn_protocols.push(b"http/1.1".to_vec());
    Ok(Arc::new(config))
}

fn clients(clients: Option<&ClientCertificates>) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let Some(ClientCertificates { authorities: path, required }) = clients else {
        return Ok(WebPkiClientVerifier::no_client_auth());
    };
    let refused = |error: &dyn std::error::Error| pem(path, "certificate authority", error);
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|error| refused(&error))?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
    let verifier = if *required { verifier } else { verifier.allow_unauthenticated() };
    verifier.build().map_err(|error| refused(&error))
}

/// The certificate of a listener, as its files held it when they were last read without a mistake.
#[derive(Debug)]
pub struct Certificate {
    files: TlsFiles,
    current: ArcSwap<ServerConfig>,
}

impl Certificate {
    /// Reads `files`.
    ///
    /// # Errors
    /// As [`server`].
    pub fn read(files: &TlsFiles) -> Result<Self, TlsError> {
        Ok(Self { files: files.clone(), current: ArcSwap::new(server(files)?) })
    }

    /// What the next connection is shown.
    #[must_use]
    pub fn current(&self) -> Arc<ServerConfig> {
        self.current.load_full()
    }

    /// Reads the files anew, for [`replace`](Self::replace).
    ///
    /// # Errors
    /// As [`server`]; the certificate stays what it was.
    pub fn again(&self) -> Result<Arc<ServerConfig>, TlsError> {
        server(&self.files)
    }

    /// Shows another from the next connection on; those that are open go on.
    pub fn replace(&self, config: Arc<ServerConfig>) {
        self.current.store(config);
    }
}

/// How upstreams are trusted: the web's authorities, and those of `ca` where it is given.
///
/// # Errors
/// [`TlsError`] where `ca` cannot be read.
pub fn client(ca: Option<&Path>) -> Result<ClientConfig, TlsError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = ca {
        for certificate in certificates(path)? {
            roots.add(certificate).map_err(|error| pem(path, "certificate authority", error))?;
        }
    }
    Ok(ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Versions)?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
