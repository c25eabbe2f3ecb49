//! RAM700 to 749: permissions that give away more than they seem to.

pub(super) mod admin;
mod allow_notaction;
mod allow_notresource;
mod credential_exposure;
mod data_exfiltration;
mod defence_evasion;
mod deny_list_bypass;
mod deny_without_way_back;
mod escalation;
mod pass_role;
mod permission_management;
mod permits;
mod privilege_escalation;
mod resource_exposure;
mod sensitive;
mod sensitive_resource;
mod service_linked_role;
mod tag_escalation;
mod twins;

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[
    &admin::RULE,
    &allow_notaction::RULE,
    &allow_notresource::RULE,
    &pass_role::RULE,
    &service_linked_role::RULE,
    &permission_management::RULE,
    &privilege_escalation::RULE,
    &credential_exposure::RULE,
    &data_exfiltration::RULE,
    &resource_exposure::RULE,
    &defence_evasion::RULE,
    &deny_list_bypass::RULE,
    &deny_without_way_back::RULE,
    &tag_escalation::RULE,
    &sensitive_resource::RULE,
];
