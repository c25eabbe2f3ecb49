//! RAM800 to 819: bucket policies of OSS.

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[];
