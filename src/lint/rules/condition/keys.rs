//! What is known of condition keys.

use std::sync::LazyLock;

use serde::Deserialize;
use strsim::levenshtein;

use crate::policy::{Case, Context, Pattern};

const DATA: &str = include_str!("../../data/condition-keys.toml");

#[derive(Debug, Default, Deserialize)]
struct Data {
    key: Vec<KeyData>,
    complete: Services,
    untagged: Services,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Services {
    services: Vec<String>,
    #[cfg_attr(not(test), expect(dead_code, reason = "for whoever reads the data"))]
    source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyData {
    name: String,
    #[serde(rename = "type")]
    holds: Option<Holds>,
    #[serde(default)]
    actions: Vec<String>,
    absent: Option<String>,
    #[serde(default)]
    client: bool,
    #[cfg_attr(not(test), expect(dead_code, reason = "for whoever reads the data"))]
    source: String,
}

/// What the values of a key are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Holds {
    String,
    Ip,
    Bool,
    Date,
    Number,
}

/// A key, or a family of keys that a tag belongs to.
#[derive(Debug)]
pub(super) struct Key {
    /// As it is spelt; it ends in `/` where it is a family.
    pub(super) name: String,
    /// As conditions compare it.
    normalized: String,
    pub(super) holds: Option<Holds>,
    /// The only actions whose requests carry it; none where all may.
    pub(super) actions: Vec<Pattern>,
    /// When a request does not carry it.
    pub(super) absent: Option<String>,
    /// Whether the caller writes it as it likes.
    pub(super) client: bool,
}

struct Known {
    keys: Vec<Key>,
    complete: Vec<String>,
    untagged: Vec<String>,
}

// INVARIANT: the embedded text is right (test `the_data_is_read_whole`).
static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let data = toml::from_str::<Data>(DATA).unwrap_or_default();
    let key = |data: KeyData| Key {
        normalized: Context::normalize(&data.name),
        holds: data.holds,
        actions: data.actions.iter().map(|action| Pattern::new(action, Case::Ignore)).collect(),
        absent: data.absent,
        client: data.client,
        name: data.name,
    };
    Known {
        keys: data.key.into_iter().map(key).collect(),
        complete: data.complete.services,
        untagged: data.untagged.services,
    }
});

/// Every key.
pub(super) fn all() -> &'static [Key] {
    &KNOWN.keys
}

/// What is known of the key whose normalized form this is.
pub(super) fn find(normalized: &str) -> Option<&'static Key> {
    KNOWN.keys.iter().find(|key| {
        if key.normalized.ends_with('/') {
            normalized.len() > key.normalized.len() && normalized.starts_with(&key.normalized)
        } else {
            key.normalized == normalized
        }
    })
}

/// Whether every key of the service is known.
pub(super) fn is_complete(service: &str) -> bool {
    KNOWN.complete.iter().any(|known| known == service)
}

/// Whether requests to the service do not carry `acs:ResourceTag/`.
pub(super) fn is_untagged(service: &str) -> bool {
    KNOWN.untagged.iter().any(|known| known.eq_ignore_ascii_case(service))
}

/// The key of the same service that differs from this one in two letters at most.
pub(super) fn near(written: &str) -> Option<&'static Key> {
    let (fixed, tagged) = written.split_once('/').map_or((written, false), |(fixed, _)| (fixed, true));
    let fixed = fixed.to_ascii_lowercase();
    let close = all()
        .iter()
        .filter(|key| key.normalized.ends_with('/') == tagged)
        .map(|key| (levenshtein(&fixed, key.normalized.trim_end_matches('/')), key));
    close.filter(|(distance, _)| *distance <= 2).min_by_key(|(distance, _)| *distance).map(|(_, key)| key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_is_read_whole() {
        let data: Data = toml::from_str(DATA).unwrap();
        assert_eq!(data.key.len(), KNOWN.keys.len());
        assert!(data.key.iter().all(|key| !key.source.is_empty() && key.name.contains(':')));
        assert!(!data.complete.source.is_empty() && !data.untagged.source.is_empty());
    }

    #[test]
    fn a_key_is_found_by_its_fixed_part_and_a_misspelt_one_by_its_neighbour() {
        assert_eq!(find("acs:sourceip").map(|key| key.name.as_str()), Some("acs:SourceIp"));
        assert_eq!(find("acs:resourcetag/Team").map(|key| key.name.as_str()), Some("acs:ResourceTag/"));
        assert!(find("acs:resourcetag/").is_none() && find("acs:source").is_none());
        assert_eq!(near("acs:SourceIP4").map(|key| key.name.as_str()), Some("acs:SourceIp"));
        assert_eq!(near("acs:RessourceTag/team").map(|key| key.name.as_str()), Some("acs:ResourceTag/"));
        assert!(near("acs:RAMMFAPresent").is_none());
    }
}
