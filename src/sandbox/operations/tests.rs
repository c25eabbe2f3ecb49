use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{VERSION, Verified};
use crate::catalog::Parameters;
use crate::sandbox::{Cluster, Direction, Durations, Failure, Location, ServiceError, SettableClock, Stage, State};

const OWNER: &str = "1234567890123456";
const STRANGER: &str = "6543210987654321";
const CLUSTER: &str = "pc-bp1aaaaaaaaaaaaaa";
const SOURCE: &str = "rm-bp1bbbbbbbbbbbbbb";
const CREATE: &[(&str, &str)] = &[
    ("RegionId", "cn-hangzhou"),
    ("DBType", "MySQL"),
    ("DBVersion", "8.0"),
    ("PayType", "Postpaid"),
    ("CreationOption", "MigrationFromRDS"),
    ("SourceResourceId", SOURCE),
];

/// A sandbox whose clock stands, with a migration that has been switched over.
fn sandbox() -> (State, Arc<SettableClock>) {
    let start: Timestamp = "2026-03-01T08:00:00Z".parse().unwrap();
    let clock = Arc::new(SettableClock::new(start));
    let regions = vec!["cn-hangzhou".to_owned(), "cn-beijing".to_owned()];
    let state = State::open(&Location::Memory, Durations::default(), regions, Arc::clone(&clock) as _).unwrap();
    let stage = Stage::Syncing { direction: Direction::PolarDbToRds };
    let cluster = Cluster::new(CLUSTER, OWNER, "cn-hangzhou", start).migrating(SOURCE, stage, state.durations());
    state.put(&cluster).unwrap();
    (state, clock)
}

fn parameters(pairs: &[(&str, &str)]) -> Parameters {
    let mut parameters = Parameters::new();
    for (name, value) in pairs {
        parameters.insert(*name, *value).unwrap();
    }
    parameters
}

fn ask(
    state: &State,
    account: &str,
    operation: &str,
    pairs: &[(&str, &str)],
) -> Result<Map<String, Value>, ServiceError> {
    let parameters = parameters(pairs);
    let call = Verified { account, version: VERSION, operation, parameters: &parameters };
    state.answer(&call).map_err(|failure| match failure {
        Failure::Refused(error) => error,
        Failure::Broken(error) => panic!("{error}"),
    })
}

fn with<'a>(base: &[(&'a str, &'a str)], more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut pairs: BTreeMap<_, _> = base.iter().copied().collect();
    pairs.extend(more.iter().copied());
    pairs.into_iter().filter(|(_, value)| *value != "-").collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    refused: Vec<Refused>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused {
    operation: String,
    /// Over the parameters of a call that is taken; `-` takes one away.
    parameters: BTreeMap<String, String>,
    code: String,
    status: u16,
}

/// Parameters with which the operation is taken.
fn taken(operation: &str) -> Vec<(&'static str, &'static str)> {
    match operation {
        "CreateDBCluster" => CREATE.to_vec(),
        "DescribeDBClusters" => vec![("RegionId", "cn-hangzhou")],
        "ModifyDBClusterMigration" => {
            vec![("DBClusterId", CLUSTER), ("NewMasterInstanceId", SOURCE), ("SourceRDSDBInstanceId", SOURCE)]
        }
        _ => vec![("DBClusterId", CLUSTER)],
    }
}

#[test]
fn every_missing_or_malformed_parameter_has_its_code() {
    let table: Table = toml::from_str(include_str!("../data/refused-parameters.toml")).unwrap();
    for row in table.refused {
        let (state, _) = sandbox();
        let before = state.clusters().unwrap();
        let over: Vec<_> = row.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let case = format!("{} with {:?}", row.operation, row.parameters);
        let error = ask(&state, OWNER, &row.operation, &with(&taken(&row.operation), &over)).expect_err(&case);
        assert_eq!((error.code(), error.status()), (row.code, row.status), "{case}");
        assert_eq!(state.clusters().unwrap(), before, "{case}");
    }
}

