//! RAM600 to 649: what could go without changing a decision.

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[];
