//! RAM900 to 999: the linter's own files: configuration, suppressions, baseline.

pub(in crate::lint) mod invalid_policy;

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[&invalid_policy::RULE];
