//! The operations: parameters of a verified call to the members of its response.

use serde_json::{Map, Value, json};

use crate::catalog::Parameters;

use super::arguments::Arguments;
use super::describe;
use super::error::{Failure, ServiceError};
use super::machine::Cluster;
use super::state::State;

mod create;
mod list;

/// The version of the API that the sandbox speaks.
pub const VERSION: &str = "2017-08-01";

/// A call whose signature has been verified.
#[derive(Debug, Clone, Copy)]
pub struct Verified<'a> {
    /// The account of the key that signed it.
    pub account: &'a str,
    /// Version of the API, as in `2017-08-01`.
    pub version: &'a str,
    /// The operation, as in `CloseDBClusterMigration`.
    pub operation: &'a str,
    /// Its business parameters.
    pub parameters: &'a Parameters,
}

impl State {
    /// Does what the call asks and gives the members of the response, without its `RequestId`.
    ///
    /// A change is on disk when this returns.
    ///
    /// # Errors
    /// [`Failure::Refused`] as the service refuses it, [`Failure::Broken`] where the state cannot be read or written.
    pub fn answer(&self, call: &Verified<'_>) -> Result<Map<String, Value>, Failure> {
        if call.version != VERSION {
            return Err(ServiceError::UnknownVersion.into());
        }
        let arguments = Arguments::new(call.parameters);
        let operation = match call.operation {
            "CreateDBCluster" => create::create,
            "DescribeDBClusters" => list::list,
            "DescribeDBClusterAttribute" => describe_attribute,
            "DescribeDBClusterMigration" => describe_migration,
            "ModifyDBClusterMigration" => modify_migration,
            "ContinueDBClusterMigration" => continue_migration,
            "CloseDBClusterMigration" => close_migration,
            "DeleteDBCluster" => delete,
            _ => return Err(ServiceError::UnknownOperation.into()),
        };
        arguments.check_owner(call.account)?;
        operation(self, call, &arguments)
    }

    /// The account's cluster that the call names, as it is now.
    fn named(&self, call: &Verified<'_>, arguments: &Arguments<'_>) -> Result<Cluster, Failure> {
        let id = arguments.cluster_id()?;
        let found = self.cluster(id)?.filter(|cluster| cluster.account == call.account);
        Ok(found.ok_or(ServiceError::ClusterNotFound)?)
    }
}

type Answer = Result<Map<String, Value>, Failure>;

fn describe_attribute(state: &State, call: &Verified<'_>, arguments: &Arguments<'_>) -> Answer {
    Ok(describe::attribute(&state.named(call, arguments)?, state.now()))
}

fn describe_migration(state: &State, call: &Verified<'_>, arguments: &Arguments<'_>) -> Answer {
    Ok(describe::migration(&state.named(call, arguments)?))
}

fn modify_migration(state: &State, call: &Verified<'_>, arguments: &Arguments<'_>) -> Answer {
    let id = arguments.cluster_id()?;
    let new_master = arguments.required("NewMasterInstanceId")?;
    let source = arguments.required("SourceRDSDBInstanceId")?;
    let swap = arguments.boolean("SwapConnectionString")?.unwrap_or(false);
    let strings = arguments.optional("ConnectionStrings");
    if strings.is_some() && !swap {
        return Err(ServiceError::invalid("ConnectionStrings").into());
    }
    state.change(call.account, id, |cluster, now, durations| {
        if let (Some(strings), Some(_)) = (strings, &cluster.migration) {
            check_exchange(strings, cluster)?;
        }
        cluster.switch(source, new_master, swap, now, durations)
    })?;
    Ok(Map::new())
}

/// `ConnectionStrings` maps addresses that the two sides now have to one another.
fn check_exchange(strings: &str, cluster: &Cluster) -> Result<(), ServiceError> {
    let invalid = || ServiceError::invalid("ConnectionStrings");
    let members: Map<String, Value> = serde_json::from_str(strings).map_err(|_| invalid())?;
    let (main, rds) = describe::main_addresses(cluster);
    let rds = rds.ok_or_else(invalid)?;
    let known = |old: &str, new: &Value| {
        let new = new.as_str();
        (old == main && new == Some(rds.as_str())) || (old == rds && new == Some(main.as_str()))
    };
    if !members.is_empty() && members.iter().all(|(old, new)| known(old, new)) { Ok(()) } else { Err(invalid()) }
}

fn continue_migration(state: &State, call: &Verified<'_>, arguments: &Arguments<'_>) -> Answer {
    let id = arguments.cluster_id()?;
    let force = arguments.boolean("ForceSwitch")?.unwrap_or(false);
    state.change(call.account, id, |cluster, now, durations| {
        if arguments.optional("RegionId").is_some_and(|region| region != cluster.region) {
            return Err(ServiceError::ClusterNotFound);
        }
        cluster.resume(force, now, durations)
    })?;
    Ok(Map::new())
}

fn close_migration(state: &State, call: &Verified<'_>, arguments: &Arguments<'_>) -> Answer {
    let id = arguments.cluster_id()?;
    let keep_binary_log = arguments.boolean("ContinueEnableBinlog")?.unwrap_or(true);
    state.change(call.account, id, |cluster, now, durations| cluster.close(keep_binary_log, now, durations))?;
    Ok(Map::new())
}

fn delete(state: &State, call: &Verified<'_>, arguments: &Arguments<'_>) -> Answer {
    let id = arguments.cluster_id()?;
    arguments.one_of("BackupRetentionPolicyOnClusterDeletion", &["NONE", "LATEST", "ALL"])?;
    state.change(call.account, id, Cluster::delete)?;
    Ok(Map::new())
}

/// The members that `CreateDBCluster` answers with.
fn created(creation: &super::state::Creation) -> Map<String, Value> {
    let mut members = Map::new();
    members.insert("DBClusterId".to_owned(), json!(creation.cluster));
    members.insert("OrderId".to_owned(), json!(creation.order));
    members.insert("ResourceGroupId".to_owned(), json!(creation.resource_group));
    members
}

#[cfg(test)]
mod tests;
