//! What is known of the resources that policies speak about.

use std::collections::BTreeMap;

use crate::catalog::{ClusterFacts, Facts, Known};

/// One resource of the inventory. What was not said of it is [`Known::Unknown`] (spec gate-rules G2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// RAM code of its service, as in `polardb`.
    pub service: String,
    /// ARN type, as in `dbcluster`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// The account that owns it.
    pub account: String,
    /// The region it is in.
    pub region: String,
    /// Its resource group; `Known(None)` where it is known to be reported without one.
    pub resource_group: Known<Option<String>>,
    /// Its tags.
    pub tags: Known<Vec<(String, String)>>,
    /// The clusters that a node, an endpoint or a global network belongs to (G5).
    pub clusters: Vec<String>,
}

/// Every resource that is known, by service, ARN type and id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    resources: BTreeMap<(String, String, String), Resource>,
}

impl Inventory {
    /// Adds a resource; gives back one that was there under the same service, type and id.
    pub fn insert(&mut self, resource: Resource) -> Option<Resource> {
        self.resources.insert((resource.service.clone(), resource.kind.clone(), resource.id.clone()), resource)
    }

    /// The resource of `service` and ARN type `kind` with this id.
    #[must_use]
    pub fn get(&self, service: &str, kind: &str, id: &str) -> Option<&Resource> {
        self.resources.get(&(service.to_owned(), kind.to_owned(), id.to_owned()))
    }

    /// What resolution may know of these resources: clusters, and what belongs to them (spec gate-rules G3, G5).
    #[must_use]
    pub fn facts(&self) -> Facts {
        let mut facts = Facts::new();
        for resource in self.iter() {
            if resource.kind == "dbcluster" {
                let cluster = ClusterFacts {
                    account: resource.account.clone(),
                    region: Some(resource.region.clone()),
                    resource_group: resource.resource_group.clone(),
                    tags: resource.tags.clone(),
                };
                facts.insert_cluster(&resource.id, cluster);
            } else {
                facts.insert_member(&resource.kind, &resource.id, resource.clusters.clone());
            }
        }
        facts
    }

    /// Every resource, in order of service, type and id.
    pub fn iter(&self) -> impl Iterator<Item = &Resource> {
        self.resources.values()
    }
}
