//! RAM650 to 699: elements that hold nothing.

mod action;
mod principal;
mod resource;

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[&action::RULE, &resource::RULE, &principal::RULE];
