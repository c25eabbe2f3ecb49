//! RAM750 to 799: who may assume a role.

mod account_root;
mod compute_assumable_with_admin;
mod cross_account_without_condition;
mod cycle;
mod federated_key_without_provider;
mod oidc_missing_aud_or_sub;
mod oidc_sub_wild;
mod other_action;
mod principal_format;
mod principal_key;
mod principals;
mod redundant_principal;
mod role_name_case;
mod roles;
mod saml_recipient_missing;
mod self_assume;
mod service_and_others;
mod wildcard_principal;

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[
    &wildcard_principal::RULE,
    &account_root::RULE,
    &cross_account_without_condition::RULE,
    &principal_format::RULE,
    &principal_key::RULE,
    &role_name_case::RULE,
    &oidc_missing_aud_or_sub::RULE,
    &oidc_sub_wild::RULE,
    &saml_recipient_missing::RULE,
    &federated_key_without_provider::RULE,
    &other_action::RULE,
    &redundant_principal::RULE,
    &service_and_others::RULE,
    &compute_assumable_with_admin::RULE,
    &self_assume::RULE,
    &cycle::RULE,
];
