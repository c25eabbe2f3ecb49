//! RAM750 to 799: who may assume a role.

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[];
