use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;
use serde::Deserialize;

use super::{Cluster, DAY, Direction, Durations, Fault, Stage, Status, after};
use crate::sandbox::ServiceError;

const CLUSTER: &str = "pc-bp1aaaaaaaaaaaaaa";
const SOURCE: &str = "rm-bp1bbbbbbbbbbbbbb";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    case: Vec<Case>,
    refused: Vec<Refused>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    from: String,
    fault: Option<String>,
    call: String,
    to: String,
    topology: String,
    then: String,
    cluster: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused {
    code: String,
    from: Vec<String>,
    calls: Vec<String>,
}

fn table() -> Table {
    toml::from_str(include_str!("../data/transitions.toml")).unwrap()
}

fn start() -> Timestamp {
    "2026-03-01T08:00:00Z".parse().unwrap()
}

/// A cluster whose migration has just come to `stage`.
fn standing_at(stage: &str) -> Cluster {
    let durations = Durations::default();
    let cluster = Cluster::new(CLUSTER, "1234567890123456", "cn-hangzhou", start());
    let until = start() + Duration::from_secs(60);
    let stage = match stage {
        "NO_MIGRATION" => return cluster,
        "RDS2POLARDB_CLONING" => Stage::Cloning { until },
        "RDS2POLARDB_SYNCING" => Stage::Syncing { direction: Direction::RdsToPolarDb },
        "POLARDB2RDS_SYNCING" => Stage::Syncing { direction: Direction::PolarDbToRds },
        "SWITCHING" => Stage::Switching { until },
        "ROLLBACK" => Stage::RollingBack { until },
        "CLOSING_MIGRATION" => Stage::Closing { until, direction: Direction::RdsToPolarDb },
        other => panic!("no stage is called {other}"),
    };
    cluster.migrating(SOURCE, stage, &durations)
}

fn stage_of(cluster: &Cluster) -> &'static str {
    cluster.migration.as_ref().map_or("NO_MIGRATION", |migration| migration.stage.name())
}

fn call(cluster: &mut Cluster, call: &str, now: Timestamp) -> Result<(), ServiceError> {
    let durations = Durations::default();
    match call {
        "close" => cluster.close(true, now, &durations),
        "close-without-binary-log" => cluster.close(false, now, &durations),
        "switch" => cluster.switch(SOURCE, CLUSTER, false, now, &durations),
        "roll-back" => cluster.switch(SOURCE, SOURCE, false, now, &durations),
        "continue" => cluster.resume(false, now, &durations),
        "force" => cluster.resume(true, now, &durations),
        "delete" => cluster.delete(now, &durations),
        other => panic!("no call is named {other}"),
    }
}

#[test]
fn every_documented_transition_happens() {
    for case in table().case {
        let mut cluster = standing_at(&case.from);
        if let (Some(fault), Some(migration)) = (&case.fault, cluster.migration.as_mut()) {
            migration.fault = Some(Fault { comment: "the accounts differ".to_owned(), persistent: fault == "lasting" });
        }
        call(&mut cluster, &case.call, start()).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        assert_eq!(stage_of(&cluster), case.to, "{}", case.name);
        assert_eq!(cluster.status.name(), case.cluster, "{}", case.name);
        let direction = cluster.migration.as_ref().map(|migration| migration.stage.direction().name());
        assert_eq!(direction, Some(case.topology.as_str()), "{}", case.name);
        let later = cluster.at(start() + Duration::from_secs(3600), &Durations::default()).unwrap();
        assert_eq!(stage_of(&later), case.then, "{}", case.name);
        assert_eq!(later.status, Status::Running, "{}", case.name);
    }
}

#[test]
fn every_documented_refusal_happens_and_changes_nothing() {
    for refused in table().refused {
        for from in &refused.from {
            for name in &refused.calls {
                let before = standing_at(from);
                let mut cluster = before.clone();
                let error = call(&mut cluster, name, start()).expect_err(&format!("{name} at {from} is refused"));
                assert_eq!(error.code(), refused.code, "{name} at {from}");
                assert_eq!(cluster, before, "{name} at {from}");
            }
        }
    }
}

