//! RAM860 to 879: how a policy is written.

mod file_too_long;
mod long_list;
mod todo;

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[&long_list::RULE, &file_too_long::RULE, &todo::RULE];
