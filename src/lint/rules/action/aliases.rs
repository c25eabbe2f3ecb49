//! Actions by the names of operations, where RAM has other names for them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

const DATA: &str = include_str!("../../data/aliases.toml");

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    group: Vec<Group>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    #[cfg_attr(not(test), expect(dead_code, reason = "for whoever reads the data"))]
    source: String,
    actions: BTreeMap<String, Vec<String>>,
}

// INVARIANT: the embedded text is right (test `the_data_is_read_whole`).
static DATA_READ: LazyLock<Data> = LazyLock::new(|| toml::from_str(DATA).unwrap_or_default());

/// What RAM is asked about in place of this action, whose name is that of an operation; nothing where that is not known.
pub(super) fn meant(action: &str) -> Option<&'static [String]> {
    let actions = DATA_READ.group.iter().flat_map(|group| &group.actions);
    let mut of_that_name = actions.filter(|(name, _)| name.eq_ignore_ascii_case(action));
    of_that_name.next().map(|(_, meant)| meant.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_is_read_whole() {
        let data: Data = toml::from_str(DATA).unwrap();
        assert!(!data.group.is_empty());
        for group in &data.group {
            assert!(!group.source.is_empty());
            for (name, meant) in &group.actions {
                assert!(!meant.is_empty(), "{name}");
                // What is meant is no alias itself.
                assert!(meant.iter().all(|action| super::meant(action).is_none()), "{name}");
            }
        }
        assert_eq!(meant("OSS:headobject").unwrap(), ["oss:GetObject"]);
    }
}
