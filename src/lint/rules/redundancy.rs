//! RAM600 to 649: what could go without changing a decision.

mod action;
mod allow_fully_shadowed;
mod deny_never_effective;
mod mergeable_statements;
mod resource;
mod statement;

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[
    &action::RULE,
    &resource::RULE,
    &statement::RULE,
    &deny_never_effective::RULE,
    &allow_fully_shadowed::RULE,
    &mergeable_statements::RULE,
];
