//! What rules may know beside the policy.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

use crate::catalog::Catalog;
use crate::policy::{Dialect, Instant, parse_instant};

/// What rules may know beside the policy: the catalogue, what is in use, and what time it is.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Services, actions, ARN templates and condition keys.
    pub catalog: Catalog,
    /// Whether the catalogue is known to be complete, so that an action that it lacks is an error.
    pub catalog_pinned: bool,
    /// How documents are read. Under a strict dialect, a document that only a lenient one can read is checked by every
    /// rule all the same.
    pub dialect: Dialect,
    /// The accounts in use, by their ids; none where that is not said, and rules about them are then silent.
    pub accounts: BTreeSet<String>,
    /// The regions in use; none where that is not said, and rules about them are then silent.
    pub regions: BTreeSet<String>,
    /// Patterns of resources that are sensitive; each has the five parts of an ARN and names its service.
    pub sensitive: Vec<String>,
    /// The point in time against which dates are held.
    pub now: Timestamp,
}

impl Settings {
    /// The embedded catalogue, the strict dialect, nothing said of accounts and regions, and this moment.
    #[must_use]
    pub fn new() -> Self {
        Self {
            catalog: Catalog::embedded(),
            catalog_pinned: false,
            dialect: Dialect::strict(),
            accounts: BTreeSet::new(),
            regions: BTreeSet::new(),
            sensitive: Vec::new(),
            now: Timestamp::now(),
        }
    }

    /// The day, in UTC.
    #[must_use]
    pub fn today(&self) -> Date {
        Offset::UTC.to_datetime(self.now).date()
    }

    /// The point in time against which dates are held, as conditions compare it.
    #[must_use]
    pub fn instant(&self) -> Option<Instant> {
        parse_instant(&self.now.to_string())
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::new()
    }
}
