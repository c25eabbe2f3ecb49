//! What is missing to decide a call, and who may be told that something is not there.

use super::Plan;
use crate::catalog::{Check, Checks, FactRequest, Facts, Known, Requirement};

/// A cluster that more could be known of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lacking {
    /// Its id.
    pub cluster: String,
    /// Whether nothing is known of it, so that the call is refused without more.
    pub unknown: bool,
}

impl Plan {
    /// The clusters of the call that `facts` does not say everything of, each once. Of clusters of other accounts
    /// nothing more is wanted: they are refused.
    #[must_use]
    pub fn lacking(&self, facts: &Facts) -> Vec<Lacking> {
        let mut lacking = Vec::new();
        for request in &self.facts {
            match request {
                FactRequest::Cluster { id, .. } => self.consider(id, facts, &mut lacking),
                FactRequest::Member { kind, id } => {
                    for owner in facts.member(kind, id) {
                        self.consider(owner, facts, &mut lacking);
                    }
                }
            }
        }
        lacking
    }

    fn consider(&self, id: &str, facts: &Facts, lacking: &mut Vec<Lacking>) {
        let known = facts.cluster(id);
        let whole = known.is_some_and(|known| {
            known.account != self.account
                || (known.region.is_some() && known.resource_group != Known::Unknown && known.tags != Known::Unknown)
        });
        if !whole && !lacking.iter().any(|other| other.cluster == id) {
            lacking.push(Lacking { cluster: id.to_owned(), unknown: known.is_none() });
        }
    }

    /// What a caller must be allowed to be told that there is no cluster of this id: the action on every cluster of the
    /// account, wherever it is, and on this one.
    #[must_use]
    pub fn to_know_of(&self, cluster: &str) -> Checks {
        let arn = &self.product.cluster;
        let check = |id: &str| Check {
            action: self.operation.action.clone(),
            resource: format!("acs:{}:*:{}:{}/{id}", arn.service, self.account, arn.kind),
            requirement: Requirement::Allowed,
            stricter_than_cloud: false,
            resource_group: Known::Unknown,
            tags: Known::Unknown,
        };
        Checks {
            operation: self.operation.name.clone(),
            write: self.operation.write,
            owner: self.account.clone(),
            region: None,
            checks: vec![check("*"), check(cluster)],
            request_tags: self.request_tags.clone(),
        }
    }
}
