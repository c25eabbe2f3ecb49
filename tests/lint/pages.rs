//! The pages of the rules in `docs/rules/`, made of the doc comments. `RULE_PAGES=write` writes them anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use ramgate::lint;

/// Every page by its path below `docs/rules/`.
fn pages() -> BTreeMap<PathBuf, String> {
    let mut pages = BTreeMap::new();
    let mut index = String::from(
        "# Lint rules\n\nMade of the doc comments of the rules; `ramgate lint --explain RULE` shows the same.\n\
         [docs/lint.md](../lint.md) says how they are chosen.\n\n| group | codes | about |\n|---|---|---|\n",
    );
    for group in lint::GROUPS {
        let (first, last) = (group.codes.start(), group.codes.end());
        writeln!(index, "| [{0}]({0}/index.md) | RAM{first} to RAM{last} | {1} |", group.name, group.about).unwrap();
        let mut table = format!("# {}\n\nRules about {}.\n\n", group.name, group.about);
        table.push_str("| code | rule | severity | fix | what it does |\n|---|---|---|---|---|\n");
        let mut rules = group.rules.to_vec();
        rules.sort_by_key(|rule| rule.code);
        for rule in rules {
            let name = rule.name.split_once('/').unwrap().1;
            let severity = format!("{:?}", rule.severity).to_lowercase();
            let fix = rule.fix.map(|fix| fix.to_string()).unwrap_or_default();
            let summary = rule.summary().replace('|', "\\|");
            writeln!(table, "| {} | [{name}]({name}.md) | {severity} | {fix} | {summary} |", rule.code).unwrap();
            pages.insert(PathBuf::from(format!("{}.md", rule.name)), rule.explanation());
        }
        pages.insert(PathBuf::from(format!("{}/index.md", group.name)), table);
    }
    pages.insert(PathBuf::from("index.md"), index);
    pages
}

/// Every file below a directory, relative to it.
fn files(directory: &Path, below: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory.join(below)).into_iter().flatten() {
        let entry = entry.unwrap();
        let path = below.join(entry.file_name());
        if entry.path().is_dir() {
            files(directory, &path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn the_pages_of_the_rules_are_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules");
    let pages = pages();
    let mut present = Vec::new();
    files(&root, Path::new(""), &mut present);
    if std::env::var_os("RULE_PAGES").is_some_and(|value| value == "write") {
        for path in present.iter().filter(|path| !pages.contains_key(*path)) {
            fs::remove_file(root.join(path)).unwrap();
        }
        for (path, text) in &pages {
            fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), text).unwrap();
        }
        return;
    }
    let mut wrong: Vec<_> = present.into_iter().filter(|path| !pages.contains_key(path)).collect();
    wrong.extend(
        pages
            .into_iter()
            .filter(|(path, text)| fs::read_to_string(root.join(path)).ok().as_ref() != Some(text))
            .map(|(path, _)| path),
    );
    assert!(
        wrong.is_empty(),
        "not current in docs/rules: {wrong:?}; RULE_PAGES=write cargo test --no-default-features --test lint pages"
    );
}
