//! Clusters and migrations as the responses spell and wrap them (spec openapi-wire 5.1, 5.5).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::machine::{Cluster, Migration, Stage};

/// UTC to the second, as every response writes it.
fn instant(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Whether the cluster's prepaid time is over, as the responses write it.
pub(super) fn expired(cluster: &Cluster, now: Timestamp) -> bool {
    cluster.paid_until.is_some_and(|until| until <= now)
}

/// Ids of the writer and the reader.
pub(super) fn node_ids(cluster: &Cluster) -> [(String, &'static str); 2] {
    let rest = cluster.id.split_once('-').map_or(cluster.id.as_str(), |(_, rest)| rest);
    [(format!("pi-{rest}w"), "Writer"), (format!("pi-{rest}r"), "Reader")]
}

/// Address of the cluster endpoint; no switch exchanges it.
fn cluster_address(cluster: &Cluster) -> String {
    format!("{}.cluster.mysql.polardb.rds.aliyuncs.com", cluster.id)
}

fn own_main_address(cluster: &Cluster) -> String {
    format!("{}.mysql.polardb.rds.aliyuncs.com", cluster.id)
}

fn own_rds_address(migration: &Migration) -> String {
    format!("{}.mysql.rds.aliyuncs.com", migration.source)
}

/// Main addresses of the cluster and of the RDS instance, as they now stand.
pub(super) fn main_addresses(cluster: &Cluster) -> (String, Option<String>) {
    match &cluster.migration {
        Some(migration) if migration.addresses_swapped => (own_rds_address(migration), Some(own_main_address(cluster))),
        Some(migration) => (own_main_address(cluster), Some(own_rds_address(migration))),
        None => (own_main_address(cluster), None),
    }
}

/// Every address of the cluster.
pub(super) fn addresses(cluster: &Cluster) -> [String; 2] {
    [main_addresses(cluster).0, cluster_address(cluster)]
}

fn address_items(cluster: &Cluster, address: &str) -> Value {
    json!([{
        "ConnectionString": address,
        "IPAddress": "",
        "Port": "3306",
        "NetType": "Private",
        "SSLEnabled": "Disabled",
        "VPCId": cluster.vpc,
        "VSwitchId": cluster.vswitch,
    }])
}

/// `DescribeDBClusterMigration`: its lists are plain.
pub(super) fn migration(cluster: &Cluster) -> Map<String, Value> {
    let (main, rds) = main_addresses(cluster);
    let endpoint = |id: String, kind: &str, mode: &str, address: &str| {
        json!({
            "DBEndpointId": id,
            "EndpointType": kind,
            "ReadWriteMode": mode,
            "AddressItems": address_items(cluster, address),
        })
    };
    let rest = cluster.id.split_once('-').map_or(cluster.id.as_str(), |(_, rest)| rest);
    let endpoints = json!([
        endpoint(format!("pe-{rest}p"), "Primary", "ReadWrite", &main),
        endpoint(format!("pe-{rest}c"), "Cluster", "ReadWrite", &cluster_address(cluster)),
    ]);
    let value = match &cluster.migration {
        None => json!({
            "DBClusterId": cluster.id,
            "SourceRDSDBInstanceId": "",
            "MigrationStatus": "NO_MIGRATION",
            "Topologies": "",
            "DBClusterReadWriteMode": "",
            "RdsReadWriteMode": "",
            "DelayedSeconds": 0,
            "ExpiredTime": "",
            "Comment": "",
            "DtsInstanceId": "",
            "SrcDbType": "",
            "DBClusterEndpointList": endpoints,
            "RdsEndpointList": [],
        }),
        Some(migration) => {
            let (cluster_mode, rds_mode) = migration.stage.read_write_modes();
            json!({
                "DBClusterId": cluster.id,
                "SourceRDSDBInstanceId": migration.source,
                "MigrationStatus": migration.stage.name(),
                "Topologies": migration.stage.direction().name(),
                "DBClusterReadWriteMode": cluster_mode,
                "RdsReadWriteMode": rds_mode,
                "DelayedSeconds": if matches!(migration.stage, Stage::Cloning { .. }) { -1 } else { 0 },
                "ExpiredTime": instant(migration.expires),
                "Comment": migration.present_fault().map_or("", |fault| fault.comment.as_str()),
                "DtsInstanceId": "",
                "SrcDbType": "RDS",
                "DBClusterEndpointList": endpoints,
                "RdsEndpointList": [{
                    "DBEndpointId": migration.source,
                    "EndpointType": "Normal",
                    "CustinsType": "RDS",
                    "AddressItems": address_items(cluster, rds.as_deref().unwrap_or_default()),
                }],
            })
        }
    };
    object(value)
}

/// `DescribeDBClusterAttribute`: `CreationTime`, `VPCId`, plain lists.
pub(super) fn attribute(cluster: &Cluster, now: Timestamp) -> Map<String, Value> {
    let nodes: Vec<Value> = node_ids(cluster)
        .into_iter()
        .map(|(id, role)| {
            json!({
                "DBNodeId": id,
                "DBNodeRole": role,
                "DBNodeClass": cluster.node_class,
                "DBNodeStatus": cluster.status.name(),
                "ZoneId": cluster.zone,
                "CreationTime": instant(cluster.created),
            })
        })
        .collect();
    let mut members = shared(cluster, now);
    members.extend(object(json!({
        "DBVersionStatus": "Stable",
        "ZoneIds": cluster.zone,
        "VPCId": cluster.vpc,
        "VSwitchId": cluster.vswitch,
        "CreationTime": instant(cluster.created),
        "MaintainTime": "02:00Z-03:00Z",
        "DBNodes": nodes,
        "Tags": tags(cluster),
    })));
    members
}

/// What both descriptions of a cluster say, in the same words.
fn shared(cluster: &Cluster, now: Timestamp) -> Map<String, Value> {
    object(json!({
        "DBClusterId": cluster.id,
        "DBClusterDescription": cluster.description,
        "DBClusterStatus": cluster.status.name(),
        "DBClusterNetworkType": "VPC",
        "DBType": cluster.db_type,
        "DBVersion": cluster.db_version,
        "Engine": "POLARDB",
        "PayType": cluster.pay_type.name(),
        "RegionId": cluster.region,
        "ExpireTime": cluster.paid_until.map(instant).unwrap_or_default(),
        "Expired": expired(cluster, now).to_string(),
        "LockMode": "Unlock",
        "DeletionLock": i32::from(cluster.deletion_lock),
        "Category": cluster.category,
        "StorageType": cluster.storage_type,
        "StorageUsed": 0,
        "ResourceGroupId": cluster.resource_group,
    }))
}

/// One `DBCluster` of `DescribeDBClusters`: `CreateTime`, `VpcId`, wrapped lists.
pub(super) fn list_item(cluster: &Cluster, now: Timestamp) -> Value {
    let nodes: Vec<Value> = node_ids(cluster)
        .into_iter()
        .map(|(id, role)| {
            json!({
                "DBNodeId": id,
                "DBNodeRole": role,
                "DBNodeClass": cluster.node_class,
                "RegionId": cluster.region,
                "ZoneId": cluster.zone,
            })
        })
        .collect();
    let mut members = shared(cluster, now);
    members.extend(object(json!({
        "ZoneId": cluster.zone,
        "VpcId": cluster.vpc,
        "VswitchId": cluster.vswitch,
        "CreateTime": instant(cluster.created),
        "DBNodeClass": cluster.node_class,
        "DBNodeNumber": nodes.len(),
        "DBNodes": { "DBNode": nodes },
        "Tags": { "Tag": tags(cluster) },
    })));
    members.into()
}

fn tags(cluster: &Cluster) -> Vec<Value> {
    cluster.tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
