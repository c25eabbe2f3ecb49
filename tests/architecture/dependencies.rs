//! The README lists every crate that comes with the library without the serving half.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Begins and ends the table in the README.
const MARKS: (&str, &str) = ("<!-- dependencies -->", "<!-- end of dependencies -->");

/// For each crate that the manifest names, in order, the crates that come with it and were not named by then.
fn brought() -> Vec<(String, BTreeSet<String>)> {
    let arguments = "tree --locked --offline --no-default-features --edges normal --no-dedupe --prefix depth";
    let output = Command::new(std::env::var_os("CARGO").unwrap())
        .args(arguments.split_whitespace())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut brought: Vec<(String, BTreeSet<String>)> = Vec::new();
    for line in text.lines().skip(1) {
        let (depth, name) = line.split_at(line.find(|letter: char| !letter.is_ascii_digit()).unwrap());
        let name = name.split(' ').next().unwrap().to_owned();
        match (depth, brought.last_mut()) {
            ("1", _) => brought.push((name, BTreeSet::new())),
            (_, Some((_, with))) => {
                with.insert(name);
            }
            (_, None) => panic!("{text}"),
        }
    }
    let mut named: BTreeSet<String> = brought.iter().map(|(name, _)| name.clone()).collect();
    for (_, with) in &mut brought {
        with.retain(|name| named.insert(name.clone()));
    }
    brought
}

#[test]
fn the_readme_lists_every_crate_that_the_library_brings() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let (_, rest) = readme.split_once(MARKS.0).expect("the README has no table of dependencies");
    let (table, _) = rest.split_once(MARKS.1).expect("the table of dependencies has no end");
    let names = |cell: &str| -> BTreeSet<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let mut listed = BTreeSet::new();
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let direct = names(cells[1]).into_iter().next().unwrap();
        assert!(!cells[2].is_empty(), "the README does not say what `{direct}` is for");
        listed.insert((direct, names(cells[3])));
    }
    let brought = brought();
    let rows = brought.iter().map(|(name, with)| {
        let with: Vec<String> = with.iter().map(|name| format!("`{name}`")).collect();
        format!("| `{name}` | … | {} |\n", with.join(", "))
    });
    let rows: String = rows.collect();
    assert_eq!(listed, brought.into_iter().collect(), "list in the README:\n{rows}");
}
