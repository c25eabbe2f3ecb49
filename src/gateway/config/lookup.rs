//! `[lookup]`: asking the API about clusters that the inventory does not know.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::reading::Reading;

/// How long, and of how many clusters, what was looked up is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Lookup {
    /// How long what is known of a cluster may be out of date.
    #[serde(serialize_with = "super::seconds")]
    pub ttl: Duration,
    /// How long a cluster that is not there may have come to be.
    #[serde(serialize_with = "super::seconds")]
    pub negative_ttl: Duration,
    /// Of how many clusters.
    pub capacity: u64,
}

impl Default for Lookup {
    fn default() -> Self {
        Self { ttl: Duration::from_secs(300), negative_ttl: Duration::from_secs(30), capacity: 10_000 }
    }
}

/// [Looking up](gate.md#looking-clusters-up) clusters that the inventory does not have.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LookupFile {
    /// Whether they are looked up.
    #[serde(default)]
    enabled: bool,
    /// How long what was found is taken to hold.
    ///
    /// - type: seconds, 1 to 86,400
    /// - default: 300
    ttl: Option<Spanned<u64>>,
    /// How long a cluster that was not there is taken not to be.
    ///
    /// - type: seconds, 1 to 86,400
    /// - default: 30
    negative_ttl: Option<Spanned<u64>>,
    /// Of how many clusters something is remembered.
    ///
    /// - type: number, 1 to 1,000,000
    /// - default: 10,000
    capacity: Option<Spanned<u64>>,
}

impl Reading<'_> {
    pub(super) fn lookup(&mut self, file: &LookupFile) -> Option<Lookup> {
        let mut lookup = Lookup::default();
        let mut number = |value: &Option<Spanned<u64>>, name: &str, most: u64, what: &str| {
            let value = value.as_ref()?;
            let within = (1..=most).contains(value.get_ref());
            if !within {
                let message = format!("`{name}` is {what} from 1 to {most}");
                self.refuse(value.span().into(), "lookup", message, None);
            }
            within.then(|| *value.get_ref())
        };
        let seconds = "a number of seconds";
        if let Some(ttl) = number(&file.ttl, "ttl", 86_400, seconds) {
            lookup.ttl = Duration::from_secs(ttl);
        }
        if let Some(ttl) = number(&file.negative_ttl, "negative_ttl", 86_400, seconds) {
            lookup.negative_ttl = Duration::from_secs(ttl);
        }
        if let Some(capacity) = number(&file.capacity, "capacity", 1_000_000, "a number of clusters") {
            lookup.capacity = capacity;
        }
        file.enabled.then_some(lookup)
    }
}
