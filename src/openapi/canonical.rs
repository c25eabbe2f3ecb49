//! The texts that signatures are made over.

use std::borrow::Cow;

use aws_lc_rs::digest;
use data_encoding::HEXLOWER;

use super::percent;
use crate::catalog::Parameters;

/// The only V3 algorithm that is accepted and signed with.
pub(super) const ACS3: &str = "ACS3-HMAC-SHA256";

/// The canonical request of V3: the parts of an RPC call that its signature covers (spec openapi-wire 3).
#[derive(Clone, Copy)]
pub struct CanonicalRequest<'a> {
    /// The method, in upper case.
    pub method: &'a str,
    /// The parameters of the query as [`canonical_query`] writes them; those of a body count through its digest alone.
    pub query: &'a str,
    /// Names in lower case and values of the signed headers, in order of the names.
    pub headers: &'a [(&'a str, Cow<'a, str>)],
    /// SHA-256 of the body in lower-case hex.
    pub payload_hash: &'a str,
}

impl CanonicalRequest<'_> {
    /// The canonical request as text.
    #[must_use]
    pub fn text(&self) -> String {
        let headers: usize = self.headers.iter().map(|(name, value)| 2 * name.len() + value.len() + 3).sum();
        let length = self.method.len() + self.query.len() + headers + self.payload_hash.len() + 8;
        let mut text = String::with_capacity(length);
        for part in [self.method, "\n/\n", self.query, "\n"] {
            text.push_str(part);
        }
        for (name, value) in self.headers {
            for part in [name, ":", value, "\n"] {
                text.push_str(part);
            }
        }
        text.push('\n');
        self.add_signed_headers(&mut text);
        text.push('\n');
        text.push_str(self.payload_hash);
        text
    }

    /// The string-to-sign: the algorithm and the digest of [`text`](Self::text).
    #[must_use]
    pub fn string_to_sign(&self) -> String {
        acs3_string_to_sign(&self.text())
    }

    /// The value of `SignedHeaders`.
    #[must_use]
    pub fn signed_headers(&self) -> String {
        let mut names = String::with_capacity(self.headers.iter().map(|(name, _)| name.len() + 1).sum());
        self.add_signed_headers(&mut names);
        names
    }

    fn add_signed_headers(&self, text: &mut String) {
        for (index, (name, _)) in self.headers.iter().enumerate() {
            if index > 0 {
                text.push(';');
            }
            text.push_str(name);
        }
    }
}

/// Parameters as a canonical request has them: in byte order of their names, everything but `A-Z a-z 0-9 - _ . ~` encoded
/// (spec openapi-wire 3).
#[must_use]
pub fn canonical_query(parameters: &Parameters) -> String {
    percent::encode_pairs(parameters.iter())
}

/// The string-to-sign of V3 over the text of a canonical request.
pub(super) fn acs3_string_to_sign(canonical_request: &str) -> String {
    let mut text = String::with_capacity(ACS3.len() + 1 + 64);
    text.push_str(ACS3);
    text.push('\n');
    add_hex(digest::digest(&digest::SHA256, canonical_request.as_bytes()).as_ref(), &mut text);
    text
}

/// The string-to-sign of V1 over `parameters`, which hold everything but `Signature` (spec openapi-wire 2).
///
/// It covers neither path, host nor headers.
pub(super) fn rpc_v1_string_to_sign(method: &str, parameters: &Parameters) -> String {
    let canonical = percent::encode_pairs(parameters.iter().filter(|(name, _)| *name != "Signature"));
    format!("{method}&%2F&{}", percent::encode(&canonical))
}

/// SHA-256 in lower-case hex.
pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// `bytes` in lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// Adds `bytes` in lower-case hex to `text`.
pub(crate) fn add_hex(bytes: &[u8], text: &mut String) {
    HEXLOWER.encode_append(bytes, text);
}
