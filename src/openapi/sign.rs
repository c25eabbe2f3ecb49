//! Signing.
//!
//! [`sign_acs3`] writes a whole call in V3 as the Python SDK sends it; [`acs3_signature`] and [`rpc_v1_signature`] are
//! the signatures themselves.

use std::borrow::Cow;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use super::canonical::{ACS3, CanonicalRequest, canonical_query, hex, rpc_v1_string_to_sign, sha256_hex};
use super::{Format, percent};
use crate::catalog::Parameters;

/// Bytes of the encoded parameters up to which they travel in the query. Above it they go into a form body: servers
/// and proxies commonly take request lines of 8 KiB and no more.
pub const LONGEST_QUERY: usize = 7 * 1024;

/// An access key to sign with. Its secret appears in no `Debug` output.
#[derive(Debug, Clone)]
pub struct Credential {
    /// Id of the access key.
    pub access_key_id: String,
    /// Its secret.
    pub secret: SecretString,
    /// The session token, where the key belongs to a session.
    pub security_token: Option<SecretString>,
}

/// What calls are signed with in V3: a credential, or what is left of one.
pub trait Signer: std::fmt::Debug {
    /// Id of the access key.
    fn access_key_id(&self) -> &str;
    /// The session token, where the key belongs to a session.
    fn security_token(&self) -> Option<&SecretString>;
    /// The V3 signature of a canonical request, as [`acs3_signature`].
    fn acs3_signature(&self, canonical: &CanonicalRequest<'_>) -> String;
}

impl Signer for Credential {
    fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    fn security_token(&self) -> Option<&SecretString> {
        self.security_token.as_ref()
    }

    fn acs3_signature(&self, canonical: &CanonicalRequest<'_>) -> String {
        acs3_signature(canonical, &self.secret)
    }
}

/// A credential made ready to sign many calls with. Its secret is kept only as an HMAC key.
pub struct SigningKey {
    access_key_id: String,
    hmac: hmac::Key,
    security_token: Option<SecretString>,
}

impl SigningKey {
    /// Makes `credential` ready.
    #[must_use]
    pub fn new(credential: Credential) -> Self {
        Self {
            hmac: acs3_key(&credential.secret),
            access_key_id: credential.access_key_id,
            security_token: credential.security_token,
        }
    }
}

impl Signer for SigningKey {
    fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    fn security_token(&self) -> Option<&SecretString> {
        self.security_token.as_ref()
    }

    fn acs3_signature(&self, canonical: &CanonicalRequest<'_>) -> String {
        signature_by(&self.hmac, canonical)
    }
}

/// Which key it is, and nothing of its secret.
impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// A call to be signed.
#[derive(Debug, Clone, Copy)]
pub struct SigningRequest<'a> {
    /// Host, with its port where that is not the default one, as the `Host` header will carry it.
    pub host: &'a str,
    /// The operation.
    pub action: &'a str,
    /// The version of the API.
    pub version: &'a str,
    /// The business parameters.
    pub parameters: &'a Parameters,
    /// The key to sign with.
    pub credential: &'a dyn Signer,
    /// The time of signing; whole seconds count.
    pub date: Timestamp,
    /// A text that no other call with this key carries, a random UUID for instance.
    pub nonce: &'a str,
    /// The format that the answer is wanted in.
    pub format: Format,
}

/// A signed request, ready to be sent.
#[derive(Clone)]
pub struct SignedRequest {
    /// `POST` for every call.
    pub method: &'static str,
    /// The target in origin form.
    pub target: String,
    /// Names in lower case and values, `host` and `authorization` among them; `content-length` is left to the client.
    pub headers: Vec<(Cow<'static, str>, String)>,
    /// The body; empty unless the parameters were too long for a query.
    pub body: Bytes,
}

/// Only where it goes: target, headers and body carry parameters, token and signature.
impl std::fmt::Debug for SignedRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedRequest").field("method", &self.method).finish_non_exhaustive()
    }
}

