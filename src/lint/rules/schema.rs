//! RAM200 to 299: the elements of a document and of its statements.

mod action_and_notaction;
mod element_case;
mod empty_statement_list;
mod invalid_effect;
mod invalid_version;
mod missing_action;
mod missing_effect;
mod missing_principal;
mod missing_resource;
mod missing_statement;
mod missing_version;
mod notprincipal_unsupported;
mod notresource_unsupported;
mod policy_size;
mod policy_size_near_limit;
mod resource_and_notresource;
mod sid_empty;
mod sid_undocumented;
mod sid_unique;
mod unknown_element;
mod unsupported_principal;

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[
    &invalid_version::RULE,
    // What knows the member that was meant stands before what does not.
    &element_case::RULE,
    &unknown_element::RULE,
    &missing_version::RULE,
    &missing_statement::RULE,
    &empty_statement_list::RULE,
    &missing_effect::RULE,
    &invalid_effect::RULE,
    &missing_action::RULE,
    &missing_resource::RULE,
    &missing_principal::RULE,
    &unsupported_principal::RULE,
    &action_and_notaction::RULE,
    &resource_and_notresource::RULE,
    &notresource_unsupported::RULE,
    &notprincipal_unsupported::RULE,
    &sid_undocumented::RULE,
    &sid_unique::RULE,
    &sid_empty::RULE,
    &policy_size::RULE,
    &policy_size_near_limit::RULE,
];
