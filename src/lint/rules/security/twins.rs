//! Actions by which the same is done.

use std::sync::LazyLock;

use serde::Deserialize;

const DATA: &str = include_str!("../../data/twins.toml");

#[derive(Debug, Default, Deserialize)]
struct Data {
    twins: Vec<Twins>,
}

/// Actions by which the same is done.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Twins {
    pub(super) actions: Vec<String>,
    /// What, as in "one can …".
    pub(super) what: String,
    #[cfg_attr(not(test), expect(dead_code, reason = "for whoever reads the data"))]
    source: String,
}

// INVARIANT: the embedded text is right (test `the_data_is_read_whole`).
static TWINS: LazyLock<Vec<Twins>> = LazyLock::new(|| toml::from_str::<Data>(DATA).unwrap_or_default().twins);

/// Every group of twins.
pub(super) fn twins() -> &'static [Twins] {
    &TWINS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_is_read_whole() {
        let data: Data = toml::from_str(DATA).unwrap();
        assert_eq!(data.twins.len(), twins().len());
        assert!(
            data.twins
                .iter()
                .all(|twins| twins.actions.len() > 1 && !twins.what.is_empty() && !twins.source.is_empty())
        );
    }
}
