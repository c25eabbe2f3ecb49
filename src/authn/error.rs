//! Why a call is nobody's.

use secrecy::{ExposeSecret, SecretString};

use super::JournalError;
use crate::openapi::{Call, Scheme, error_record};

/// A call that is refused because it cannot be said whose it is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthnError {
    /// The call was made for another host (spec gate-rules G12).
    #[error("host `{host}` is not one that calls are accepted for here")]
    UnknownHost {
        /// The host of the call.
        host: String,
    },
    /// Nobody has this key.
    #[error("no such access key is known here")]
    UnknownKey,
    /// The key is disabled.
    #[error("the access key is disabled")]
    InactiveKey,
    /// The key was valid up to a time that is past.
    #[error("the access key is past the end of its validity")]
    EndedKey,
    /// A temporary key came without its token.
    #[error("the access key is temporary: send its security token with it")]
    MissingToken,
    /// The token is not the one that belongs to the key, or the key is permanent and has none.
    #[error("the security token does not belong to the access key")]
    ForeignToken,
    /// The session is over.
    #[error("the session of the access key is over: assume the role again")]
    EndedSession,
    /// The time of signing is not written as it must be.
    #[error("the time of signing is not of the form `2026-11-24T02:06:20Z`")]
    TimestampFormat,
    /// The time of signing is too far from now (spec openapi-wire 3.4).
    #[error("the time of signing is more than 15 minutes from the time here: check the clock")]
    TimestampExpired,
    /// The signature is not that of the call.
    #[error("the signature is not that of the call and the key")]
    SignatureMismatch(Mismatch),
    /// The nonce was used before.
    #[error("the nonce of the signature was used before: sign every attempt anew")]
    NonceUsed,
    /// The key has more calls in the time window than it has room for (spec gate-rules G12).
    #[error("the access key has made more calls within half an hour than its nonces are remembered for: slow down")]
    TooManyNonces,
    /// The nonce could not be written down, so the call is refused.
    #[error("the nonce cannot be recorded")]
    Journal(#[source] JournalError),
}

/// What the signature should have been made over. It holds what the caller sent, its token included, so neither
/// `Debug` nor the error's text shows it.
#[derive(Debug)]
pub struct Mismatch {
    scheme: Scheme,
    string_to_sign: SecretString,
    canonical_request: Option<SecretString>,
}

impl Mismatch {
    pub(super) fn new(call: &Call) -> Self {
        Self {
            scheme: call.scheme(),
            string_to_sign: SecretString::from(call.string_to_sign()),
            canonical_request: call.canonical_request().map(SecretString::from),
        }
    }
}

/// Whether a caller whose signature is wrong is told what it should have signed.
///
/// The service does so, and some SDKs tell a wrong secret from a wrong request by it; but the text repeats parameters
/// and security token of the caller, who may log it (spec openapi-wire 4.3, T22).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Echo {
    /// It is not told.
    #[default]
    Withheld,
    /// It is told.
    Shown,
}

impl AuthnError {
    /// The API's error code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownHost { .. } => "InvalidProduct.NotFound",
            Self::UnknownKey => "InvalidAccessKeyId.NotFound",
            Self::InactiveKey | Self::EndedKey => "InvalidAccessKeyId.Inactive",
            Self::MissingToken => "MissingSecurityToken",
            Self::ForeignToken => "InvalidSecurityToken.MismatchWithAccessKey",
            Self::EndedSession => "InvalidSecurityToken.Expired",
            Self::TimestampFormat => "InvalidTimeStamp.Format",
            Self::TimestampExpired => "InvalidTimeStamp.Expired",
            Self::SignatureMismatch(_) => "SignatureDoesNotMatch",
            Self::NonceUsed => "SignatureNonceUsed",
            Self::TooManyNonces => "Throttling.User",
            Self::Journal(_) => "ServiceUnavailable",
        }
    }

    /// The HTTP status of the answer.
    #[must_use]
    pub fn status(&self) -> u16 {
        error_record(self.code()).map_or(500, |record| record.status)
    }

    /// The `Message` of the answer: what the API says to this code, then what is wrong here. The two forms of
    /// `SignatureDoesNotMatch` are those of spec openapi-wire 4.1; that of V1 ends in `server string to sign is:` even
    /// where nothing follows, for the sake of the old Python core.
    ///
    /// With [`Echo::Shown`] the message of a wrong signature repeats what the caller sent: never log it.
    #[must_use]
    pub fn message(&self, echo: Echo) -> String {
        let record = error_record(self.code());
        let said = record.map(|record| record.message(None)).unwrap_or_default();
        match (self, echo) {
            (Self::SignatureMismatch(Mismatch { scheme: Scheme::RpcV1, string_to_sign, .. }), echo) => {
                let shown = if echo == Echo::Shown { string_to_sign.expose_secret() } else { "" };
                format!("{said} server string to sign is:{shown}")
            }
            (Self::SignatureMismatch(mismatch), Echo::Shown) => format!(
                "Specified signature does not match our calculation. server StringToSign is [{}] server CanonicalRequest \
                 is [{}]",
                mismatch.string_to_sign.expose_secret(),
                mismatch.canonical_request.as_ref().map_or("", |text| text.expose_secret())
            ),
            (Self::SignatureMismatch(_), Echo::Withheld) => {
                "Specified signature does not match our calculation.".to_owned()
            }
            _ => format!("{said} ({self})"),
        }
    }
}
