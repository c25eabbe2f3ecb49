//! RAM580 to 599: `${…}`, which RAM takes literally.

use crate::lint::Rule;

pub(super) static RULES: &[&Rule] = &[];
