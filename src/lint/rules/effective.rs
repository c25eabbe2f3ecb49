//! RAM880 to 899: what policies of several files come to for those who have them.

mod denied_too_late;
mod no_op_attachment;
mod unattached_policy;

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[&denied_too_late::RULE, &no_op_attachment::RULE, &unattached_policy::RULE];
