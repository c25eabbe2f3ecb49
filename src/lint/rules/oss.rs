//! RAM800 to 819: bucket policies of OSS.

mod everybody_with_condition_is_owner_too;
mod fixed_session_name;
mod http_allowed;
mod principal_anonymous_conditions_too_weak;
mod principal_form;
mod public;
mod public_read;
mod public_write;
mod resource_outside_bucket;
mod source_ip_without_vpc;
mod unsupported_action;

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[
    &public_read::RULE,
    &public_write::RULE,
    &source_ip_without_vpc::RULE,
    &principal_form::RULE,
    &unsupported_action::RULE,
    &resource_outside_bucket::RULE,
    &principal_anonymous_conditions_too_weak::RULE,
    &everybody_with_condition_is_owner_too::RULE,
    &fixed_session_name::RULE,
    &http_allowed::RULE,
];
