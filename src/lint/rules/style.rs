//! RAM860 to 899: how a policy is written.

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[];