#[test]
fn the_calls_that_the_refusals_vary_are_taken() {
    for operation in [
        "CreateDBCluster",
        "DescribeDBClusters",
        "DescribeDBClusterAttribute",
        "DescribeDBClusterMigration",
        "ModifyDBClusterMigration",
        "CloseDBClusterMigration",
    ] {
        let (state, _) = sandbox();
        ask(&state, OWNER, operation, &taken(operation)).unwrap_or_else(|error| panic!("{operation}: {error}"));
    }
}

#[test]
fn another_accounts_cluster_is_not_found_and_stays_as_it_is() {
    for operation in [
        "DescribeDBClusterAttribute",
        "DescribeDBClusterMigration",
        "ModifyDBClusterMigration",
        "ContinueDBClusterMigration",
        "CloseDBClusterMigration",
        "DeleteDBCluster",
    ] {
        let (state, _) = sandbox();
        let before = state.clusters().unwrap();
        let refused = ask(&state, STRANGER, operation, &taken(operation));
        assert_eq!(refused, Err(ServiceError::ClusterNotFound), "{operation}");
        assert_eq!(state.clusters().unwrap(), before, "{operation}");
    }
    let (state, _) = sandbox();
    let listed = ask(&state, STRANGER, "DescribeDBClusters", &taken("DescribeDBClusters")).unwrap();
    assert_eq!(listed["TotalRecordCount"], 0);
}

#[test]
fn a_created_migration_runs_its_course_under_the_clock() {
    let (state, clock) = sandbox();
    let created = ask(&state, OWNER, "CreateDBCluster", CREATE).unwrap();
    let id = created["DBClusterId"].as_str().unwrap().to_owned();
    let one = [("DBClusterId", id.as_str())];
    let migration = |state: &State| ask(state, OWNER, "DescribeDBClusterMigration", &one).unwrap();
    let status =
        |state: &State| ask(state, OWNER, "DescribeDBClusterAttribute", &one).unwrap()["DBClusterStatus"].clone();
    assert_eq!(status(&state), "Creating");
    assert_eq!(migration(&state)["MigrationStatus"], "RDS2POLARDB_CLONING");
    clock.advance(Duration::from_secs(30));
    let syncing = migration(&state);
    assert_eq!(status(&state), "Running");
    assert_eq!(syncing["MigrationStatus"], "RDS2POLARDB_SYNCING");
    assert_eq!(syncing["Topologies"], "RDS2POLARDB");
    assert_eq!(syncing["DBClusterReadWriteMode"], "ro");
    assert_eq!(syncing["RdsReadWriteMode"], "rw");
    assert_eq!(syncing["ExpiredTime"], "2026-03-31T08:00:00Z");
    let to_cluster = with(&one, &[("NewMasterInstanceId", &id), ("SourceRDSDBInstanceId", SOURCE)]);
    ask(&state, OWNER, "ModifyDBClusterMigration", &to_cluster).unwrap();
    assert_eq!(migration(&state)["MigrationStatus"], "SWITCHING");
    clock.advance(Duration::from_secs(5));
    assert_eq!(migration(&state)["MigrationStatus"], "POLARDB2RDS_SYNCING");
    assert_eq!(migration(&state)["DBClusterReadWriteMode"], "rw");
    ask(&state, OWNER, "CloseDBClusterMigration", &with(&one, &[("ContinueEnableBinlog", "false")])).unwrap();
    assert_eq!(status(&state), "Rebooting");
    clock.advance(Duration::from_secs(5));
    assert_eq!(status(&state), "Running");
    assert_eq!(migration(&state)["MigrationStatus"], "NO_MIGRATION");
    let again = ask(&state, OWNER, "CloseDBClusterMigration", &one);
    assert_eq!(again, Err(ServiceError::MigrationDoesNotExist));
    ask(&state, OWNER, "DeleteDBCluster", &one).unwrap();
    assert_eq!(status(&state), "Deleting");
    clock.advance(Duration::from_secs(5));
    assert_eq!(ask(&state, OWNER, "DescribeDBClusterAttribute", &one), Err(ServiceError::ClusterNotFound));
}

#[test]
fn closing_keeps_binary_logging_unless_it_says_false() {
    for (value, restarts) in [("-", false), ("true", false), ("True", false), ("false", true), ("False", true)] {
        let (state, _) = sandbox();
        let pairs = with(&taken("CloseDBClusterMigration"), &[("ContinueEnableBinlog", value)]);
        ask(&state, OWNER, "CloseDBClusterMigration", &pairs).unwrap();
        let cluster = state.cluster(CLUSTER).unwrap().unwrap();
        assert_eq!(cluster.status.name() == "Rebooting", restarts, "{value}");
        assert_eq!(cluster.binary_log, !restarts, "{value}");
    }
}

