//! The texts that signatures are made over.

use std::fmt::Write;

use aws_lc_rs::digest;

use super::percent;
use crate::catalog::Parameters;

/// The only V3 algorithm that is accepted and signed with.
pub(super) const ACS3: &str = "ACS3-HMAC-SHA256";

/// The canonical request of V3: the parts of an RPC call that its signature covers (spec openapi-wire 3).
#[derive(Clone, Copy)]
pub struct CanonicalRequest<'a> {
    /// The method, in upper case.
    pub method: &'a str,
    /// The parameters of the query; those of a body count through its digest alone.
    pub query: &'a Parameters,
    /// Names in lower case and values of the signed headers, in order of the names.
    pub headers: &'a [(String, String)],
    /// SHA-256 of the body in lower-case hex.
    pub payload_hash: &'a str,
}

impl CanonicalRequest<'_> {
    /// The canonical request as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{}\n/\n{}\n", self.method, percent::encode_pairs(self.query.iter()));
        for (name, value) in self.headers {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{name}:{value}");
        }
        let _ = write!(text, "\n{}\n{}", self.signed_headers(), self.payload_hash);
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
        self.headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";")
    }
}

/// The string-to-sign of V3 over the text of a canonical request.
pub(super) fn acs3_string_to_sign(canonical_request: &str) -> String {
    format!("{ACS3}\n{}", sha256_hex(canonical_request.as_bytes()))
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
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xF]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}
