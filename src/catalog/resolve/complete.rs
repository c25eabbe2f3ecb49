//! From a plan and the facts it asked for to the checks.

use std::collections::{BTreeMap, BTreeSet};

use super::Plan;
use super::ids::Sighted;
use crate::catalog::operation::{Authorization, Confidence, IdPart, RegionPart, Template};
use crate::catalog::{Check, Checks, ClusterFacts, Facts, Known, Requirement, ResolutionError};

/// A cluster of the call, of the caller's account.
struct Cluster {
    region: String,
    resource_group: Known<Option<String>>,
    tags: Known<Vec<(String, String)>>,
    /// Whether the call is about it.
    primary: bool,
}

/// What the facts say of everything that the call names.
#[derive(Default)]
struct Resources {
    clusters: BTreeMap<String, Cluster>,
    /// Clusters in the order the call names them, for checks in a stable and sensible order.
    order: Vec<String>,
    /// Whether the call names a member that the inventory does not know.
    stray_member: bool,
}

impl Plan {
    /// The checks of the call, given what is known of its resources. No I/O.
    ///
    /// `facts` may hold more than was asked for. What it does not hold is not known, and fails closed.
    ///
    /// # Errors
    /// Where a cluster is not known, belongs to another account, or contradicts the request, and where it is
    /// not known in which region the call acts (spec gate-rules G1, G3).
    pub fn complete(&self, facts: &Facts) -> Result<Checks, ResolutionError> {
        let resources = self.resources(facts)?;
        self.contradictions(&resources)?;
        let operation = &*self.operation;

        let mut asked = Questions {
            plan: self,
            resources: &resources,
            facts,
            checks: Vec::new(),
            resources_asked: BTreeSet::new(),
        };
        match operation.authorization {
            Authorization::None => asked.template(&Template::All, true)?,
            Authorization::AllResources => asked.template(&Template::All, false)?,
            Authorization::Resource => {
                let template = operation.resource.as_ref().unwrap_or(&Template::All);
                asked.template(template, false)?;
            }
        }
        if operation.confidence == Confidence::Low {
            for alternative in &operation.alternatives {
                asked.template(alternative, true)?;
            }
        }
        let requirement = match operation.authorization {
            Authorization::Resource => Requirement::Allowed,
            Authorization::AllResources | Authorization::None => Requirement::NotExplicitlyDenied,
        };
        for id in &resources.order {
            asked.cluster(id, requirement);
        }
        if resources.stray_member {
            asked.every_cluster(true)?;
        }
        Ok(Checks {
            operation: operation.name.clone(),
            write: operation.write,
            owner: self.account.clone(),
            region: self.call_region(&resources),
            checks: asked.checks,
            request_tags: self.request_tags.clone(),
        })
    }

    fn resources(&self, facts: &Facts) -> Result<Resources, ResolutionError> {
        let mut resources = Resources::default();
        for sighting in &self.sightings {
            let named_by = || format!("parameter `{}`", sighting.parameter);
            match &sighting.what {
                Sighted::Primary | Sighted::Cluster => {
                    if !sighting.certain && facts.cluster(&sighting.id).is_none() {
                        continue;
                    }
                    let primary = sighting.what == Sighted::Primary;
                    self.add(&mut resources, facts, &sighting.id, primary, named_by)?;
                }
                Sighted::Member(kind) => {
                    let owners = facts.member(kind, &sighting.id);
                    resources.stray_member |= sighting.certain && owners.is_empty();
                    for owner in owners {
                        let named_by = || format!("{kind} `{}` in parameter `{}`", sighting.id, sighting.parameter);
                        self.add(&mut resources, facts, owner, false, named_by)?;
                    }
                }
            }
        }
        Ok(resources)
    }

