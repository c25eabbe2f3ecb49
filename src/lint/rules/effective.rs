//! RAM880 to 899: what policies of several files come to for those who have them.

pub(super) mod administrator;
mod allow_lost_to_control_policy;
mod denied_too_late;
mod deny_never_effective;
mod no_op_attachment;
mod principal_is_admin;
mod unattached_policy;

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[
    &principal_is_admin::RULE,
    &denied_too_late::RULE,
    &no_op_attachment::RULE,
    &unattached_policy::RULE,
    &deny_never_effective::RULE,
    &allow_lost_to_control_policy::RULE,
];
