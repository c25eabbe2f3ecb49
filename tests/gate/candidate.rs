//! A candidate world beside the one in force.

use std::path::Path;

use ramgate::gateway::{Comparisons, Snapshot};
use ramgate::report::Severity;
use serde_json::Value;
use tempfile::TempDir;

use super::caller::{Answer, Key};
use super::events;
use super::rules::{ALICE, ALL, CLUSTER, WORLD, policy};
use super::stand::{Stand, config, world};

const NO_CLOSE: &str = r#"{ "Effect": "Deny", "Action": "polardb:CloseDBClusterMigration", "Resource": "*" }"#;

/// A world of files.
pub fn candidate(toml: &str, statements: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("policies")).unwrap();
    std::fs::write(directory.path().join("world.toml"), toml).unwrap();
    write_policy(directory.path(), statements);
    directory
}

pub fn write_policy(candidate: &Path, statements: &str) {
    std::fs::write(candidate.join("policies/rights.json"), policy(statements)).unwrap();
}

fn gate(statements: &str, candidate: &Path) -> Stand {
    let world = world(WORLD, &[("rights", &policy(statements))]);
    let stand = Stand::of_world(world, |config| config.candidate = Some(candidate.to_owned())).unwrap();
    stand.migrate(&[(CLUSTER, "cn-hangzhou")]);
    stand
}

fn close(stand: &Stand) -> Answer {
    stand.call(ALICE, "CloseDBClusterMigration", &[("DBClusterId", CLUSTER)])
}

fn event(answer: &Answer) -> Value {
    events::decision(answer.gate_request_id())
}

fn comparisons(stand: &Stand) -> Comparisons {
    stand.gate().0.snapshot().comparisons().unwrap()
}

#[test]
fn what_the_candidate_would_refuse_is_answered_and_recorded_with_its_statement() {
    let directory = candidate(WORLD, &format!("{ALL},\n{NO_CLOSE}"));
    let stand = gate(ALL, directory.path());
    let answer = close(&stand);
    assert_eq!(answer.status, 200, "{answer:?}");
    let recorded = event(&answer);
    assert_eq!((recorded["decision"].as_str(), recorded["forwarded"].as_bool()), (Some("Allow"), Some(true)));
    assert_eq!(recorded["candidate"], "different");
    assert_eq!(recorded["candidate_decision"], "ExplicitDeny");
    assert_eq!(recorded["candidate_policy"], "rights");
    assert!(recorded["candidate_file"].as_str().unwrap().starts_with(directory.path().to_str().unwrap()));
    assert_eq!(recorded["candidate_line"], 2);
    // What both decide alike.
    let answer = stand.call(ALICE, "DescribeDBClusterMigration", &[("DBClusterId", CLUSTER)]);
    let recorded = event(&answer);
    assert_eq!(recorded["candidate"], "same");
    assert!(recorded["candidate_decision"].is_null() && recorded["candidate_line"].is_null(), "{recorded}");
    assert_eq!(comparisons(&stand), Comparisons { compared: 2, different: 1 });
}

#[test]
fn what_the_candidate_would_allow_stays_refused() {
    let directory = candidate(WORLD, ALL);
    let stand = gate(NO_CLOSE, directory.path());
    let answer = close(&stand);
    assert_eq!(answer.code(), "Forbidden.RAM");
    assert_eq!(stand.forwarded().len(), 0);
    let recorded = event(&answer);
    assert_eq!(recorded["decision"], "ExplicitDeny");
    assert_eq!(
        (recorded["candidate"].as_str(), recorded["candidate_decision"].as_str()),
        (Some("different"), Some("Allow"))
    );
}

#[test]
fn the_candidate_has_users_and_an_inventory_of_its_own() {
    let directory = candidate(&WORLD.replace("users.alice", "users.bob"), ALL);
    let stand = gate(ALL, directory.path());
    assert_eq!(event(&close(&stand))["candidate_decision"], "ImplicitDeny");
    let directory = candidate(&WORLD.replace("pc-bp1aaaa", "pc-bp1zzzz"), ALL);
    let stand = gate(ALL, directory.path());
    let recorded = event(&close(&stand));
    assert_eq!(recorded["candidate_decision"], "Refused");
    assert!(recorded["candidate_reason"].as_str().unwrap().contains("not in the inventory"), "{recorded}");
}

#[test]
fn what_is_not_decided_is_not_compared() {
    let directory = candidate(WORLD, ALL);
    let stand = gate(ALL, directory.path());
    let forged = Key { secret: "a guess", ..ALICE };
    for answer in [
        stand.call(forged, "CloseDBClusterMigration", &[("DBClusterId", CLUSTER)]),
        stand.call(ALICE, "CloseDBClusterMigration", &[]),
    ] {
        assert!(event(&answer)["candidate"].is_null());
    }
    assert_eq!(comparisons(&stand), Comparisons::default());
}

#[test]
fn a_candidate_with_mistakes_is_left_out_with_a_warning() {
    let directory = candidate(WORLD, "nonsense");
    for path in [directory.path(), Path::new("/no/such/world")] {
        let mut config = config(std::net::SocketAddr::from(([127, 0, 0, 1], 4000)));
        config.candidate = Some(path.to_owned());
        let loaded = Snapshot::of_world(&config, Ok(world(WORLD, &[("rights", &policy(ALL))]))).unwrap();
        assert!(loaded.findings.iter().all(|finding| finding.severity != Severity::Error));
        let at = loaded.findings.iter().position(|finding| finding.code == "candidate").unwrap();
        assert!(loaded.findings.len() > at + 1, "and what is wrong with it");
        assert_eq!(loaded.snapshot.comparisons(), None);
    }
    assert_eq!(event(&close(&gate(ALL, directory.path())))["candidate"], Value::Null);
}