    fn add(
        &self,
        resources: &mut Resources,
        facts: &Facts,
        id: &str,
        primary: bool,
        named_by: impl Fn() -> String,
    ) -> Result<(), ResolutionError> {
        if let Some(known) = resources.clusters.get_mut(id) {
            known.primary |= primary;
            return Ok(());
        }
        let single = self.single_region.as_deref();
        let cluster = match (facts.cluster(id), single) {
            (Some(ClusterFacts { account, region, resource_group, tags }), _) => {
                if *account != self.account {
                    return Err(ResolutionError::ForeignCluster { cluster: id.to_owned(), named_by: named_by() });
                }
                let region = match (region.as_deref(), single) {
                    (Some(region), _) | (None, Some(region)) => region.to_owned(),
                    (None, None) => {
                        return Err(ResolutionError::UnknownRegion {
                            operation: self.operation.name.clone(),
                            mend: format!("give cluster `{id}` its region in the inventory"),
                        });
                    }
                };
                Cluster { region, resource_group: resource_group.clone(), tags: tags.clone(), primary }
            }
            (None, Some(region)) => {
                Cluster { region: region.to_owned(), resource_group: Known::Unknown, tags: Known::Unknown, primary }
            }
            (None, None) => {
                return Err(ResolutionError::UnknownCluster { cluster: id.to_owned(), named_by: named_by() });
            }
        };
        resources.clusters.insert(id.to_owned(), cluster);
        resources.order.push(id.to_owned());
        Ok(())
    }

    /// What the request says of region and resource group must agree with what is known (spec gate-rules G3).
    fn contradictions(&self, resources: &Resources) -> Result<(), ResolutionError> {
        let contradiction = |parameter: &str, problem: String| {
            Err(ResolutionError::Contradiction { parameter: parameter.to_owned(), problem })
        };
        let primaries = || resources.clusters.iter().filter(|(_, cluster)| cluster.primary);
        if let Some(single) = &self.single_region
            && let Some((id, cluster)) = primaries().find(|(_, cluster)| cluster.region != *single)
        {
            return Err(ResolutionError::UnknownRegion {
                operation: self.operation.name.clone(),
                mend: format!(
                    "the inventory has cluster `{id}` in `{}`, but the upstream is declared to serve only `{single}`; \
                     correct one of them",
                    cluster.region
                ),
            });
        }
        if let Some(requested) = &self.requested_region {
            if let Some(single) = self.single_region.as_ref().filter(|single| *single != requested) {
                let problem = format!("the upstream serves only `{single}`; call with that region, or elsewhere");
                return contradiction("RegionId", problem);
            }
            if let Some((id, cluster)) = primaries().find(|(_, cluster)| cluster.region != *requested) {
                let problem =
                    format!("cluster `{id}` is in `{}`; call with that region, or without it", cluster.region);
                return contradiction("RegionId", problem);
            }
        }
        if let Some(requested) = &self.requested_group {
            let other = primaries().find(|(_, cluster)| match &cluster.resource_group {
                Known::Known(group) => group.as_ref() != Some(requested),
                Known::Unknown => false,
            });
            if let Some((id, _)) = other {
                let problem =
                    format!("the inventory has cluster `{id}` in another resource group; leave the parameter out");
                return contradiction("ResourceGroupId", problem);
            }
        }
        Ok(())
    }

    /// The regions that stand in an ARN without an id; never empty.
    fn regions(&self, resources: &Resources) -> Result<BTreeSet<String>, ResolutionError> {
        if let Some(single) = &self.single_region {
            return Ok(BTreeSet::from([single.clone()]));
        }
        if self.operation.acts_in_requested_region()
            && let Some(requested) = &self.requested_region
        {
            return Ok(BTreeSet::from([requested.clone()]));
        }
        let regions: BTreeSet<_> = resources.clusters.values().map(|cluster| cluster.region.clone()).collect();
        if regions.is_empty() {
            let mend = if self.operation.acts_in_requested_region() {
                "supply `RegionId`, or declare that the upstream serves one region only"
            } else {
                "name a cluster that is in the inventory, or declare that the upstream serves one region only"
            };
            return Err(ResolutionError::UnknownRegion {
                operation: self.operation.name.clone(),
                mend: mend.to_owned(),
            });
        }
        Ok(regions)
    }

    /// The region of the whole call, where it has exactly one.
    fn call_region(&self, resources: &Resources) -> Option<String> {
        let mut primaries =
            resources.clusters.values().filter(|cluster| cluster.primary).map(|cluster| &cluster.region);
        if let Some(first) = primaries.next() {
            return primaries.all(|region| region == first).then(|| first.clone());
        }
        let regions = self.regions(resources).ok()?;
        (regions.len() == 1).then(|| regions.into_iter().next()).flatten()
    }
}

/// The checks as they are collected; no ARN is asked about twice.
struct Questions<'a> {
    plan: &'a Plan,
    resources: &'a Resources,
    facts: &'a Facts,
    checks: Vec<Check>,
    resources_asked: BTreeSet<String>,
}

