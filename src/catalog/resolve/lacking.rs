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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{ApiCall, Catalog, ClusterFacts, Parameters};

    const ACCOUNT: &str = "1234567890123456";

    fn plan(operation: &str, pairs: &[(&str, &str)]) -> Plan {
        let mut parameters = Parameters::new();
        for (name, value) in pairs {
            parameters.insert(*name, *value).unwrap();
        }
        let call = ApiCall {
            product: "polardb",
            version: "2017-08-01",
            operation,
            parameters: &parameters,
            account: ACCOUNT,
            account_alias: None,
            single_region: None,
        };
        Catalog::embedded().plan(&call).unwrap()
    }

    fn facts(account: &str, tags: Known<Vec<(String, String)>>) -> ClusterFacts {
        ClusterFacts {
            account: account.to_owned(),
            region: Some("cn-hangzhou".to_owned()),
            resource_group: Known::Known(None),
            tags,
        }
    }

    fn lacking(plan: &Plan, facts: &Facts) -> Vec<(String, bool)> {
        plan.lacking(facts).into_iter().map(|lacking| (lacking.cluster, lacking.unknown)).collect()
    }

    #[test]
    fn what_is_lacking_is_every_cluster_that_is_not_known_or_not_wholly() {
        let mut known = Facts::new();
        known.insert_cluster("pc-whole", facts(ACCOUNT, Known::Known(Vec::new())));
        known.insert_cluster("pc-untagged", facts(ACCOUNT, Known::Unknown));
        known.insert_cluster("pc-foreign", facts("6543210987654321", Known::Unknown));
        let ids = "pc-whole,pc-untagged,pc-foreign,pc-new,pc-new";
        let plan = plan("DescribeDBClusters", &[("RegionId", "cn-hangzhou"), ("DBClusterIds", ids)]);
        assert_eq!(lacking(&plan, &known), [("pc-untagged".to_owned(), false), ("pc-new".to_owned(), true)]);
    }

    #[test]
    fn the_cluster_that_a_member_belongs_to_is_wanted_too() {
        let mut known = Facts::new();
        known.insert_member("dbnode", "pi-1", vec!["pc-owner".to_owned()]);
        known.insert_cluster("pc-whole", facts(ACCOUNT, Known::Known(Vec::new())));
        let plan = plan("RestartDBNode", &[("DBNodeId", "pi-1")]);
        assert_eq!(lacking(&plan, &known), [("pc-owner".to_owned(), true)]);
    }

    #[test]
    fn a_text_that_looks_like_an_id_is_asked_about_as_one() {
        let pairs = [("DBClusterId", "pc-one"), ("DBClusterDescription", "copy of pc-two, by hand")];
        let plan = plan("ModifyDBClusterDescription", &pairs);
        let wanted = [("pc-one".to_owned(), true), ("pc-two".to_owned(), true)];
        assert_eq!(lacking(&plan, &Facts::new()), wanted);
    }
}
