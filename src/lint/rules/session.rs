//! RAM840 to 859: session policies.

mod grants_nothing;
mod nothing_allowed;

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[&grants_nothing::RULE, &nothing_allowed::RULE];
