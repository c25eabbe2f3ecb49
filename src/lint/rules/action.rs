//! RAM300 to 399: `Action` and `NotAction`.

mod aliases;
mod deprecated_or_aliased;
mod format;
mod mid_wildcard;
mod missing_dependent_action;
mod mixed_case_dup;
mod no_resource_level_support;
mod non_canonical_case;
mod pattern_matches_nothing;
mod read_only_policy_has_write;
mod service_wildcard;
mod star;
mod unknown_action;
mod unknown_service;
mod wildcard_in_service;

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[
    &pattern_matches_nothing::RULE,
    &format::RULE,
    &unknown_service::RULE,
    &unknown_action::RULE,
    &deprecated_or_aliased::RULE,
    &wildcard_in_service::RULE,
    &service_wildcard::RULE,
    &star::RULE,
    &mid_wildcard::RULE,
    &mixed_case_dup::RULE,
    &no_resource_level_support::RULE,
    &missing_dependent_action::RULE,
    &read_only_policy_has_write::RULE,
    &non_canonical_case::RULE,
];
