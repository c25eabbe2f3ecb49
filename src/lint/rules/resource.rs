//! RAM400 to 499: `Resource`.

mod account_invalid;
mod account_mismatch;
mod account_not_allowed;
mod arn_fields;
mod arn_prefix;
mod arn_service_case;
mod effectively_star;
mod no_match_for_action;
mod oss_bucket_without_object;
mod path_traversal_text;
mod question_mark_literal;
mod region_mismatch;
mod region_missing;
mod region_not_allowed;
mod role_name_case;
mod service_mismatch;
mod star;
mod trailing_slash_or_space;
mod type_unknown;
mod unknown_region;
mod wildcard_depth_dos;

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[
    &arn_prefix::RULE,
    &arn_fields::RULE,
    &arn_service_case::RULE,
    &unknown_region::RULE,
    &region_not_allowed::RULE,
    &region_missing::RULE,
    &region_mismatch::RULE,
    &account_invalid::RULE,
    &account_mismatch::RULE,
    &account_not_allowed::RULE,
    &type_unknown::RULE,
    &no_match_for_action::RULE,
    &service_mismatch::RULE,
    &star::RULE,
    &effectively_star::RULE,
    &oss_bucket_without_object::RULE,
    &question_mark_literal::RULE,
    &trailing_slash_or_space::RULE,
    &path_traversal_text::RULE,
    &wildcard_depth_dos::RULE,
    &role_name_case::RULE,
];
