//! The wire of the OpenAPI, pure: what a client's bytes mean, how they are signed, what an answer looks like.
//!
//! [`Call::parse`] reads an RPC call in either of its two shapes, V1 (HMAC-SHA1 over parameters) and V3
//! (ACS3-HMAC-SHA256 over a canonical request), and refuses whatever two readers could read differently. It needs no
//! keys: whether the signature is right is a question for [`authn`](crate::authn). [`sign`] writes calls, and
//! [`ErrorBody`] writes refusals that every SDK can read.
//!
//! Nothing here does I/O or knows of policies.

mod body;
mod call;
mod canonical;
mod error;
mod format;
mod percent;
mod request;
pub mod sign;
mod target;

pub use call::{Call, Declares, Scheme};
pub(crate) use canonical::add_hex;
pub use canonical::{CanonicalRequest, canonical_query};
pub use error::{AccessDeniedDetail, ErrorBody, ErrorRecord, RenderedBody, WireError, error_record, error_records};
pub use format::Format;
pub use request::{Limits, ReadRequest, WireRequest};

#[cfg(test)]
mod tests;