impl Questions<'_> {
    fn template(&mut self, template: &Template, stricter: bool) -> Result<(), ResolutionError> {
        let plan = self.plan;
        let Template::Arn { service, region, id, .. } = template else {
            // No resource, so no group: a grant on a resource group must not reach it.
            self.ask("*".to_owned(), stricter, Requirement::Allowed, Known::Known(None), Known::Unknown);
            return Ok(());
        };
        let kind = template.arn_type(plan.tagged_type.as_deref()).unwrap_or(&plan.product.cluster.kind);
        let arn = |region: &str, id: &str| format!("acs:{service}:{region}:{}:{kind}/{id}", plan.account);
        let ids: Vec<&str> = match id {
            IdPart::Any => Vec::new(),
            IdPart::Parameter(parameter) => plan.texts(parameter).map(|value| value.text.as_str()).collect(),
            IdPart::OwnerOf(parameter) => plan
                .texts(parameter)
                .flat_map(|value| self.facts.member(value.kind.as_deref().unwrap_or(""), &value.text))
                .map(String::as_str)
                .collect(),
        };
        if ids.is_empty() {
            for place in Self::places(region, || plan.regions(self.resources))? {
                let group = self.group_of_new();
                self.ask(arn(&place, "*"), stricter, Requirement::Allowed, group, Known::Unknown);
            }
        }
        for id in ids {
            let known = self.resources.clusters.get(id);
            let regions = || match known {
                Some(cluster) => Ok(BTreeSet::from([cluster.region.clone()])),
                None => plan.regions(self.resources),
            };
            for place in Self::places(region, regions)? {
                let (group, tags) = known.map_or((Known::Unknown, Known::Unknown), |cluster| {
                    (cluster.resource_group.clone(), cluster.tags.clone())
                });
                self.ask(arn(&place, id), stricter, Requirement::Allowed, group, tags);
            }
        }
        Ok(())
    }

    fn places(
        part: &RegionPart,
        regions: impl Fn() -> Result<BTreeSet<String>, ResolutionError>,
    ) -> Result<BTreeSet<String>, ResolutionError> {
        match part {
            RegionPart::Any => Ok(BTreeSet::from(["*".to_owned()])),
            RegionPart::Known => regions(),
        }
    }

    /// Resource group of something that has no id in the call. What is created goes where `ResourceGroupId` says; the
    /// default group has an id that nothing tells, and a listing may touch every group.
    fn group_of_new(&self) -> Known<Option<String>> {
        let creates = self.plan.operation.level() == Some("create");
        match self.plan.requested_group.as_ref().filter(|_| creates) {
            Some(group) => Known::Known(Some(group.clone())),
            None => Known::Unknown,
        }
    }

    /// One cluster of the call, unless it is asked about already.
    fn cluster(&mut self, id: &str, requirement: Requirement) {
        let Some(cluster) = self.resources.clusters.get(id) else { return };
        let arn = self.cluster_arn(&cluster.region, id);
        self.ask(arn, true, requirement, cluster.resource_group.clone(), cluster.tags.clone());
    }

    /// Every cluster of the regions that the call acts in.
    fn every_cluster(&mut self, stricter: bool) -> Result<(), ResolutionError> {
        for region in self.plan.regions(self.resources)? {
            let arn = self.cluster_arn(&region, "*");
            self.ask(arn, stricter, Requirement::Allowed, Known::Unknown, Known::Unknown);
        }
        Ok(())
    }

    fn cluster_arn(&self, region: &str, id: &str) -> String {
        let cluster = &self.plan.product.cluster;
        format!("acs:{}:{region}:{}:{}/{id}", cluster.service, self.plan.account, cluster.kind)
    }

    fn ask(
        &mut self,
        resource: String,
        stricter_than_cloud: bool,
        requirement: Requirement,
        resource_group: Known<Option<String>>,
        tags: Known<Vec<(String, String)>>,
    ) {
        // The first of two is the stronger: what the catalogue asks comes before what is added, and is never weaker.
        if !self.resources_asked.insert(resource.clone()) {
            return;
        }
        let action = self.plan.operation.action.clone();
        self.checks.push(Check { action, resource, requirement, stricter_than_cloud, resource_group, tags });
    }
}
