//! The structure is the design: a room imports only from rooms below it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

#[path = "architecture/configuration.rs"]
mod configuration;
#[cfg(target_os = "linux")]
#[path = "architecture/dependencies.rs"]
mod dependencies;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The longest a source file may grow before it has to become two.
const MAX_LINES: usize = 700;

/// Names that say nothing of what is in a module.
const EMPTY_NAMES: [&str; 4] = ["utils", "helpers", "common", "misc"];

/// Crates of the serving half, which the half that decides and checks must not know: what the feature `serving` brings in.
fn serving_crates(manifest: &str) -> Vec<String> {
    let manifest: toml::Table = manifest.parse().unwrap();
    let brought = manifest["features"]["serving"].as_array().unwrap().iter();
    brought.filter_map(|entry| entry.as_str()?.strip_prefix("dep:")).map(|name| name.replace('-', "_")).collect()
}

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

/// Source text without comments and without what stands in string and character literals.
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
                _ if in_string => {}
                // A quote that is a character opens no string; other apostrophes begin lifetimes and characters alike.
                '\'' if letters.peek() == Some(&'"') => {
                    letters.next();
                }
                '/' if letters.peek() == Some(&'/') => break,
                _ => code.push(letter),
            }
        }
        code.push('\n');
    }
    code
}

fn is_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// Whether a path begins at `at`: nothing before it makes it the end of a longer name or path.
fn begins_a_path(code: &str, at: usize) -> bool {
    let before = &code[..at];
    // A path may be written from the outside, as in `::tokio::net`.
    !before.strip_suffix("::").unwrap_or(before).ends_with(|letter| is_name(letter) || letter == '>')
}

/// The first names of what follows `crate::`: one, or those of a group `{a, b::{c, d}, e}`.
fn heads(rest: &str) -> Vec<String> {
    let name = |text: &str| text.trim_start().chars().take_while(|letter| is_name(*letter)).collect::<String>();
    let Some(group) = rest.strip_prefix('{') else { return vec![name(rest)] };
    let mut heads = vec![name(group)];
    let mut depth = 1;
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => heads.push(name(&group[at + 1..])),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    heads
}

/// Every room-to-be that a file names by a path from the root: `crate::ROOM`, or `super::` as often as `modules`, the number
/// of modules that the file lies in.
fn imports(code: &str, modules: usize) -> Vec<String> {
    let from_root = code.match_indices("crate::").map(|(at, path)| &code[at + path.len()..]);
    let climb = "super::".repeat(modules);
    let climbed = code.match_indices(&climb).filter(|(at, _)| begins_a_path(code, *at)).map(|(at, path)| {
        // A module inside the file takes one step more.
        let rest = &code[at + path.len()..];
        rest.strip_prefix("super::").unwrap_or(rest)
    });
    from_root.chain(climbed).flat_map(heads).collect()
}

/// What is wrong with a tree: `files` are paths below `src/` with their texts.
fn violations(lib: &str, manifest: &str, files: &BTreeMap<String, String>) -> Vec<String> {
    let rooms = rooms(lib);
    let serving_crates = serving_crates(manifest);
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
        let code = code(text);
        for name in imports(&code, path.split('/').count()) {
            if let Some(other) = place(&name).filter(|other| *other < own) {
                wrong.push(format!("{path}: `{room}` imports from `{}`, which is above it", rooms[other].0));
            }
        }
        if !rooms[own].1 {
            for name in &serving_crates {
                let path = format!("{name}::");
                if code.match_indices(&path).any(|(at, _)| begins_a_path(&code, at)) {
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
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(package.join("Cargo.toml")).unwrap();
    let root = package.join("src");
    let mut files = BTreeMap::new();
    read(&root, &root, &mut files);
    let wrong = violations(&files["lib.rs"], &manifest, &files);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_kind_of_violation_is_seen() {
    let lib = "#[cfg(feature = \"serving\")]\npub mod gateway;\npub mod authz;\npub mod json;\n";
    let manifest = "[features]\nserving = [\"dep:tokio\", \"dep:hyper-util\"]\n";
    let tree = |files: &[(&str, &str)]| {
        let sound = [("gateway.rs", "use crate::json::Span;"), ("authz.rs", "// crate::gateway"), ("json.rs", "")];
        let files = sound.iter().chain(files).map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        violations(lib, manifest, &files.collect())
    };
    assert_eq!(tree(&[]), Vec::<String>::new());
    for sound in [
        "let x = \"crate::gateway::X\";",
        "use crate::{json::{Span, gateway}, json};",
        "use super::gateway::X;",
        "use regex::tokio::X; fn f() { mytokio::f() }",
    ] {
        assert_eq!(tree(&[("authz/a.rs", sound)]), Vec::<String>::new(), "{sound}");
    }
    let long = "\n".repeat(MAX_LINES + 1);
    for (path, text) in [
        ("authz/a.rs", "use crate::gateway::X;"),
        ("authz/a.rs", "use crate::{json, gateway::X};"),
        ("authz/a.rs", "use crate::{json::{Span, Kind}, gateway::X};"),
        ("authz/a.rs", "use crate::{\n    json,\n    gateway::X,\n};"),
        ("authz/a.rs", "let quote = '\"'; crate::gateway::f();"),
        ("authz/a.rs", "use super::super::gateway::X;"),
        ("authz/a.rs", "mod tests { use super::super::super::gateway::X; }"),
        ("json/a.rs", "fn f() { crate::authz::f() }"),
        ("json/a.rs", "fn f(_: &hyper_util::X) {}"),
        ("json/a.rs", "use ::tokio::net;"),
        ("json/a.rs", "use tokio::net;"),
        ("json/utils.rs", ""),
        ("attic.rs", ""),
        ("json/long.rs", long.as_str()),
    ] {
        assert_eq!(tree(&[(path, text)]).len(), 1, "{path}: {text}");
    }
}
