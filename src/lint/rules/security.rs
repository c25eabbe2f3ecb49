//! RAM700 to 749: permissions that give away more than they seem to.

mod allow_notaction;

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[&allow_notaction::RULE];
