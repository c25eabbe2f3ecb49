//! What the catalogue knows of one version of a product's API.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::ClusterLookup;
use super::operation::{Operation, Parameter, Role};

/// One version of one product's API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    pub(super) code: String,
    pub(super) version: String,
    pub(super) name: Option<String>,
    pub(super) cluster: ClusterArn,
    pub(super) kinds: BTreeMap<String, Role>,
    pub(super) prefixes: BTreeMap<String, Prefix>,
    pub(super) not_clusters: BTreeSet<String>,
    pub(super) resource_types: BTreeMap<String, String>,
    pub(super) read_levels: BTreeSet<String>,
    pub(super) class_overrides: BTreeMap<String, ClassOverride>,
    pub(super) parameter_sets: BTreeMap<String, Vec<Parameter>>,
    pub(super) condition_keys: BTreeMap<String, String>,
    pub(super) endpoints: Endpoints,
    pub(super) lookup: Option<ClusterLookup>,
    pub(super) operations: BTreeMap<String, Arc<Operation>>,
}

impl Product {
    /// The RAM code, as in `polardb`: what actions and ARNs begin with.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The API version, as in `2017-08-01`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The product's name for people.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Its operations by name.
    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.operations.values().map(AsRef::as_ref)
    }

    /// The operation of exactly that name.
    #[must_use]
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.get(name).map(AsRef::as_ref)
    }

    /// Condition keys of the product's own, with what is known of each.
    pub fn condition_keys(&self) -> impl Iterator<Item = (&str, &str)> {
        self.condition_keys.iter().map(|(key, note)| (key.as_str(), note.as_str()))
    }

    /// How a cluster is looked up, where that is known.
    #[must_use]
    pub fn lookup(&self) -> Option<&ClusterLookup> {
        self.lookup.as_ref()
    }

    /// The host name of the API in `region`, from the public internet; none where no endpoint is known.
    #[must_use]
    pub fn endpoint(&self, region: &str) -> Option<String> {
        let Endpoints { default, regions, .. } = &self.endpoints;
        regions.get(region).cloned().or_else(|| default.as_ref().map(|rule| rule.replace("{region}", region)))
    }

    /// The host name of the API in `region`, from within a VPC; none where none is known.
    #[must_use]
    pub fn vpc_endpoint(&self, region: &str) -> Option<String> {
        let Endpoints { vpc, vpc_default, .. } = &self.endpoints;
        vpc.get(region).cloned().or_else(|| vpc_default.as_ref().map(|rule| rule.replace("{region}", region)))
    }
}

/// Service and type of the ARN that stands for a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ClusterArn {
    pub(super) service: String,
    pub(super) kind: String,
}

/// What an id that begins so is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Prefix {
    pub(super) kind: String,
    pub(super) role: Role,
}

/// A read or write class that differs from what the access level says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ClassOverride {
    pub(super) write: bool,
    pub(super) reason: String,
}

/// Host names by region.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Endpoints {
    pub(super) default: Option<String>,
    pub(super) vpc_default: Option<String>,
    pub(super) regions: BTreeMap<String, String>,
    pub(super) vpc: BTreeMap<String, String>,
}
