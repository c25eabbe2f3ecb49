//! Who calls: keys, time window, nonces.
//!
//! Each stage is a type that only the stage before it makes: a [`Call`](crate::openapi::Call) that
//! [`Verifier::verify`] finds well signed becomes a [`Verified`], and a `Verified` whose nonce is new to the
//! [`NonceMemory`] becomes a [`Caller`]. Nothing decides about anything but a `Caller`.

mod error;
mod journal;
mod keys;
mod nonces;
mod verify;

pub use error::{AuthnError, Echo};
pub use journal::JournalError;
pub use keys::{KeyEntry, KeyRing, KeyRingError, SessionToken};
pub use nonces::NonceMemory;
pub use verify::{Caller, Hosts, Verified, Verifier, WINDOW};

#[cfg(test)]
mod tests;
