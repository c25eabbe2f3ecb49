//! RAM100 to 199: the text: JSON, encoding, repeated members, types.

mod bom;
mod confusable_or_bidi;
mod control_or_newline_char;
mod data_type_mismatch;
mod duplicate_key;
mod duplicate_key_case;
mod json;
pub(in crate::lint) mod non_utf8;
mod trailing_content;

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[
    // What takes mistakes of JSON away from this one stands before it.
    &bom::RULE,
    &trailing_content::RULE,
    &json::RULE,
    &non_utf8::RULE,
    // What is about letter case stands before what is about any repetition.
    &duplicate_key_case::RULE,
    &duplicate_key::RULE,
    &confusable_or_bidi::RULE,
    &control_or_newline_char::RULE,
    &data_type_mismatch::RULE,
];
