//! RAM100 to 199: the text: JSON, encoding, repeated members, types.

mod json;
pub(in crate::lint) mod non_utf8;

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[
    // What takes mistakes of JSON away from this one stands before it.
    &json::RULE,
    &non_utf8::RULE,
];