#[test]
fn a_client_token_creates_once() {
    let (state, _) = sandbox();
    let pairs = with(CREATE, &[("ClientToken", "token-1")]);
    let first = ask(&state, OWNER, "CreateDBCluster", &pairs).unwrap();
    assert_eq!(ask(&state, OWNER, "CreateDBCluster", &pairs).unwrap(), first);
    assert_eq!(state.clusters().unwrap().len(), 2);
    let other = with(&pairs, &[("DBVersion", "5.7")]);
    assert_eq!(ask(&state, OWNER, "CreateDBCluster", &other), Err(ServiceError::ClientTokenReused));
    let elsewhere = ask(&state, STRANGER, "CreateDBCluster", &pairs).unwrap();
    assert_ne!(elsewhere["DBClusterId"], first["DBClusterId"]);
    let untold = ask(&state, OWNER, "CreateDBCluster", CREATE).unwrap();
    assert_ne!(untold["DBClusterId"], first["DBClusterId"]);
}

#[test]
fn a_new_cluster_is_in_no_migration() {
    let (state, _) = sandbox();
    let pairs = with(CREATE, &[("CreationOption", "-"), ("SourceResourceId", "-")]);
    let created = ask(&state, OWNER, "CreateDBCluster", &pairs).unwrap();
    let cluster = state.cluster(created["DBClusterId"].as_str().unwrap()).unwrap().unwrap();
    assert_eq!(cluster.migration, None);
    assert_eq!(cluster.status.name(), "Creating");
}

#[test]
fn a_subscription_lasts_calendar_months() {
    let (state, _) = sandbox();
    let pairs = with(CREATE, &[("PayType", "Prepaid"), ("Period", "Month"), ("UsedTime", "2")]);
    let created = ask(&state, OWNER, "CreateDBCluster", &pairs).unwrap();
    let id = created["DBClusterId"].as_str().unwrap();
    let seen = ask(&state, OWNER, "DescribeDBClusterAttribute", &[("DBClusterId", id)]).unwrap();
    assert_eq!(seen["ExpireTime"], "2026-05-01T08:00:00Z");
    assert_eq!(seen["Expired"], "false");
}

#[test]
fn list_and_attribute_spell_the_same_cluster_differently() {
    let (state, _) = sandbox();
    let list = ask(&state, OWNER, "DescribeDBClusters", &taken("DescribeDBClusters")).unwrap();
    let item = &list["Items"]["DBCluster"][0];
    let whole = ask(&state, OWNER, "DescribeDBClusterAttribute", &[("DBClusterId", CLUSTER)]).unwrap();
    for (in_list, in_whole) in
        [("CreateTime", "CreationTime"), ("VpcId", "VPCId"), ("VswitchId", "VSwitchId"), ("ZoneId", "ZoneIds")]
    {
        assert!(item[in_list].is_string() && item[in_list] == whole[in_whole], "{in_list}");
        assert!(item.get(in_whole).is_none() && !whole.contains_key(in_list), "{in_list}");
    }
    assert!(item["DBNodes"]["DBNode"].is_array() && item["Tags"]["Tag"].is_array());
    assert!(whole["DBNodes"].is_array() && whole["Tags"].is_array());
    assert!(item["Expired"].is_string() && item["DeletionLock"].is_number());
}

