//! Percent-encoding as the OpenAPI signs it, and decoding that never guesses.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, percent_decode, utf8_percent_encode};

/// Everything but `A-Z a-z 0-9 - _ . ~` (spec openapi-wire 2).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// `text` with every byte that is not unreserved written as `%XX`, in upper-case hex.
pub(super) fn encode(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, ENCODED)
}

/// `name=value&...` in the order given, encoded; a name without a value keeps its `=`.
pub(super) fn encode_pairs<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    // Room for what most calls have.
    let mut text = String::with_capacity(128);
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        text.extend(encode(name));
        text.push('=');
        text.extend(encode(value));
    }
    text
}

/// Why an encoded text cannot be decoded in exactly one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Undecodable {
    #[error("a `%` is not followed by two hexadecimal digits")]
    Escape,
    #[error("it is not UTF-8 once decoded")]
    Utf8,
    #[error("a character stands unencoded that must be percent-encoded")]
    Raw,
}

/// Decodes one name or value of a query or form once; `+` is a space.
///
/// Only printable ASCII may stand unencoded, and of that neither `#` nor `;`, which some readers take for the end of
/// the query or for a separator.
pub(super) fn decode(encoded: &[u8]) -> Result<Cow<'_, str>, Undecodable> {
    if encoded.iter().any(|byte| !byte.is_ascii_graphic() || matches!(byte, b'#' | b';')) {
        return Err(Undecodable::Raw);
    }
    let mut rest = encoded;
    while let Some((first, after)) = rest.split_first() {
        rest = match (first, after) {
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => after,
            (b'%', _) => return Err(Undecodable::Escape),
            _ => after,
        };
    }
    if !encoded.contains(&b'%') && !encoded.contains(&b'+') {
        return std::str::from_utf8(encoded).map(Cow::Borrowed).map_err(|_| Undecodable::Utf8);
    }
    let spaced: Vec<u8> = encoded.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    String::from_utf8(percent_decode(&spaced).collect()).map(Cow::Owned).map_err(|_| Undecodable::Utf8)
}
