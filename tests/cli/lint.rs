//! `ramgate lint`: files in, findings out, fixes written.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::process::{directory, piped};

const NOT_ACTION: &str = "{\n  \"Version\": \"1\",\n  \"Statement\": [{\"Effect\": \"Allow\", \"NotAction\": \"ram:*\", \"Resource\": \"*\"}]\n}\n";
const VERSION: &str =
    "{\"Version\": 1, \"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"polardb:List*\", \"Resource\": \"*\"}]}\n";
const CLEAN: &str = "{\"Version\": \"1\", \"Statement\": [{\"Effect\": \"Deny\", \"Action\": \"polardb:Delete*\", \"Resource\": \"*\"}]}\n";

/// The rules that these tests are about, so that they do not depend on what others find.
const SELECT: &str = "--select=syntax/json,schema/invalid-version,security/allow-notaction,meta";

fn lint(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramgate"));
    command.arg("lint").args(arguments).current_dir(directory).output().unwrap()
}

fn lint_text(text: &str, arguments: &[&str]) -> Output {
    piped(&[&["lint", "-", SELECT], arguments].concat(), text)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Rules and places, as JSON output has them.
fn found(output: &Output) -> Vec<String> {
    let value: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output.stderr)));
    let show = |finding: &Value| {
        let (rule, file) = (finding["rule"].as_str().unwrap(), finding["file"].as_str().unwrap_or("-"));
        format!("{rule} {file}:{}", finding["line"])
    };
    value.as_array().unwrap().iter().map(show).collect()
}

#[test]
fn clean_policies_exit_with_0_and_findings_with_1() {
    let tree = directory(&[("p/clean.json", CLEAN), ("package.json", "{\"name\": \"x\"}")]);
    let output = lint(tree.path(), &[SELECT]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "1 policy in 1 file: 0 errors, 0 warnings, 0 notes\n");
    fs::write(tree.path().join("p/not-action.json"), NOT_ACTION).unwrap();
    let output = lint(tree.path(), &[SELECT]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("--> p/not-action.json:3:"), "{}", text(&output.stdout));
    assert!(text(&output.stdout).contains("^^^^^^^"), "{}", text(&output.stdout));
    let lenient = lint(tree.path(), &[SELECT, "--fail-on", "error"]);
    assert_eq!(lenient.status.code(), Some(0));
}