/// `data/response-models.json` has the members that the models of the SDK alibabacloud-polardb20170801 9.2.1 declare.
#[test]
fn responses_have_only_members_that_the_models_declare() {
    let models: BTreeMap<String, Value> = serde_json::from_str(include_str!("../data/response-models.json")).unwrap();
    fn check(place: &str, value: &Value, declared: &Value) {
        match (value, declared) {
            (Value::Array(items), _) => items.iter().for_each(|item| check(place, item, declared)),
            (Value::Object(members), Value::Object(declared)) => {
                for (name, member) in members {
                    let inner = declared.get(name).unwrap_or_else(|| panic!("{place}.{name} is not declared"));
                    check(&format!("{place}.{name}"), member, inner);
                }
            }
            (Value::String(_), Value::String(kind)) => assert_eq!(kind, "string", "{place}"),
            (Value::Number(_), Value::String(kind)) => assert_eq!(kind, "integer", "{place}"),
            (value, declared) => panic!("{place}: {value} against {declared}"),
        }
    }
    for (operation, declared) in models {
        let (state, _) = sandbox();
        let members = ask(&state, OWNER, &operation, &taken(&operation)).unwrap();
        assert!(declared.get("RequestId").is_some(), "{operation}");
        check(&operation, &Value::Object(members), &declared);
    }
}

#[test]
fn a_list_shows_only_what_every_filter_takes() {
    let (state, clock) = sandbox();
    let mut other = Cluster::new("pc-other", OWNER, "cn-hangzhou", state.now());
    other.tags.insert("team".to_owned(), "dba".to_owned());
    other.description = "billing".to_owned();
    state.put(&other).unwrap();
    clock.advance(Duration::from_secs(3 * 24 * 60 * 60));
    for (name, value, expected) in [
        ("DBClusterIds", "pc-other", vec!["pc-other"]),
        ("DBClusterIds", "pc-other,pc-bp1aaaaaaaaaaaaaa", vec![CLUSTER, "pc-other"]),
        ("DBClusterDescription", "ill", vec!["pc-other"]),
        ("DBClusterStatus", "Creating", vec![]),
        ("DBNodeIds", "pi-otherw", vec!["pc-other"]),
        ("PayType", "Prepaid", vec![]),
        ("Expired", "true", vec![]),
        ("RecentCreationInterval", "2", vec![]),
        ("RecentCreationInterval", "4", vec![CLUSTER, "pc-other"]),
        ("ConnectionString", "pc-other.mysql.polardb.rds.aliyuncs.com", vec!["pc-other"]),
        ("Tag.1.Key", "team", vec!["pc-other"]),
        ("PageNumber", "2", vec![]),
    ] {
        let list = ask(&state, OWNER, "DescribeDBClusters", &[("RegionId", "cn-hangzhou"), (name, value)]).unwrap();
        let items = list["Items"]["DBCluster"].as_array().unwrap();
        let ids: Vec<_> = items.iter().map(|item| item["DBClusterId"].as_str().unwrap()).collect();
        assert_eq!(ids, expected, "{name}={value}");
    }
    let elsewhere = ask(&state, OWNER, "DescribeDBClusters", &[("RegionId", "cn-beijing")]).unwrap();
    assert_eq!(elsewhere["TotalRecordCount"], 0);
}

#[test]
fn exchanged_addresses_show_on_both_sides() {
    let (state, clock) = sandbox();
    let shown = |state: &State| {
        let seen = ask(state, OWNER, "DescribeDBClusterMigration", &[("DBClusterId", CLUSTER)]).unwrap();
        let address = |list: &str| seen[list][0]["AddressItems"][0]["ConnectionString"].as_str().unwrap().to_owned();
        (address("DBClusterEndpointList"), address("RdsEndpointList"))
    };
    let (cluster, rds) = shown(&state);
    let map = format!(r#"{{"{rds}":"{cluster}"}}"#);
    let pairs =
        with(&taken("ModifyDBClusterMigration"), &[("SwapConnectionString", "true"), ("ConnectionStrings", &map)]);
    ask(&state, OWNER, "ModifyDBClusterMigration", &pairs).unwrap();
    clock.advance(Duration::from_secs(5));
    assert_eq!(shown(&state), (rds, cluster));
}

#[test]
fn another_version_or_operation_is_refused() {
    let (state, _) = sandbox();
    let parameters = parameters(&[("DBClusterId", CLUSTER)]);
    let call =
        Verified { account: OWNER, version: "2016-08-01", operation: "DeleteDBCluster", parameters: &parameters };
    assert!(matches!(state.answer(&call), Err(Failure::Refused(ServiceError::UnknownVersion))));
    let refused = ask(&state, OWNER, "closedbclustermigration", &[("DBClusterId", CLUSTER)]);
    assert_eq!(refused, Err(ServiceError::UnknownOperation));
}
