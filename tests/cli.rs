//! The commands as people and programs run them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::Path;
use std::process::{Command, Output};

const CLOSE: &str = "polardb:2017-08-01:CloseDBClusterMigration";

fn ramgate(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ramgate"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap()
}

fn decide(principal: &str, further: &[&str]) -> (Option<i32>, String) {
    let mut arguments = vec!["decide", "--world", "examples/demo", "--principal", principal];
    arguments.extend(further);
    let output = ramgate(&arguments);
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code(), text)
}

#[test]
fn an_allowed_call_exits_with_0_and_names_the_statement_and_its_line() {
    let (status, text) = decide("operator", &["--operation", CLOSE, "DBClusterId=pc-bp1demo00000001"]);
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("Allow by AccountLevelIdentityBasedPolicy"), "{text}");
    assert!(text.contains("migration-operator.json:4:5"), "{text}");
}

#[test]
fn an_explicit_deny_exits_with_1_and_names_the_deny() {
    let (status, text) = decide("operator", &["--operation", CLOSE, "DBClusterId=pc-2zedemo00000003"]);
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("ExplicitDeny") && text.contains("protected-clusters-guard"), "{text}");
}

#[test]
fn an_explained_implicit_deny_says_which_element_did_not_match() {
    let (status, text) = decide("operator", &["--explain", "--operation", CLOSE, "DBClusterId=pc-2zedemo00000003"]);
    assert_eq!(status, Some(1), "{text}");
    assert!(
        text.contains("Resource: acs:polardb:cn-beijing:1234567890123456:dbcluster/pc-2zedemo00000003 is none of"),
        "{text}"
    );
}

#[test]
fn json_output_is_one_object_with_the_decision() {
    let (status, text) =
        decide("intern", &["--format", "json", "--operation", CLOSE, "DBClusterId=pc-bp1demo00000001"]);
    assert_eq!(status, Some(1), "{text}");
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["allowed"], false);
    assert_eq!(value["checks"][0]["decision"]["outcome"], "ImplicitDeny");
}

#[test]
fn a_call_that_cannot_be_resolved_exits_with_2_and_says_how_to_mend_it() {
    for (arguments, says) in [
        (&["--operation", CLOSE][..], "DBClusterId"),
        (&["--operation", "polardb:2017-08-01:closedbclustermigration", "DBClusterId=pc-1"], "CloseDBClusterMigration"),
        (&["--operation", CLOSE, "DBClusterId=pc-1", "Foo=1"], "Foo"),
        (&["--operation", "CloseDBClusterMigration"], "PRODUCT:VERSION:OPERATION"),
        (&["--operation", CLOSE, "DBClusterId"], "Name=value"),
    ] {
        let (status, text) = decide("operator", arguments);
        assert_eq!(status, Some(2), "{arguments:?}: {text}");
        assert!(text.contains(says), "{arguments:?}: {text}");
    }
    let (status, text) = decide("nobody", &["--operation", CLOSE, "DBClusterId=pc-1"]);
    assert_eq!(status, Some(2), "{text}");
    assert!(text.contains("nobody"), "{text}");
}

#[test]
fn context_given_on_the_command_line_counts() {
    let directory = tempfile::tempdir().unwrap();
    let policy = directory.path().join("office.json");
    let text = r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": {"IpAddress": {"acs:SourceIp": "203.0.113.0/24"}}}]}"#;
    std::fs::write(&policy, text).unwrap();
    let ask = |further: &[&str]| {
        let file = policy.to_str().unwrap();
        let mut arguments = vec!["decide", "--policy", file, "--action", "a:b", "--resource", "*"];
        arguments.extend(further);
        ramgate(&arguments).status.code()
    };
    assert_eq!(ask(&["--context", "acs:SourceIp=203.0.113.7"]), Some(0));
    assert_eq!(ask(&["--context", "acs:SourceIp=198.51.100.7"]), Some(1));
    assert_eq!(ask(&["--unknown", "acs:SourceIp"]), Some(1));
    assert_eq!(ask(&[]), Some(1));
}

#[test]
fn check_shows_every_mistake_with_its_line_and_exits_with_1() {
    let directory = tempfile::tempdir().unwrap();
    let world = directory.path();
    std::fs::create_dir(world.join("policies")).unwrap();
    std::fs::write(world.join("policies/p.json"), "{\n  \"Version\": 1,\n  \"Statement\": []\n}\n").unwrap();
    std::fs::write(world.join("world.toml"), "[accounts.1]\ncolour = \"red\"\n").unwrap();
    let output = ramgate(&["check", world.to_str().unwrap()]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    for place in ["world.toml:1:", "world.toml:2:1", "p.json:2:14", "p.json:3:16"] {
        assert!(text.contains(place), "{place} in\n{text}");
    }
}

#[test]
fn check_never_shows_a_secret_that_stands_in_the_world() {
    let directory = tempfile::tempdir().unwrap();
    let world = directory.path();
    std::fs::create_dir(world.join("policies")).unwrap();
    std::fs::write(
        world.join("world.toml"),
        "[accounts.1234567890123456]\nkeys = [{ id = \"LTAI5tX\", secret = \"canary-secret\", colour = 1 }]\n",
    )
    .unwrap();
    let output = ramgate(&["check", world.to_str().unwrap()]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("inline-secret") && text.contains("colour"), "{text}");
    assert!(!text.contains("canary-secret"), "{text}");
}

#[test]
fn check_of_a_sound_world_exits_with_0() {
    assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/demo").is_dir());
    assert_eq!(ramgate(&["check", "examples/demo"]).status.code(), Some(0));
    assert_eq!(ramgate(&["check", "examples/nowhere"]).status.code(), Some(1));
}

#[test]
fn every_command_has_an_example_in_its_help() {
    for arguments in [&["--help"][..], &["check", "--help"], &["decide", "--help"]] {
        let output = ramgate(arguments);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert!(text.contains("Example"), "{text}");
    }
    assert_eq!(ramgate(&["decide"]).status.code(), Some(2));
}
