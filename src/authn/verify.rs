//! From a call to its caller.

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use aws_lc_rs::{constant_time, hmac};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use data_encoding::HEXLOWER;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};

use super::error::Mismatch;
use super::keys::Key;
use super::{AuthnError, KeyRing, NonceMemory};
use crate::identity::{KeyStatus, Principal};
use crate::openapi::sign::Signer;
use crate::openapi::{Call, CanonicalRequest, Scheme, sign};

/// How far the time of signing may be from now, into the past and into the future (spec openapi-wire 3.4).
pub const WINDOW: SignedDuration = SignedDuration::from_mins(15);

/// The names that a listener answers to, each as it stands in a `Host` header: with its port where that is not the
/// default one of the scheme.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts {
    names: BTreeSet<String>,
}

impl Hosts {
    /// Takes the names; letter case does not count.
    pub fn new(names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        Self { names: names.into_iter().map(|name| name.as_ref().to_ascii_lowercase()).collect() }
    }

    /// The names of a listener that has none but its address: that, and `localhost` where it is a loopback one.
    #[must_use]
    pub fn of_address(address: SocketAddr) -> Self {
        let local = address.ip().is_loopback().then(|| format!("localhost:{}", address.port()));
        Self::new(std::iter::once(address.to_string()).chain(local))
    }

    /// Whether `host` is one of them.
    #[must_use]
    pub fn contains(&self, host: &str) -> bool {
        // As clients write it, but for the letter case of some.
        self.names.contains(host) || self.names.contains(&host.to_ascii_lowercase())
    }
}

/// Verifies calls against a set of keys. It remembers nothing from one call to the next, and is cheap to make of keys
/// and hosts that are shared.
#[derive(Debug)]
pub struct Verifier {
    keys: Arc<KeyRing>,
    hosts: Arc<Hosts>,
}

impl Verifier {
    /// A verifier of calls made to one of `hosts` with one of `keys`.
    #[must_use]
    pub fn new(keys: impl Into<Arc<KeyRing>>, hosts: impl Into<Arc<Hosts>>) -> Self {
        Self { keys: keys.into(), hosts: hosts.into() }
    }

    /// The keys that are accepted.
    #[must_use]
    pub fn keys(&self) -> &KeyRing {
        &self.keys
    }

    /// Verifies everything about `call` but that it is the first of its kind: the host, then the key, its token, the
    /// time of signing against `now`, and the signature, in the order of spec openapi-wire 3.4.
    ///
    /// The host of a V1 call is held to the same names although its signature does not cover it.
    ///
    /// # Errors
    /// [`AuthnError`]: the first of these that is not as it must be.
    pub fn verify(&self, call: Call, now: Timestamp) -> Result<Verified, AuthnError> {
        if !self.hosts.contains(call.host()) {
            return Err(AuthnError::UnknownHost { host: call.host().chars().take(256).collect() });
        }
        let Some(key) = self.keys.get(call.access_key_id()) else {
            // The answer must not come sooner than one about a known key.
            let _ = signature_matches(&call, self.keys.nobody());
            return Err(AuthnError::UnknownKey);
        };
        if key.status != KeyStatus::Active {
            return Err(AuthnError::InactiveKey);
        }
        if key.not_after.is_some_and(|end| now > end) {
            return Err(AuthnError::EndedKey);
        }
        check_token(call.security_token(), key, now)?;
        let signed_at = read_date(call.timestamp()).ok_or(AuthnError::TimestampFormat)?;
        if now.duration_since(signed_at).abs() > WINDOW {
            return Err(AuthnError::TimestampExpired);
        }
        if !signature_matches(&call, key) {
            return Err(AuthnError::SignatureMismatch(Mismatch::new(&call)));
        }
        // The last moment at which this very call would still be within the window.
        let replayable_until = signed_at.checked_add(WINDOW).map_err(|_| AuthnError::TimestampFormat)?;
        let caller = Caller { call, key: Arc::clone(key) };
        Ok(Verified { caller, replayable_until, now })
    }
}

/// A call that is well signed, and of which it is still to be found out whether it was seen before.
#[derive(Debug)]
#[must_use = "a verified call may be a replay until it is recorded"]
pub struct Verified {
    caller: Caller,
    replayable_until: Timestamp,
    now: Timestamp,
}

impl Verified {
    /// Whose key signed it.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        self.caller.principal()
    }

    /// Records the nonce of the call, and gives the caller if it is new.
    ///
    /// # Errors
    /// [`AuthnError::NonceUsed`] for a replay, [`AuthnError::TooManyNonces`] where the key's share of the memory is
    /// full, [`AuthnError::Journal`] where the nonce cannot be written down.
    pub async fn record(self, memory: &NonceMemory) -> Result<Caller, AuthnError> {
        let call = &self.caller.call;
        memory.record(call.access_key_id(), call.nonce(), self.replayable_until, self.now).await?;
        Ok(self.caller)
    }
}

/// A call and whose it is. Only [`Verified::record`] makes one.
pub struct Caller {
    call: Call,
    key: Arc<Key>,
}

impl Caller {
    /// The call.
    #[must_use]
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// Whose it is.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.key.principal
    }

    /// Id of the access key it is signed with.
    #[must_use]
    pub fn key_id(&self) -> &str {
        self.call.access_key_id()
    }
}

/// The call and whose it is; the key keeps its secret.
impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("call", &self.call).field("principal", self.principal()).finish_non_exhaustive()
    }
}

/// A caller's verified key signs anew, with the token that the call came with.
impl Signer for Caller {
    fn access_key_id(&self) -> &str {
        self.call.access_key_id()
    }

    fn security_token(&self) -> Option<&SecretString> {
        self.call.security_token()
    }

    fn acs3_signature(&self, canonical: &CanonicalRequest<'_>) -> String {
        sign::signature_by(self.key.hmac(Scheme::Acs3), canonical)
    }
}

fn check_token(given: Option<&SecretString>, key: &Key, now: Timestamp) -> Result<(), AuthnError> {
    let (session, token) = match (&key.session, given) {
        (None, None) => return Ok(()),
        (None, Some(_)) => return Err(AuthnError::ForeignToken),
        (Some(_), None) => return Err(AuthnError::MissingToken),
        (Some(session), Some(token)) => (session, token),
    };
    let (given, bound) = (token.expose_secret().as_bytes(), session.token.expose_secret().as_bytes());
    constant_time::verify_slices_are_equal(given, bound).map_err(|_| AuthnError::ForeignToken)?;
    if now >= session.expires { Err(AuthnError::EndedSession) } else { Ok(()) }
}

/// Reads a time of the form `2026-11-24T02:06:20Z`, and of no other.
fn read_date(text: &str) -> Option<Timestamp> {
    let date: Timestamp = text.parse().ok()?;
    (sign::date_text(date) == text).then_some(date)
}

/// Compares in constant time; a signature of another length cannot be right.
fn signature_matches(call: &Call, key: &Key) -> bool {
    let key = key.hmac(call.scheme());
    let tag = match call.scheme() {
        Scheme::RpcV1 => STANDARD.decode(call.signature()).ok(),
        Scheme::Acs3 => HEXLOWER.decode(call.signature().as_bytes()).ok(),
    };
    let length = key.algorithm().tag_len();
    let readable = tag.as_ref().is_some_and(|tag| tag.len() == length);
    let tag = tag.filter(|_| readable).unwrap_or_else(|| vec![0; length]);
    // `&`, so that a signature of the wrong length costs a comparison as well.
    hmac::verify(key, call.string_to_sign().as_bytes(), &tag).is_ok() & readable
}
