//! The certificate that a client shows. It narrows: what is signed with a key is refused where the certificate does not
//! name the key's own principal. It is no signature, and nothing is allowed for it (spec gate-rules G10).

use rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

use crate::identity::Principal;

/// What the names that count begin with.
const PREFIX: &str = "acs:ram::";

/// Most names that are told of a certificate.
const MOST_TOLD: usize = 4;

/// The principals that a client's certificate names, which was verified in the handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    names: Vec<String>,
}

/// A call that is signed for somebody whom the client's certificate does not name.
#[derive(Debug, thiserror::Error)]
#[error("the client certificate does not name `{principal}`, whose key signed the call: it names {}", told(names))]
pub struct CertificateMismatch {
    principal: String,
    names: Vec<String>,
}

fn told(names: &[String]) -> String {
    let shown = names.iter().take(MOST_TOLD).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MOST_TOLD) {
        0 if names.is_empty() => format!("nobody by a URI of the form `{PREFIX}ACCOUNT:user/NAME`"),
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

impl ClientCertificate {
    /// The principals that the URIs among its subject alternative names name; of one that cannot be read, nobody.
    pub(super) fn read(certificate: &CertificateDer<'_>) -> Self {
        let names = EndEntityCert::try_from(certificate).map(|certificate| {
            certificate.valid_uri_names().filter(|name| name.starts_with(PREFIX)).map(str::to_owned).collect()
        });
        Self { names: names.unwrap_or_default() }
    }

    /// Whether it names `principal`: letter by letter its ARN, which for a session is that of its role.
    pub(super) fn admit(&self, principal: &Principal) -> Result<(), CertificateMismatch> {
        let arn = principal.arn();
        if self.names.contains(&arn) {
            return Ok(());
        }
        Err(CertificateMismatch { principal: arn, names: self.names.clone() })
    }
}
