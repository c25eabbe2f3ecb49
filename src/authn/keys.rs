//! The keys that calls may be signed with.

use std::collections::HashMap;
use std::sync::Arc;

use aws_lc_rs::hmac;
use jiff::Timestamp;
use secrecy::SecretString;

use crate::identity::{KeyStatus, Principal, World};
use crate::openapi::{Scheme, sign};
use crate::store::secret::{self, SecretError};

/// One access key, its secret read.
#[derive(Debug)]
pub struct KeyEntry {
    /// Its id, made of `A-Z a-z 0-9 . _ -`.
    pub id: String,
    /// Its secret.
    pub secret: SecretString,
    /// Whether it may be used.
    pub status: KeyStatus,
    /// The last moment at which it may be used.
    pub not_after: Option<Timestamp>,
    /// Whose it is.
    pub principal: Principal,
    /// The token that must come with it: present for the key of a session, absent for a permanent key.
    pub session: Option<SessionToken>,
}

/// The token of a session.
#[derive(Debug)]
pub struct SessionToken {
    /// The token.
    pub token: SecretString,
    /// When the session ends; from that moment on the token is not accepted.
    pub expires: Timestamp,
}

/// A set of keys that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRingError {
    /// Two keys have one id.
    #[error("access key `{id}` is given twice: a key belongs to one identity")]
    Duplicate {
        /// The id.
        id: String,
    },
    /// An id that no call could carry.
    #[error("access key id `{id}` is not made of 1 to 128 of `A-Z a-z 0-9 . _ -`")]
    Id {
        /// The id.
        id: String,
    },
    /// A temporary key without a token, or a permanent one with a token.
    #[error("access key `{id}`: a key whose id begins with `STS.` needs a security token, and only such a key has one")]
    Kind {
        /// The id.
        id: String,
    },
    /// The secret or token cannot be had, or is empty.
    #[error("the secret of access key `{id}` cannot be read: {source}")]
    Secret {
        /// The id.
        id: String,
        /// Why.
        source: SecretError,
    },
}

/// A key made ready to verify with.
pub(super) struct Key {
    v1: hmac::Key,
    v3: hmac::Key,
    pub(super) status: KeyStatus,
    pub(super) not_after: Option<Timestamp>,
    pub(super) principal: Principal,
    pub(super) session: Option<SessionToken>,
}

impl Key {
    fn new(entry: KeyEntry) -> Self {
        Self {
            v1: sign::rpc_v1_key(&entry.secret),
            v3: sign::acs3_key(&entry.secret),
            status: entry.status,
            not_after: entry.not_after,
            principal: entry.principal,
            session: entry.session,
        }
    }

    pub(super) fn hmac(&self, scheme: Scheme) -> &hmac::Key {
        match scheme {
            Scheme::RpcV1 => &self.v1,
            Scheme::Acs3 => &self.v3,
        }
    }
}

/// Every key that is accepted. Secrets are kept only as HMAC keys.
pub struct KeyRing {
    keys: HashMap<String, Arc<Key>>,
    /// What a call with an unknown key is verified with, so that it costs what any other costs.
    nobody: Key,
}

impl KeyRing {
    /// Makes a ring of these keys.
    ///
    /// # Errors
    /// Every key that cannot be part of it, each with its reason.
    pub fn new(entries: impl IntoIterator<Item = KeyEntry>) -> Result<Self, Vec<KeyRingError>> {
        let mut keys = HashMap::new();
        let mut errors = Vec::new();
        for entry in entries {
            let id = entry.id.clone();
            let shaped = (1..=128).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
            if !shaped {
                errors.push(KeyRingError::Id { id });
            } else if id.starts_with("STS.") != entry.session.is_some() {
                errors.push(KeyRingError::Kind { id });
            } else if keys.insert(id.clone(), Arc::new(Key::new(entry))).is_some() {
                errors.push(KeyRingError::Duplicate { id });
            }
        }
        let nobody = Key::new(KeyEntry {
            id: String::new(),
            secret: SecretString::from("nobody"),
            status: KeyStatus::Inactive,
            not_after: None,
            principal: Principal::Service { name: String::new() },
            session: None,
        });
        if errors.is_empty() { Ok(Self { keys, nobody }) } else { Err(errors) }
    }

    /// The ring of every key and session of a world, their secrets read from where the world says they are.
    ///
    /// # Errors
    /// As [`new`](Self::new), and every secret or token that cannot be read.
    pub fn of_world(world: &World) -> Result<Self, Vec<KeyRingError>> {
        let mut entries = Vec::new();
        let mut errors = Vec::new();
        for holder in world.keys() {
            let id = holder.key_id.to_owned();
            // A session ends by `expires`, which is told to its caller as the end of the token, not of the key.
            let (session, not_after) = match (holder.token.map(secret::read).transpose(), holder.not_after) {
                (Ok(Some(token)), Some(expires)) => (Some(SessionToken { token, expires }), None),
                (Ok(_), not_after) => (None, not_after),
                (Err(source), _) => {
                    errors.push(KeyRingError::Secret { id, source });
                    continue;
                }
            };
            match secret::read(holder.secret) {
                Ok(secret) => entries.push(KeyEntry {
                    id,
                    secret,
                    status: holder.status,
                    not_after,
                    principal: holder.principal,
                    session,
                }),
                Err(source) => errors.push(KeyRingError::Secret { id, source }),
            }
        }
        match Self::new(entries) {
            Ok(ring) if errors.is_empty() => Ok(ring),
            Ok(_) => Err(errors),
            Err(more) => Err(errors.into_iter().chain(more).collect()),
        }
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(super) fn get(&self, id: &str) -> Option<&Arc<Key>> {
        self.keys.get(id)
    }

    pub(super) fn nobody(&self) -> &Key {
        &self.nobody
    }
}

/// How many keys, and nothing of them.
impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyRing({} keys)", self.keys.len())
    }
}
