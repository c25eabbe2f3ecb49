//! RAM580 to 599: `${…}`, which RAM takes literally.

mod unsupported;

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[&unsupported::RULE];
