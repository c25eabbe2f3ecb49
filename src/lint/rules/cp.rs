//! RAM820 to 839: control policies of a resource directory.

mod denies_own_management;
mod grants_nothing;
mod no_effect_on_root;
mod nothing_allowed;
mod principal_arn_of_nobody;

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[
    &nothing_allowed::RULE,
    &denies_own_management::RULE,
    &principal_arn_of_nobody::RULE,
    &grants_nothing::RULE,
    &no_effect_on_root::RULE,
];
