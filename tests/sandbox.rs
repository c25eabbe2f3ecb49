//! The sandbox's state outlives the process that keeps it, killed at any moment.
#![cfg(feature = "serving")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ramgate::catalog::Parameters;
use ramgate::sandbox::{Durations, Location, SandboxError, SettableClock, State, VERSION, Verified};

const ACCOUNT: &str = "1234567890123456";
const SOURCE: &str = "rm-bp1bbbbbbbbbbbbbb";
/// Names the data file to the process that writes until it is killed.
const FILE: &str = "RAMGATE_TEST_SANDBOX_FILE";
/// Where that process begins to count.
const FIRST: &str = "RAMGATE_TEST_SANDBOX_FIRST";

/// A clock that stands, creations and switches that are done at once, and closings that last: so the stored state shows
/// which call came last.
fn open(path: &Path) -> Result<State, SandboxError> {
    let durations = Durations {
        creating: Duration::ZERO,
        cloning: Duration::ZERO,
        switching: Duration::ZERO,
        closing: Duration::from_secs(3600),
        rebooting: Duration::from_secs(3600),
        ..Durations::default()
    };
    let clock = SettableClock::new("2026-03-01T08:00:00Z".parse().unwrap());
    State::open(&Location::File(path.to_owned()), durations, vec!["cn-hangzhou".to_owned()], Arc::new(clock))
}

fn ask(state: &State, operation: &str, pairs: &[(&str, &str)]) -> serde_json::Map<String, serde_json::Value> {
    let mut parameters = Parameters::new();
    for (name, value) in pairs {
        parameters.insert(*name, *value).unwrap();
    }
    state.answer(&Verified { account: ACCOUNT, version: VERSION, operation, parameters: &parameters }).unwrap()
}

fn create(state: &State, token: &str) -> String {
    let created = ask(
        state,
        "CreateDBCluster",
        &[
            ("RegionId", "cn-hangzhou"),
            ("DBType", "MySQL"),
            ("DBVersion", "8.0"),
            ("PayType", "Postpaid"),
            ("CreationOption", "MigrationFromRDS"),
            ("SourceResourceId", SOURCE),
            ("ClientToken", token),
        ],
    );
    created["DBClusterId"].as_str().unwrap().to_owned()
}

/// Says on the standard output what has been answered, and only then.
fn acknowledge(step: &str, token: &str, id: &str) {
    let mut output = std::io::stdout().lock();
    writeln!(output, "\nanswered {step} {token} {id}").unwrap();
    output.flush().unwrap();
}

/// The process that is killed; a test of its own only so that this program can start itself as it.
#[test]
#[ignore = "writes without end: an_answered_change_survives_a_kill_at_any_moment starts it and kills it"]
fn writer() {
    let path = PathBuf::from(std::env::var_os(FILE).expect("the test that starts this one names a file"));
    let first: u64 = std::env::var(FIRST).expect("and a first number").parse().unwrap();
    let state = open(&path).unwrap();
    for number in first.. {
        let token = format!("token-{number}");
        let id = create(&state, &token);
        acknowledge("create", &token, &id);
        let one = ("DBClusterId", id.as_str());
        let to_cluster = [one, ("NewMasterInstanceId", id.as_str()), ("SourceRDSDBInstanceId", SOURCE)];
        ask(&state, "ModifyDBClusterMigration", &to_cluster);
        acknowledge("switch", &token, &id);
        ask(&state, "CloseDBClusterMigration", &[one, ("ContinueEnableBinlog", "false")]);
        acknowledge("close", &token, &id);
    }
}

/// How far a cluster has come, by its state alone.
fn progress(state: &State, id: &str) -> usize {
    let cluster = state.cluster(id).unwrap().unwrap_or_else(|| panic!("{id} is lost"));
    let migration = cluster.migration.as_ref().expect("its migration has not ended");
    let stands = (
        migration.stage.name(),
        migration.stage.direction().name(),
        migration.stage.read_write_modes(),
        cluster.status.name(),
        cluster.binary_log,
    );
    match stands {
        ("RDS2POLARDB_SYNCING", "RDS2POLARDB", ("ro", "rw"), "Running", true) => 1,
        ("POLARDB2RDS_SYNCING", "POLARDB2RDS", ("rw", "ro"), "Running", true) => 2,
        ("CLOSING_MIGRATION", "POLARDB2RDS", ("rw", "ro"), "Rebooting", false) => 3,
        torn => panic!("{id} is in a state that no call leaves it in: {torn:?}"),
    }
}

