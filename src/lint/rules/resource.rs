//! RAM400 to 499: `Resource`.

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[];
