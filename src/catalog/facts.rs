//! What must be known of the resources of a call before it can be decided.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Known;

/// A fact that the resolution of a call wants to find in its [`Facts`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FactRequest {
    /// Account, region, resource group and tags of a cluster.
    Cluster {
        /// The cluster's id.
        id: String,
        /// Whether the call certainly names this cluster. A value that merely looks like an id is asked for
        /// as well, and is a cluster only where the inventory says so.
        certain: bool,
    },
    /// The clusters that a node, an endpoint or a global database network belongs to, and those clusters.
    Member {
        /// The kind, as the catalogue names it: `dbnode`, `dbendpoint`, `gdn`.
        kind: String,
        /// The id of the member.
        id: String,
    },
}

/// What is known of one cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterFacts {
    /// The account that owns it.
    pub account: String,
    /// The region it is in, where known.
    pub region: Option<String>,
    /// Its resource group; `Known(None)` where it is known to be in none.
    pub resource_group: Known<Option<String>>,
    /// Its tags, key to value.
    pub tags: Known<Vec<(String, String)>>,
}

impl ClusterFacts {
    fn completed(&self, found: &Self) -> Self {
        let agree = self.account == found.account && (self.region.is_none() || self.region == found.region);
        if !agree {
            return self.clone();
        }
        Self {
            account: self.account.clone(),
            region: found.region.clone(),
            resource_group: either(&self.resource_group, &found.resource_group),
            tags: either(&self.tags, &found.tags),
        }
    }
}

fn either<T: Clone + PartialEq>(first: &Known<T>, second: &Known<T>) -> Known<T> {
    if *first == Known::Unknown { second.clone() } else { first.clone() }
}

/// The facts that resolution may use. They come from the inventory or a lookup, never from the request
/// (spec gate-rules G3).
///
/// It does no harm to hold more than a plan asks for: a whole inventory can be kept as one value and
/// handed to every call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    clusters: BTreeMap<String, ClusterFacts>,
    /// Kind, then id, to the clusters it belongs to.
    members: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// What else is known, of whatever nothing is stated here.
    base: Option<Arc<Facts>>,
}

impl Facts {
    /// No facts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// `base`, and beside it what was found out. Of a cluster that `base` has it takes only what `base` does not say, and
    /// nothing if the two speak of different accounts or regions.
    #[must_use]
    pub fn with_found(base: &Arc<Self>, found: &[(String, ClusterFacts)]) -> Self {
        let mut facts = Self { base: Some(Arc::clone(base)), ..Self::default() };
        for (id, found) in found {
            let stated = match base.cluster(id) {
                None => found.clone(),
                Some(known) => known.completed(found),
            };
            facts.insert_cluster(id, stated);
        }
        facts
    }

    /// States what is known of cluster `id`, in place of what was stated before.
    pub fn insert_cluster(&mut self, id: impl Into<String>, facts: ClusterFacts) {
        self.clusters.insert(id.into(), facts);
    }

    /// States that the `kind` (`dbnode`, `dbendpoint`, `gdn`) with this `id` belongs to `clusters`.
    pub fn insert_member(&mut self, kind: impl Into<String>, id: impl Into<String>, clusters: Vec<String>) {
        self.members.entry(kind.into()).or_default().insert(id.into(), clusters);
    }

    /// What is known of cluster `id`.
    #[must_use]
    pub fn cluster(&self, id: &str) -> Option<&ClusterFacts> {
        self.clusters.get(id).or_else(|| self.base.as_ref()?.cluster(id))
    }

    /// The clusters that a member belongs to; empty where nothing is known of it.
    #[must_use]
    pub fn member(&self, kind: &str, id: &str) -> &[String] {
        match (self.members.get(kind).and_then(|ids| ids.get(id)), &self.base) {
            (Some(clusters), _) => clusters,
            (None, Some(base)) => base.member(kind, id),
            (None, None) => &[],
        }
    }
}
