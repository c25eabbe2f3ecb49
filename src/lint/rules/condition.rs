//! RAM500 to 579: `Condition`: operators, keys, values.

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[];
