//! RAM200 to 299: the elements of a document and of its statements.

mod invalid_version;

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[&invalid_version::RULE];
