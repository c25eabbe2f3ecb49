//! RAM500 to 579: conditions, their operators, keys and values.

mod bad_mfa_pattern;
mod bool_value;
mod client_controlled_key;
mod contradiction;
mod date_expired;
mod date_value;
mod date_window_empty;
mod empty_object;
mod ip_any;
mod ip_host_bits;
mod ip_private_only;
mod ip_single_host;
mod ip_v4_mapped_v6;
mod ip_value;
mod key_case;
mod key_format;
mod key_unknown_global;
mod key_unknown_service;
mod key_unsupported_for_action;
mod keys;
mod like_without_wildcard;
mod multiple_bool;
mod negated_missing_key_allows;
mod number_value;
mod operator_unknown;
mod redundant_values;
mod tag_key_missing;
mod tag_unsupported_service;
mod tautology;
mod type_mismatch;
mod unpaired_key;
mod wildcard_without_like;

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[
    &operator_unknown::RULE,
    &key_format::RULE,
    &key_unknown_global::RULE,
    &key_unknown_service::RULE,
    &key_unsupported_for_action::RULE,
    &key_case::RULE,
    &multiple_bool::RULE,
    &type_mismatch::RULE,
    &bool_value::RULE,
    &date_value::RULE,
    &ip_value::RULE,
    &number_value::RULE,
    &tautology::RULE,
    &date_expired::RULE,
    &date_window_empty::RULE,
    &ip_host_bits::RULE,
    &ip_single_host::RULE,
    &ip_v4_mapped_v6::RULE,
    &ip_private_only::RULE,
    &ip_any::RULE,
    &wildcard_without_like::RULE,
    &like_without_wildcard::RULE,
    &empty_object::RULE,
    &negated_missing_key_allows::RULE,
    &bad_mfa_pattern::RULE,
    &tag_key_missing::RULE,
    &tag_unsupported_service::RULE,
    &unpaired_key::RULE,
    &client_controlled_key::RULE,
    &redundant_values::RULE,
    &contradiction::RULE,
];
