//! The commands as people and programs run them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "cli/admin.rs"]
mod admin;
#[path = "cli/audit.rs"]
mod audit;
#[path = "cli/call.rs"]
mod call;
#[path = "cli/ci.rs"]
mod ci;
#[path = "cli/decide.rs"]
mod decide;
#[path = "cli/demo.rs"]
mod demo;
#[path = "cli/documents.rs"]
mod documents;
#[path = "cli/explain.rs"]
mod explain;
#[path = "cli/fmt.rs"]
mod fmt;
#[path = "cli/lint.rs"]
mod lint;
#[path = "cli/process.rs"]
mod process;
#[path = "cli/sandbox.rs"]
mod sandbox;
#[path = "cli/serve.rs"]
mod serve;
#[path = "cli/supervised.rs"]
mod supervised;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn ramgate(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ramgate"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap()
}

/// As [`ramgate`], with `input` on its standard input.
fn ramgate_reading(arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramgate"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // A command that ends before it has read all of it says so by its status.
        scope.spawn(move || stdin.write_all(input.as_bytes()));
        child.wait_with_output().unwrap()
    })
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
    assert_eq!(ramgate(&["check", "examples/nowhere"]).status.code(), Some(2));
}

#[test]
fn every_command_has_an_example_in_its_help() {
    for arguments in [
        &["--help"][..],
        &["demo", "--help"],
        &["check", "--help"],
        &["decide", "--help"],
        &["explain", "--help"],
        &["fmt", "--help"],
        &["lint", "--help"],
        &["serve", "--help"],
        &["audit", "--help"],
        &["admin", "--help"],
        &["sandbox", "--help"],
        &["call", "--help"],
    ] {
        let output = ramgate(arguments);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert!(text.contains("Example"), "{text}");
    }
    assert_eq!(ramgate(&["decide"]).status.code(), Some(2));
}