#[test]
fn every_call_in_every_state_stands_in_the_table() {
    let table = table();
    let calls = ["close", "close-without-binary-log", "switch", "roll-back", "continue", "force"];
    let states = [
        "NO_MIGRATION",
        "RDS2POLARDB_CLONING",
        "RDS2POLARDB_SYNCING",
        "SWITCHING",
        "POLARDB2RDS_SYNCING",
        "ROLLBACK",
        "CLOSING_MIGRATION",
    ];
    for state in states {
        for name in calls {
            let is_refused = table
                .refused
                .iter()
                .any(|row| row.from.iter().any(|from| from == state) && row.calls.iter().any(|call| call == name));
            let is_taken =
                table.case.iter().any(|case| case.from == state && case.call == name && case.fault.is_none());
            assert!(is_refused != is_taken, "{name} at {state}");
        }
    }
}

#[test]
fn a_created_migration_goes_on_to_syncing_by_itself() {
    let durations = Durations::default();
    let mut cluster = Cluster::new(CLUSTER, "1234567890123456", "cn-hangzhou", start());
    cluster.begin(Some(SOURCE), &durations);
    let seen = |seconds| {
        let cluster = cluster.clone().at(start() + Duration::from_secs(seconds), &durations).unwrap();
        (cluster.status.name(), stage_of(&cluster))
    };
    assert_eq!(seen(0), ("Creating", "RDS2POLARDB_CLONING"));
    assert_eq!(seen(9), ("Creating", "RDS2POLARDB_CLONING"));
    assert_eq!(seen(10), ("Running", "RDS2POLARDB_CLONING"));
    assert_eq!(seen(29), ("Running", "RDS2POLARDB_CLONING"));
    assert_eq!(seen(30), ("Running", "RDS2POLARDB_SYNCING"));
}

#[test]
fn after_thirty_days_the_service_closes_the_migration() {
    let durations = Durations::default();
    for stage in ["RDS2POLARDB_SYNCING", "POLARDB2RDS_SYNCING"] {
        let cluster = standing_at(stage);
        let day = DAY;
        let seen = |age| stage_of(&cluster.clone().at(start() + age, &durations).unwrap());
        assert_eq!(seen(30 * day - Duration::from_secs(1)), stage);
        assert_eq!(seen(30 * day), "CLOSING_MIGRATION");
        assert_eq!(seen(30 * day + durations.closing), "NO_MIGRATION");
    }
}

#[test]
fn a_held_switch_is_closed_after_thirty_days_too() {
    let mut cluster = standing_at("SWITCHING");
    cluster.migration.as_mut().unwrap().fault = Some(Fault { comment: "held".to_owned(), persistent: true });
    let later = cluster.at(start() + 31 * DAY, &Durations::default()).unwrap();
    assert_eq!(stage_of(&later), "NO_MIGRATION");
}

#[test]
fn binary_logging_goes_off_only_when_closing_says_so() {
    let mut kept = standing_at("POLARDB2RDS_SYNCING");
    kept.close(true, start(), &Durations::default()).unwrap();
    assert!(kept.binary_log);
    let mut dropped = standing_at("POLARDB2RDS_SYNCING");
    dropped.close(false, start(), &Durations::default()).unwrap();
    assert!(!dropped.binary_log);
}

#[test]
fn a_locked_or_prepaid_cluster_cannot_be_deleted() {
    let durations = Durations::default();
    let mut locked = standing_at("NO_MIGRATION");
    locked.deletion_lock = true;
    assert_eq!(locked.delete(start(), &durations), Err(ServiceError::DeletionLocked));
    let mut prepaid = standing_at("NO_MIGRATION");
    prepaid.pay_type = super::PayType::Prepaid;
    assert_eq!(prepaid.delete(start(), &durations), Err(ServiceError::NotPayAsYouGo));
}

#[test]
fn a_deleted_cluster_is_gone_after_a_while() {
    let durations = Durations::default();
    let mut cluster = standing_at("NO_MIGRATION");
    cluster.delete(start(), &durations).unwrap();
    assert_eq!(cluster.delete(start(), &durations), Err(ServiceError::ClusterStatus));
    assert!(cluster.clone().at(start(), &durations).is_some());
    assert!(cluster.at(start() + durations.deleting, &durations).is_none());
}

