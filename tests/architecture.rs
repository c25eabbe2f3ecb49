//! The structure is the design: a room imports only from rooms below it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The longest a source file may grow before it has to become two.
const MAX_LINES: usize = 700;

/// Names that say nothing of what is in a module.
const EMPTY_NAMES: [&str; 4] = ["utils", "helpers", "common", "misc"];

/// Crates of the serving half; the half that decides and checks must not know them.
const SERVING_CRATES: [&str; 8] = ["tokio", "hyper", "hyper_util", "rustls", "tokio_rustls", "clap", "redb", "tracing"];

/// The rooms as `src/lib.rs` lists them, top to bottom, and whether each belongs to the serving half.
fn rooms(lib: &str) -> Vec<(String, bool)> {
    let mut rooms = Vec::new();
    let mut serving = false;
    for line in lib.lines().map(str::trim) {
        if line.starts_with("#[cfg(feature = \"serving\")]") {
            serving = true;
        } else if let Some(name) = line.strip_prefix("pub mod ").and_then(|rest| rest.strip_suffix(';')) {
            rooms.push((name.to_owned(), serving));
            serving = false;
        }
    }
    rooms
}

/// Source text without comments and without what stands in string literals.
fn code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    for line in text.lines() {
        let mut in_string = false;
        let mut letters = line.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '\\' if in_string => {
                    letters.next();
                }
                '"' => in_string = !in_string,
                '/' if !in_string && letters.peek() == Some(&'/') => break,
                _ if in_string => {}
                _ => code.push(letter),
            }
        }
        code.push('\n');
    }
    code
}

/// Every `crate::ROOM` that a text names; `use crate::{a, b::c}` counts for each.
fn imports(text: &str) -> Vec<String> {
    let code = code(text);
    let mut names = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let heads: Vec<&str> = match rest.strip_prefix('{') {
            Some(group) => group.split('}').next().unwrap_or_default().split(',').map(str::trim).collect(),
            None => vec![rest],
        };
        for head in heads {
            let name: String = head.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            names.push(name);
        }
    }
    names
}

/// What is wrong with a tree: `files` are paths below `src/` with their texts.
fn violations(lib: &str, files: &BTreeMap<String, String>) -> Vec<String> {
    let rooms = rooms(lib);
    let place = |name: &str| rooms.iter().position(|(room, _)| room == name);
    let mut wrong = Vec::new();
    for (path, text) in files {
        let lines = text.lines().count();
        if lines > MAX_LINES {
            wrong.push(format!("{path} has {lines} lines, more than {MAX_LINES}: make it two"));
        }
        let stems = path.trim_end_matches(".rs").split('/');
        for stem in stems.filter(|stem| EMPTY_NAMES.contains(stem)) {
            wrong.push(format!("{path}: `{stem}` says nothing of what is in it"));
        }
        if path == "lib.rs" || path == "main.rs" {
            continue;
        }
        let room = path.split(['/', '.']).next().unwrap_or_default();
        let Some(own) = place(room) else {
            wrong.push(format!("{path} belongs to no room that lib.rs lists"));
            continue;
        };
        for name in imports(text) {
            if let Some(other) = place(&name).filter(|other| *other < own) {
                wrong.push(format!("{path}: `{room}` imports from `{}`, which is above it", rooms[other].0));
            }
        }
        if !rooms[own].1 {
            for name in SERVING_CRATES {
                let code = code(text);
                let used = code.contains(&format!("use {name}::")) || code.contains(&format!(" {name}::"));
                if used {
                    wrong.push(format!("{path}: `{room}` must do without `{name}`"));
                }
            }
        }
    }
    for (room, _) in &rooms {
        if !files.contains_key(&format!("{room}.rs")) {
            wrong.push(format!("lib.rs lists `{room}`, and there is no {room}.rs"));
        }
    }
    wrong
}

fn read(folder: &Path, root: &Path, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        if path.is_dir() {
            read(&path, root, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let relative = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            files.insert(relative, fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn a_room_imports_only_from_rooms_below_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = BTreeMap::new();
    read(&root, &root, &mut files);
    let wrong = violations(&files["lib.rs"].clone(), &files);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_kind_of_violation_is_seen() {
    let lib = "#[cfg(feature = \"serving\")]\npub mod gateway;\npub mod authz;\npub mod json;\n";
    let tree = |files: &[(&str, &str)]| {
        let sound = [("gateway.rs", "use crate::json::Span;"), ("authz.rs", "// crate::gateway"), ("json.rs", "")];
        let files = sound.iter().chain(files).map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        violations(lib, &files.collect())
    };
    assert_eq!(tree(&[]), Vec::<String>::new());
    assert_eq!(tree(&[("authz/a.rs", "let x = \"crate::gateway::X\";")]), Vec::<String>::new());
    let long = "\n".repeat(MAX_LINES + 1);
    for (path, text) in [
        ("authz/a.rs", "use crate::gateway::X;"),
        ("authz/a.rs", "use crate::{json, gateway::X};"),
        ("json/a.rs", "fn f() { crate::authz::f() }"),
        ("json/a.rs", "use tokio::net;"),
        ("json/utils.rs", ""),
        ("attic.rs", ""),
        ("json/long.rs", long.as_str()),
    ] {
        assert_eq!(tree(&[(path, text)]).len(), 1, "{path}: {text}");
    }
}