/// Signs a call in V3: a POST with the parameters in the query and an empty body, or in a form where the query would
/// be longer than [`LONGEST_QUERY`]. `host`, every `x-acs-` header and `content-type` are signed.
#[must_use]
pub fn sign_acs3(request: &SigningRequest<'_>) -> SignedRequest {
    let encoded = canonical_query(request.parameters);
    let (query, body) = if encoded.len() > LONGEST_QUERY { ("", encoded.as_str()) } else { (encoded.as_str(), "") };
    let payload_hash = sha256_hex(body.as_bytes());
    let date = date_text(request.date);
    let mut signed: Vec<(&'static str, Cow<'_, str>)> = Vec::with_capacity(9);
    signed.extend([
        ("host", request.host.into()),
        ("x-acs-action", request.action.into()),
        ("x-acs-content-sha256", payload_hash.as_str().into()),
        ("x-acs-date", date.into()),
        ("x-acs-signature-nonce", request.nonce.into()),
        ("x-acs-version", request.version.into()),
    ]);
    if !body.is_empty() {
        signed.push(("content-type", "application/x-www-form-urlencoded".into()));
    }
    if let Some(token) = request.credential.security_token() {
        signed.push(("x-acs-accesskey-id", request.credential.access_key_id().into()));
        signed.push(("x-acs-security-token", token.expose_secret().into()));
    }
    signed.sort_unstable_by_key(|(name, _)| *name);
    let canonical = CanonicalRequest { method: "POST", query, headers: &signed, payload_hash: &payload_hash };
    let authorization = format!(
        "{ACS3} Credential={},SignedHeaders={},Signature={}",
        request.credential.access_key_id(),
        canonical.signed_headers(),
        request.credential.acs3_signature(&canonical)
    );
    let accept = match request.format {
        Format::Json => "application/json",
        Format::Xml => "application/xml",
    };
    let target = if query.is_empty() { "/".to_owned() } else { ["/?", query].concat() };
    let mut headers: Vec<_> = Vec::with_capacity(signed.len() + 2);
    headers.extend(signed.into_iter().map(|(name, value)| (Cow::Borrowed(name), value.into_owned())));
    headers.push(("accept".into(), accept.to_owned()));
    headers.push(("authorization".into(), authorization));
    SignedRequest { method: "POST", target, headers, body: Bytes::copy_from_slice(body.as_bytes()) }
}

/// A call that needs no signature, since what makes it good is among its parameters: common parameters in the query, the
/// others in a form, as the credentials libraries of Alibaba Cloud send it.
#[must_use]
pub fn unsigned(host: &str, action: &str, version: &str, parameters: &Parameters, date: Timestamp) -> SignedRequest {
    let date = date_text(date);
    let common = [("Action", action), ("Format", "JSON"), ("Timestamp", &*date), ("Version", version)];
    let header = |name: &'static str, value: &str| (Cow::Borrowed(name), value.to_owned());
    SignedRequest {
        method: "POST",
        target: format!("/?{}", percent::encode_pairs(common.into_iter())),
        headers: vec![
            header("accept", "application/json"),
            header("content-type", "application/x-www-form-urlencoded"),
            header("host", host),
        ],
        body: Bytes::from(percent::encode_pairs(parameters.iter())),
    }
}

/// The V3 signature of a canonical request: lower-case hex of the HMAC-SHA256 of its string-to-sign.
#[must_use]
pub fn acs3_signature(canonical: &CanonicalRequest<'_>, secret: &SecretString) -> String {
    signature_by(&acs3_key(secret), canonical)
}

/// The V3 signature by an HMAC key.
pub(crate) fn signature_by(key: &hmac::Key, canonical: &CanonicalRequest<'_>) -> String {
    hex(hmac::sign(key, canonical.string_to_sign().as_bytes()).as_ref())
}

/// The V1 signature of a call with these parameters, the common ones included: base64 of the HMAC-SHA1 of the
/// string-to-sign. A parameter `Signature` is not signed.
#[must_use]
pub fn rpc_v1_signature(method: &str, parameters: &Parameters, secret: &SecretString) -> String {
    let key = rpc_v1_key(secret);
    STANDARD.encode(hmac::sign(&key, rpc_v1_string_to_sign(method, parameters).as_bytes()).as_ref())
}

/// The HMAC key of a V1 signature: the secret and an ampersand.
pub(crate) fn rpc_v1_key(secret: &SecretString) -> hmac::Key {
    let key = Zeroizing::new(format!("{}&", secret.expose_secret()));
    hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes())
}

/// The HMAC key of a V3 signature: the secret as it is.
pub(crate) fn acs3_key(secret: &SecretString) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes())
}

/// A time as both schemes write it: `2026-11-24T02:06:20Z`.
#[must_use]
pub fn date_text(date: Timestamp) -> String {
    const SECONDS: DateTimePrinter = DateTimePrinter::new().precision(Some(0));
    SECONDS.timestamp_to_string(&date)
}
