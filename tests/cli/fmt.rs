//! `ramgate fmt` as people, CI services and editors run it.

use std::path::Path;
use std::process::{Command, Output};

use super::process::{directory, piped};
use super::ramgate;

const CANONICAL: &str = "{\n  \"Version\": \"1\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n      \
    \"Action\": \"oss:*\",\n      \"Resource\": \"*\"\n    }\n  ]\n}\n";
const COMPACT: &str = r#"{"Statement":[{"Effect":"Allow","Resource":["*"],"Action":"oss:*"}],"Version":"1"}"#;
const BROKEN: &str =
    "{\"Version\": 1,\n \"Statement\": [{\"Effect\": \"allow\", \"Action\": \"*\", \"Resource\": \"*\"}]}\n";

fn fmt(directory: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_ramgate")).arg("fmt").args(arguments).current_dir(directory).output().unwrap();
    told(output)
}

fn fmt_text(arguments: &[&str], text: &str) -> (i32, String, String) {
    told(piped(&[&["fmt"], arguments].concat(), text))
}

fn told(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn files_are_written_where_they_change_and_only_then() {
    let tree = directory(&[("a.json", COMPACT), ("sub/b.json", CANONICAL), ("package.json", "{\"name\":1}")]);
    let before = tree.path().join("sub/b.json").metadata().unwrap().modified().unwrap();
    let (status, out, err) = fmt(tree.path(), &["."]);
    assert_eq!((status, out.as_str()), (0, "formatted ./a.json\n"), "{err}");
    assert_eq!(std::fs::read_to_string(tree.path().join("a.json")).unwrap(), CANONICAL);
    assert_eq!(std::fs::read_to_string(tree.path().join("package.json")).unwrap(), "{\"name\":1}");
    assert_eq!(tree.path().join("sub/b.json").metadata().unwrap().modified().unwrap(), before);
    assert_eq!(fmt(tree.path(), &["--check", "."]).0, 0);
}

#[test]
fn check_and_diff_write_nothing_and_exit_with_1() {
    let tree = directory(&[("a.json", COMPACT), ("b.json", CANONICAL)]);
    let (status, out, _) = fmt(tree.path(), &["--check", "*.json"]);
    assert_eq!((status, out.as_str()), (1, "a.json\n"));
    let (status, out, _) = fmt(tree.path(), &["--diff", "a.json", "b.json"]);
    assert_eq!(status, 1);
    assert!(out.starts_with("--- a/a.json\n+++ b/a.json\n@@ ") && out.contains("+  \"Version\": \"1\",\n"), "{out}");
    assert!(!out.contains("b.json\n@@"), "{out}");
    assert_eq!(std::fs::read_to_string(tree.path().join("a.json")).unwrap(), COMPACT);
}

#[test]
fn what_cannot_be_read_is_told_with_its_line_and_left_and_the_others_are_formatted() {
    let tree = directory(&[("a.json", BROKEN), ("b.json", COMPACT)]);
    let (status, out, err) = fmt(tree.path(), &["a.json", "b.json"]);
    assert_eq!((status, out.as_str()), (2, "formatted b.json\n"));
    assert!(err.contains("a.json:1:13") && err.contains("a.json:2:"), "{err}");
    assert_eq!(std::fs::read_to_string(tree.path().join("a.json")).unwrap(), BROKEN);
    let (status, _, err) = fmt(tree.path(), &["nowhere.json"]);
    assert!(status == 2 && err.contains("nowhere.json"), "{err}");
    assert_eq!(fmt(tree.path(), &[]).0, 2);
}

#[test]
fn standard_input_is_written_to_standard_output() {
    assert_eq!(fmt_text(&["-"], COMPACT).1, CANONICAL);
    let (status, out, err) = fmt_text(&["-"], BROKEN);
    assert_eq!((status, out.as_str()), (2, BROKEN));
    assert!(err.contains("<stdin>:1:13"), "{err}");
    assert_eq!(fmt_text(&["-", "--check"], COMPACT).0, 1);
    assert_eq!(fmt_text(&["-", "--check"], CANONICAL), (0, String::new(), String::new()));
    let terraform =
        format!("resource \"alicloud_ram_policy\" \"p\" {{\n  policy_document = <<EOF\n{COMPACT}\nEOF\n}}\n");
    let (status, out, _) = fmt_text(&["-", "--stdin-name", "main.tf"], &terraform);
    assert_eq!((status, out), (0, terraform.replace(&format!("{COMPACT}\n"), CANONICAL)));
}

#[test]
fn comments_are_read_in_lenient_mode_only() {
    let text = CANONICAL.replace("\"1\",", "\"1\", // the only one");
    assert_eq!(fmt_text(&["-"], &text).0, 2);
    assert_eq!(fmt_text(&["-", "--lenient"], &text), (0, text, String::new()));
}

#[test]
fn the_policies_and_the_examples_of_the_project_are_formatted() {
    let output = ramgate(&["fmt", "--check", "--diff", "policies", "examples"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
}