#[test]
fn an_answered_change_survives_a_kill_at_any_moment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.redb");
    // Token to the cluster's id and how many of its three calls were answered.
    let mut answered: BTreeMap<String, (String, usize)> = BTreeMap::new();
    let mut first = 0;
    for round in 0..12_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["writer", "--exact", "--ignored", "--nocapture"])
            .env(FILE, &path)
            .env(FIRST, first.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Some answers, then a moment that nothing is in step with: before, within or after a commit.
        let chance = uuid::Uuid::new_v4().as_u128();
        let enough = usize::try_from(chance % 12).unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut read = Vec::new();
        while read.len() <= enough {
            let line = lines.next().expect("the writer has not ended").unwrap();
            read.extend(line.strip_prefix("answered ").map(str::to_owned));
        }
        std::thread::sleep(Duration::from_micros(u64::try_from((chance >> 64) % 4000).unwrap()));
        child.kill().unwrap();
        child.wait().unwrap();
        // What was answered before the kill may still stand in the pipe; its last line may be cut.
        let rest: Vec<String> = lines.map_while(Result::ok).collect();
        read.extend(rest.iter().filter_map(|line| line.strip_prefix("answered ")).map(str::to_owned));

        for line in &read {
            let [step, token, id] = line.split(' ').collect::<Vec<_>>()[..] else { continue };
            let step = match step {
                "create" => 1,
                "switch" => 2,
                "close" => 3,
                _ => panic!("{line}"),
            };
            if id.len() == "pc-".len() + 17 {
                answered.insert(token.to_owned(), (id.to_owned(), step));
            }
        }

        let state = open(&path).unwrap();
        let mut unanswered = 0;
        for (token, (id, steps)) in &mut answered {
            let found = progress(&state, id);
            assert!(found >= *steps, "round {round}: {id} stands at {found}, {steps} were answered");
            unanswered += found - *steps;
            *steps = found;
            // The token was stored with the cluster: using it again makes no other.
            assert_eq!(&create(&state, token), id, "round {round}");
        }
        let known: Vec<&str> = answered.values().map(|(id, _)| id.as_str()).collect();
        let extra: Vec<_> =
            state.clusters().unwrap().into_iter().filter(|cluster| !known.contains(&cluster.id.as_str())).collect();
        // One writer has at most one call that was done and not answered.
        assert!(
            unanswered + extra.len() <= 1,
            "round {round}: {unanswered} calls and {} clusters too many",
            extra.len()
        );
        first += 1_000_000;
        let tokens = answered.len();
        for cluster in extra {
            // Its token is the one after the last that was answered; it must give this very cluster.
            let last = answered.keys().filter_map(|token| token.strip_prefix("token-")?.parse::<u64>().ok()).max();
            let token = format!(
                "token-{}",
                match last {
                    Some(last) if last >= first - 1_000_000 => last + 1,
                    _ => first - 1_000_000,
                }
            );
            assert_eq!(create(&state, &token), cluster.id, "round {round}");
            let steps = progress(&state, &cluster.id);
            answered.insert(token, (cluster.id, steps));
        }
        assert_eq!(state.clusters().unwrap().len(), answered.len(), "round {round}, {tokens} answered");
    }
}

#[test]
fn a_data_file_belongs_to_one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.redb");
    let _held = open(&path).unwrap();
    assert!(matches!(open(&path), Err(SandboxError::Open { .. })));
}

#[test]
fn a_file_that_is_no_database_is_named_in_the_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "not a database, and long enough to be read as one if that were the question".repeat(50))
        .unwrap();
    let error = open(&path).unwrap_err().to_string();
    assert!(error.contains("notes.txt"), "{error}");
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("not a database"));
}
