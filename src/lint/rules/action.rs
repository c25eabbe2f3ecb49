//! RAM300 to 399: `Action` and `NotAction`.

mod pattern_matches_nothing;

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[&pattern_matches_nothing::RULE];
