//! `ramgate lint` in its place: the GitHub Action, the hooks of pre-commit and the template of GitLab, run as their hosts run them.

#[path = "ci/action.rs"]
mod action;
#[path = "ci/gitlab.rs"]
mod gitlab;
#[path = "ci/hooks.rs"]
mod hooks;
#[path = "ci/yaml.rs"]
mod yaml;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use super::process::directory;

/// A policy with a finding in its third line.
const BAD: &str = "{\n  \"Version\": \"1\",\n  \"Statement\": [{\"Effect\": \"Allow\", \"NotAction\": \"ram:*\", \"Resource\": \"*\"}]\n}\n";
/// A policy without one, formatted as `ramgate fmt` does.
const GOOD: &str = "{\n  \"Version\": \"1\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Deny\",\n      \"Action\": \"polardb:Delete*\",\n      \"Resource\": \"*\"\n    }\n  ]\n}\n";
/// The rules that these tests are about, so that they do not depend on what others find.
const CONFIG: &str = "select = [\"security/allow-notaction\", \"schema/invalid-version\", \"meta\"]\n";

/// The text of a file of the project.
fn project(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

/// A repository with these files, and a configuration.
fn repository(files: &[(&str, &str)]) -> TempDir {
    directory(&[files, &[(".ramgate-lint.toml", CONFIG), ("package.json", "{\"name\": \"x\"}\n")]].concat())
}

/// Stands for `cargo install`: puts the program that was built for these tests where cargo would, and notes how it was asked.
struct Cargo(TempDir);

impl Cargo {
    fn new() -> Self {
        let program = env!("CARGO_BIN_EXE_ramgate");
        let script = format!(
            "#!/usr/bin/env bash\nset -eu\nif [ \"$1\" = --version ]; then echo cargo; exit 0; fi\n\
             echo \"$*\" >>\"$(dirname \"$0\")/asked\"\nwhile [ \"$1\" != --root ]; do shift; done\n\
             mkdir -p \"$2/bin\"\nln -sf '{program}' \"$2/bin/ramgate\"\n"
        );
        let directory = directory(&[("script", &script)]);
        // Written by another process: one that is started while this one writes would keep the file from being run.
        let copy = ["-m", "755", "script", "cargo"];
        assert!(Command::new("install").args(copy).current_dir(directory.path()).status().unwrap().success());
        Self(directory)
    }

    /// A search path on which it comes first.
    fn path(&self) -> String {
        format!("{}:{}", self.0.path().display(), std::env::var("PATH").unwrap())
    }

    /// How it was asked, call after call.
    fn asked(&self) -> Vec<String> {
        let text = fs::read_to_string(self.0.path().join("asked")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

/// What a script printed, errors first.
fn printed(output: &Output) -> String {
    String::from_utf8([output.stderr.clone(), output.stdout.clone()].concat()).unwrap()
}

/// The names of the members of an object.
fn names(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Where the clients of the tests are installed.
fn clients() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::env::var_os("RAMGATE_CLIENTS").map_or_else(|| root.join("target/clients"), PathBuf::from)
}
