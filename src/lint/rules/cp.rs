//! RAM820 to 839: control policies of a resource directory.

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[];
