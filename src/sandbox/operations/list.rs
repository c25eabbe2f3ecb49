//! `DescribeDBClusters` (spec openapi-wire 5.5).

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::{Answer, Verified};
use crate::sandbox::arguments::Arguments;
use crate::sandbox::describe;
use crate::sandbox::error::ServiceError;
use crate::sandbox::machine::Cluster;
use crate::sandbox::state::State;

pub(super) fn list(state: &State, call: &Verified<'_>, arguments: &Arguments<'_>) -> Answer {
    let now = state.now();
    let region = arguments.required("RegionId")?;
    let page = arguments.number("PageNumber")?.unwrap_or(1);
    let size = arguments.number("PageSize")?.unwrap_or(30);
    if page == 0 {
        return Err(ServiceError::invalid("PageNumber").into());
    }
    if ![30, 50, 100].contains(&size) {
        return Err(ServiceError::invalid("PageSize").into());
    }
    if arguments.optional("DescribeType").is_some() {
        arguments.one_of("DescribeType", &["Simple"])?;
    }
    let filter = Filter::read(arguments, now)?;
    let found: Vec<Cluster> = state
        .clusters()?
        .into_iter()
        .filter(|cluster| cluster.account == call.account && cluster.region == region && filter.takes(cluster))
        .collect();
    let skipped = (page as usize - 1).saturating_mul(size as usize);
    let items: Vec<Value> =
        found.iter().skip(skipped).take(size as usize).map(|cluster| describe::list_item(cluster, now)).collect();
    let mut members = Map::new();
    members.insert("PageNumber".to_owned(), json!(page));
    members.insert("PageRecordCount".to_owned(), json!(items.len()));
    members.insert("TotalRecordCount".to_owned(), json!(found.len()));
    members.insert("Items".to_owned(), json!({ "DBCluster": items }));
    Ok(members)
}

/// A text of a cluster.
type Text = fn(&Cluster) -> &str;

/// What a listed cluster must be like.
struct Filter<'a> {
    now: Timestamp,
    ids: Option<Vec<&'a str>>,
    nodes: Option<Vec<&'a str>>,
    description: Option<&'a str>,
    /// A parameter's value and the cluster's that must equal it.
    equal: Vec<(&'a str, Text)>,
    expired: Option<bool>,
    address: Option<&'a str>,
    created_within: Option<SignedDuration>,
    expires_within: Option<SignedDuration>,
    tags: Vec<(String, String)>,
}

impl<'a> Filter<'a> {
    fn read(arguments: &Arguments<'a>, now: Timestamp) -> Result<Self, ServiceError> {
        let names = |name: &str| arguments.optional(name).map(|list| list.split(',').map(str::trim).collect());
        let days = |name: &str| match arguments.number(name)? {
            Some(days @ 0..=15) => Ok(Some(SignedDuration::from_hours(i64::from(days) * 24))),
            Some(_) => Err(ServiceError::invalid(name)),
            None => Ok(None),
        };
        let compared: [(&str, Text); 5] = [
            ("DBClusterStatus", |cluster| cluster.status.name()),
            ("DBType", |cluster| &cluster.db_type),
            ("DBVersion", |cluster| &cluster.db_version),
            ("PayType", |cluster| cluster.pay_type.name()),
            ("ResourceGroupId", |cluster| &cluster.resource_group),
        ];
        Ok(Self {
            now,
            ids: names("DBClusterIds"),
            nodes: names("DBNodeIds"),
            description: arguments.optional("DBClusterDescription"),
            equal: compared
                .into_iter()
                .filter_map(|(name, of)| arguments.optional(name).map(|value| (value, of)))
                .collect(),
            expired: arguments.boolean("Expired")?,
            address: arguments.optional("ConnectionString"),
            created_within: days("RecentCreationInterval")?,
            expires_within: days("RecentExpirationInterval")?,
            tags: arguments.tags()?.into_iter().collect(),
        })
    }

    fn takes(&self, cluster: &Cluster) -> bool {
        let expires_in = cluster.paid_until.map(|until| until.duration_since(self.now));
        self.ids.as_ref().is_none_or(|ids| ids.contains(&cluster.id.as_str()))
            && self
                .nodes
                .as_ref()
                .is_none_or(|nodes| describe::node_ids(cluster).iter().any(|(id, _)| nodes.contains(&id.as_str())))
            && self.description.is_none_or(|part| cluster.description.contains(part))
            && self.equal.iter().all(|(value, of)| of(cluster) == *value)
            && self.expired.is_none_or(|expired| describe::expired(cluster, self.now) == expired)
            && self.address.is_none_or(|address| describe::addresses(cluster).iter().any(|own| own == address))
            && self.created_within.is_none_or(|within| self.now.duration_since(cluster.created) <= within)
            && self
                .expires_within
                .is_none_or(|within| expires_in.is_some_and(|left| left >= SignedDuration::ZERO && left <= within))
            && self
                .tags
                .iter()
                .all(|(key, value)| cluster.tags.get(key).is_some_and(|own| value.is_empty() || own == value))
    }
}