#[test]
fn what_cannot_be_read_exits_with_2() {
    let tree = directory(&[("p.json", CLEAN), ("bad.toml", "colour = 1\n")]);
    for arguments in [
        &["nowhere.json"][..],
        &["--config", "bad.toml"],
        &["--config", "nowhere.toml"],
        &["--select", "security/alow-notaction"],
        &["--baseline", "nowhere.json"],
        &["--kind", "odd"],
        &["--explain", "security/alow-notaction"],
    ] {
        let output = lint(tree.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_file_that_is_not_utf_8_is_a_finding_at_the_place_where_it_ceases_to_be() {
    let tree = directory(&[]);
    fs::write(tree.path().join("p.json"), b"{\n  \"Version\": \"\xff\"}").unwrap();
    let output = lint(tree.path(), &["p.json", "--format", "json"]);
    assert_eq!(found(&output), ["syntax/non-utf8 p.json:2"]);
}

#[test]
fn fixes_are_shown_or_written_and_what_is_left_is_reported() {
    let tree = directory(&[("v.json", VERSION), ("n.json", NOT_ACTION)]);
    let shown = lint(tree.path(), &[SELECT, "--diff"]);
    assert_eq!(shown.status.code(), Some(1));
    let diff = text(&shown.stdout);
    assert!(diff.contains("+++ b/v.json") && diff.contains("+{\"Version\": \"1\""), "{diff}");
    assert_eq!(fs::read_to_string(tree.path().join("v.json")).unwrap(), VERSION);
    let fixed = lint(tree.path(), &[SELECT, "--fix", "--format", "json"]);
    assert_eq!(found(&fixed), ["security/allow-notaction n.json:3"]);
    let written = fs::read_to_string(tree.path().join("v.json")).unwrap();
    assert_eq!(written, VERSION.replace("1,", "\"1\","));
    assert_eq!(fs::read_to_string(tree.path().join("n.json")).unwrap(), NOT_ACTION);
    assert_eq!(lint(tree.path(), &[SELECT, "--diff"]).status.code(), Some(0));
}

#[test]
fn standard_input_is_checked_and_mended() {
    let output = lint_text(VERSION, &["--stdin-name", "policies/p.json", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(found(&output), ["schema/invalid-version policies/p.json:1"]);
    let output = lint_text(VERSION, &["--fix"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), VERSION.replace("1,", "\"1\",")));
    let output = lint_text(CLEAN, &["--fix"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), CLEAN.to_owned()));
}

#[test]
fn lenient_reading_takes_comments_and_a_kind_can_be_forced() {
    let commented = format!("// why\n{CLEAN}");
    assert_eq!(lint_text(&commented, &[]).status.code(), Some(1));
    assert_eq!(lint_text(&commented, &["--lenient"]).status.code(), Some(0));
    let output = lint_text(CLEAN, &["--kind", "trust", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "a trust policy has no resource: {}", text(&output.stdout));
}

#[test]
fn a_policy_of_another_cloud_is_said_to_be_one() {
    let aws = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"s3:*\", \"Resource\": \"arn:aws:s3:::b\"}]}";
    let tree = directory(&[("aws.json", aws)]);
    let named = lint(tree.path(), &["aws.json", "--format", "json"]);
    assert_eq!((named.status.code(), found(&named)), (Some(1), vec!["meta/other-language aws.json:1".to_owned()]));
    let walked = lint(tree.path(), &["--format", "json"]);
    assert_eq!(walked.status.code(), Some(0), "a note does not fail: {}", text(&walked.stdout));
    let forced = lint(tree.path(), &["aws.json", "--kind", "identity", SELECT, "--format", "json"]);
    assert_eq!(found(&forced), ["schema/invalid-version aws.json:1"]);
}

#[test]
fn every_format_is_written_to_the_file_that_is_asked_for() {
    let tree = directory(&[("n.json", NOT_ACTION)]);
    for (format, begins) in [
        ("json", "["),
        ("sarif", "{\n  \"$schema\""),
        ("github", "::warning file=n.json,line=3"),
        ("gitlab", "[\n  {\n    \"description\""),
        ("junit", "<?xml"),
        ("text", "warning[RAM711"),
    ] {
        let output = lint(tree.path(), &[SELECT, "--format", format, "--output", "out"]);
        assert_eq!(output.status.code(), Some(1), "{format}");
        let written = fs::read_to_string(tree.path().join("out")).unwrap();
        assert!(written.starts_with(begins), "{format}: {written}");
        assert!(output.stdout.is_empty(), "{format}");
        fs::remove_file(tree.path().join("out")).unwrap();
    }
}

#[test]
fn a_baseline_leaves_only_what_is_new() {
    let tree = directory(&[("a.json", NOT_ACTION)]);
    let written = lint(tree.path(), &[SELECT, "--write-baseline", "old.baseline"]);
    assert_eq!(written.status.code(), Some(0), "{}", text(&written.stderr));
    fs::write(tree.path().join(".ramgate-lint.toml"), "baseline = \"old.baseline\"\n").unwrap();
    assert_eq!(lint(tree.path(), &[SELECT]).status.code(), Some(0));
    fs::write(tree.path().join("b.json"), NOT_ACTION).unwrap();
    let output = lint(tree.path(), &[SELECT, "--format", "json"]);
    assert_eq!(found(&output), ["security/allow-notaction b.json:3"]);
    fs::write(tree.path().join("a.json"), format!("\n\n{}", NOT_ACTION.replace("  ", "\t"))).unwrap();
    let moved = lint(tree.path(), &[SELECT, "--format", "json"]);
    assert_eq!(found(&moved), ["security/allow-notaction b.json:3"], "lines may move");
    fs::write(tree.path().join("a.json"), CLEAN).unwrap();
    let gone = lint(tree.path(), &[SELECT, "--format", "json"]);
    assert_eq!(found(&gone), ["security/allow-notaction b.json:3", "meta/unused-baseline old.baseline:5"]);
}

#[test]
fn a_suppressed_finding_is_neither_reported_nor_mended() {
    let suppressions =
        "[[suppress]]\nrule = \"schema/invalid-version\"\npath = \"v.json\"\nreason = \"sent to OSS as it is\"\n";
    let tree = directory(&[("v.json", VERSION), (".ramgate-lint-suppressions.toml", suppressions)]);
    let output = lint(tree.path(), &[SELECT, "--fix"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert_eq!(fs::read_to_string(tree.path().join("v.json")).unwrap(), VERSION);
}

#[test]
fn a_rule_is_explained_by_name_and_code_and_a_group_is_listed() {
    let here = Path::new(".");
    for word in ["security/allow-notaction", "RAM711", "ram711"] {
        let output = lint(here, &["--explain", word]);
        assert_eq!(output.status.code(), Some(0));
        assert!(text(&output.stdout).starts_with("# security/allow-notaction (RAM711)\n"), "{word}");
    }
    let group = text(&lint(here, &["--explain", "meta"]).stdout);
    assert!(group.lines().count() > 5 && group.starts_with("RAM901 meta/unused-suppression: "), "{group}");
}