#[test]
fn a_migration_is_modified_only_between_its_own_two_sides() {
    let durations = Durations::default();
    let mut cluster = standing_at("RDS2POLARDB_SYNCING");
    let foreign_source = cluster.switch("rm-other", CLUSTER, false, start(), &durations);
    assert_eq!(foreign_source, Err(ServiceError::invalid("SourceRDSDBInstanceId")));
    let foreign_master = cluster.switch(SOURCE, "pc-other", false, start(), &durations);
    assert_eq!(foreign_master, Err(ServiceError::invalid("NewMasterInstanceId")));
}

#[test]
fn addresses_are_exchanged_when_the_switch_is_done_and_only_if_asked_for() {
    let durations = Durations::default();
    for asked in [false, true] {
        let mut cluster = standing_at("RDS2POLARDB_SYNCING");
        cluster.switch(SOURCE, CLUSTER, asked, start(), &durations).unwrap();
        assert!(!cluster.migration.as_ref().unwrap().addresses_swapped);
        let done = cluster.at(start() + durations.switching, &durations).unwrap();
        assert_eq!(done.migration.unwrap().addresses_swapped, asked);
    }
}

fn calls() -> impl Strategy<Value = (&'static str, u64)> {
    let names = [
        "close",
        "close-without-binary-log",
        "switch",
        "roll-back",
        "continue",
        "force",
        "delete",
        "switch",
        "roll-back",
    ];
    (prop::sample::select(names.to_vec()), prop_oneof![0..10_u64, 0..2_000_000_u64])
}

proptest! {
    #[test]
    fn no_sequence_of_calls_leaves_the_modes_at_odds_with_the_state(calls in prop::collection::vec(calls(), 0..40), hold in any::<bool>()) {
        let durations = Durations::default();
        let mut now = start();
        let mut cluster = Cluster::new(CLUSTER, "1234567890123456", "cn-hangzhou", now);
        cluster.begin(Some(SOURCE), &durations);
        if hold {
            cluster.migration.as_mut().unwrap().fault = Some(Fault { comment: "held".to_owned(), persistent: true });
        }
        for (name, seconds) in calls {
            now += Duration::from_secs(seconds);
            let Some(mut moved) = cluster.at(now, &durations) else { return Ok(()) };
            let before = moved.clone();
            if call(&mut moved, name, now).is_err() {
                prop_assert_eq!(&moved, &before);
            }
            if let Some(migration) = &moved.migration {
                let (cluster_mode, rds_mode) = migration.stage.read_write_modes();
                prop_assert!((cluster_mode, rds_mode) != ("rw", "rw"), "never two masters");
                match stage_of(&moved) {
                    "RDS2POLARDB_CLONING" | "RDS2POLARDB_SYNCING" => {
                        prop_assert_eq!((cluster_mode, rds_mode, migration.stage.direction().name()), ("ro", "rw", "RDS2POLARDB"));
                    }
                    "POLARDB2RDS_SYNCING" => {
                        prop_assert_eq!((cluster_mode, rds_mode, migration.stage.direction().name()), ("rw", "ro", "POLARDB2RDS"));
                    }
                    _ => {}
                }
                prop_assert!(now < after(migration.expires, durations.closing));
                let deleting = matches!(moved.status, Status::Deleting { .. });
                prop_assert!(!deleting, "a cluster in a migration is not deleted");
            }
            cluster = moved;
        }
    }

    #[test]
    fn looking_more_often_changes_nothing(steps in prop::collection::vec(0..400_000_u64, 0..20), stage in prop::sample::select(vec![
        "RDS2POLARDB_CLONING", "RDS2POLARDB_SYNCING", "SWITCHING", "POLARDB2RDS_SYNCING", "ROLLBACK", "CLOSING_MIGRATION",
    ])) {
        let durations = Durations::default();
        let cluster = standing_at(stage);
        let total = steps.iter().sum();
        let at_once = cluster.clone().at(start() + Duration::from_secs(total), &durations);
        let mut passed = 0;
        let mut by_steps = Some(cluster);
        for step in steps {
            passed += step;
            by_steps = by_steps.and_then(|cluster| cluster.at(start() + Duration::from_secs(passed), &durations));
        }
        let last = by_steps.and_then(|cluster| cluster.at(start() + Duration::from_secs(passed), &durations));
        prop_assert_eq!(last, at_once);
    }
}
