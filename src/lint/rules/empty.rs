//! RAM650 to 699: elements that hold nothing.

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[];
