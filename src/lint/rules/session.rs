//! RAM840 to 859: session policies.

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[];
