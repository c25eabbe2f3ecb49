//! RAM600 to 649: what could go without changing a decision.

mod action;
mod mergeable_statements;
mod resource;

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[&action::RULE, &resource::RULE, &mergeable_statements::RULE];
