//! Suppressions and baseline over files.

use std::fs;
use std::sync::atomic::AtomicUsize;

use super::super::{Config, Options, Outcome, run};
use super::*;
use crate::documents;

const NOT_ACTION: &str =
    r#"{"Version": "1", "Statement": [{"Effect": "Allow", "NotAction": "ram:*", "Resource": "*"}]}"#;
const CLEAN: &str = r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "ecs:Get*", "Resource": "*"}]}"#;

/// What is found of `security/allow-notaction` and of the linter's own rules, with the suppressions, or the baseline, given.
fn checked(files: &[(&str, &str)], further: &str) -> (Vec<String>, Outcome) {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let config = format!("select = [\"security/allow-notaction\", \"meta\"]\n{further}");
    fs::write(directory.path().join(super::super::FILE), config).unwrap();
    let mut config = Config::find(directory.path()).unwrap();
    config.settings.now = "2026-11-24T12:00:00Z".parse().unwrap();
    let found = documents::find(&[directory.path().to_owned()]).unwrap();
    let outcome = run(&config, &found, &Options::default(), &AtomicUsize::new(0));
    let shown = |diagnostic: &Diagnostic| {
        let line = diagnostic.finding.position().map_or(0, |(_, at)| at.line);
        format!("{}:{line}", diagnostic.rule)
    };
    (outcome.diagnostics.iter().map(shown).collect(), outcome)
}

fn suppressed(entries: &str) -> Vec<String> {
    let files = [("a/p.json", NOT_ACTION), ("b/q.json", CLEAN), (super::super::SUPPRESSIONS_FILE, entries)];
    checked(&files, "").0
}

#[test]
fn a_suppression_with_a_reason_takes_its_finding_away() {
    let entry =
        |rule: &str, path: &str| format!("[[suppress]]\nrule = \"{rule}\"\npath = \"{path}\"\nreason = \"reviewed\"\n");
    assert_eq!(suppressed(""), ["security/allow-notaction:1"]);
    for (rule, path) in
        [("security/allow-notaction", "a/p.json"), ("RAM711", "a"), ("security", "**/p.json"), ("RAM7", "./a/*.json")]
    {
        assert_eq!(suppressed(&entry(rule, path)), Vec::<String>::new(), "{rule} {path}");
    }
    assert_eq!(suppressed(&entry("RAM711", "b/q.json")), ["security/allow-notaction:1", "meta/unused-suppression:1"]);
    assert_eq!(suppressed(&entry("RAM711", "gone.json")), ["security/allow-notaction:1", "meta/unused-suppression:1"]);
    // A rule that was not asked, and files that were not looked at, say nothing.
    assert_eq!(suppressed(&entry("syntax/json", "a/p.json")), ["security/allow-notaction:1"]);
    assert_eq!(suppressed(&entry("RAM711", "elsewhere/*.json")), ["security/allow-notaction:1"]);
}

#[test]
fn a_suppression_counts_up_to_its_last_day_and_wants_a_reason() {
    let entry = |further: &str| format!("[[suppress]]\nrule = \"RAM711\"\npath = \"a/p.json\"\n{further}");
    assert_eq!(suppressed(&entry("reason = \"r\"\nexpires = 2026-11-24")), Vec::<String>::new());
    assert_eq!(suppressed(&entry("reason = \"r\"\nexpires = \"2026-11-24\"")), Vec::<String>::new());
    assert_eq!(
        suppressed(&entry("reason = \"r\"\nexpires = 2026-11-23")),
        ["security/allow-notaction:1", "meta/expired-suppression:1"]
    );
    assert_eq!(suppressed(&entry("")), ["meta/suppression-without-reason:1"]);
    assert_eq!(suppressed(&entry("reason = \" \"")), ["meta/suppression-without-reason:1"]);
}

#[test]
fn a_fingerprint_narrows_a_suppression_to_one_finding() {
    let print = "fingerprint = \"0000000000000000\"";
    let entry = format!("[[suppress]]\nrule = \"RAM711\"\npath = \"a/p.json\"\nreason = \"r\"\n{print}");
    assert_eq!(suppressed(&entry), ["security/allow-notaction:1", "meta/unused-suppression:1"]);
}

/// The text of a suppressions file after fixes up to `most`, and what is left to say of it.
fn mended(entries: &str, most: Applicability) -> (String, Vec<String>) {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    fs::create_dir(directory.path().join("b")).unwrap();
    write("p.json", NOT_ACTION);
    write("b/q.json", CLEAN);
    write(super::super::SUPPRESSIONS_FILE, entries);
    write(super::super::FILE, "select = [\"security/allow-notaction\", \"meta\"]\n");
    let config = Config::find(directory.path()).unwrap();
    let found = documents::find(&[directory.path().to_owned()]).unwrap();
    let options = Options { most: Some(most), ..Options::default() };
    let outcome = run(&config, &found, &options, &AtomicUsize::new(0));
    let left = outcome.diagnostics.iter().map(|diagnostic| diagnostic.rule.clone());
    let left = left.filter(|rule| rule.starts_with("meta/")).collect();
    assert!(outcome.changes.len() <= 1 && (outcome.mended > 0) != outcome.changes.is_empty(), "{:?}", outcome.changes);
    let file = directory.path().join(super::super::SUPPRESSIONS_FILE);
    assert!(outcome.changes.iter().all(|change| change.path == file && change.before == entries));
    (outcome.changes.into_iter().next().map_or(entries.to_owned(), |change| change.after), left)
}

#[test]
fn a_fix_takes_unused_suppressions_away_and_nothing_else() {
    let used = "[[suppress]]\nrule = \"RAM711\" # the only one\npath = \"p.json\"\nreason = \"reviewed\"\n";
    let unused = |path: &str| {
        format!(
            "[[suppress]]\nrule = \"RAM711\"\npath = \"{path}\"\n# why not\nreason = \"\"\"\n[[odd]]\n\"\"\" # end\n"
        )
    };
    let (gone, clean, folder) = (unused("gone.json"), unused("./b/q.json"), unused("b"));
    for (before, after) in [
        (format!("# head\n\n{gone}\n{used}"), format!("# head\n\n{used}")),
        (format!("# head\n{used}\n# kept\n{clean}\n# foot\n"), format!("# head\n{used}\n# kept\n# foot\n")),
        (format!("{used}\n{gone}\n{clean}"), used.to_owned()),
        (format!("{gone}{used}{clean}\n\n"), used.to_owned()),
        (format!("{gone}\n{clean}"), String::new()),
        (used.trim_end().to_owned() + "\n\n" + gone.trim_end(), used.to_owned()),
    ] {
        assert_eq!(mended(&before, Applicability::Safe), (after, Vec::new()), "{before}");
    }
    let some = format!("{used}\n{folder}");
    assert_eq!(mended(&some, Applicability::Safe), (some.clone(), vec!["meta/unused-suppression".to_owned()]));
    assert_eq!(mended(&some, Applicability::Unsafe), (used.to_owned(), Vec::new()));
}

#[test]
fn an_entry_that_shares_its_line_is_left_to_its_author() {
    let text = "suppress = [{ rule = \"RAM711\", path = \"gone.json\", reason = \"r\" }]\n";
    let (after, left) = mended(text, Applicability::Unsafe);
    assert_eq!((after.as_str(), left.len()), (text, 1), "{left:?}");
}

#[test]
fn mistakes_of_a_suppressions_file_are_told_at_their_places() {
    let text = "[[suppress]]\nrule = \"odd\"\npath = \"a\"\n\n[[suppress]]\nrule = \"RAM711\"\npath = \"[\"\n\n[[suppress]]\nrule = \"RAM711\"\npath = \"a\"\nexpires = \"soon\"\n";
    let source = SourceText::new("s.toml", text);
    let mistakes = Suppressions::parse(&source, Path::new(".")).unwrap_err();
    let lines: Vec<_> = mistakes.iter().map(|mistake| mistake.position().unwrap().1.line).collect();
    assert_eq!(lines, [2, 7, 12], "{mistakes:?}");
    let unknown = SourceText::new("s.toml", "[[suppress]]\nrule = \"RAM711\"\nfile = \"a\"\n");
    assert_eq!(Suppressions::parse(&unknown, Path::new(".")).unwrap_err().len(), 1);
}

#[test]
fn a_baseline_takes_away_what_was_there_and_tells_what_is_gone() {
    let files = [("a/p.json", NOT_ACTION), ("b/q.json", CLEAN)];
    let (found, outcome) = checked(&files, "");
    assert_eq!(found, ["security/allow-notaction:1"]);
    // Fingerprints hold the names of files, and these tests run in directories of their own.
    let baseline = outcome.baseline;
    let record: serde_json::Value = serde_json::from_str(&baseline).unwrap();
    assert_eq!(record["findings"][0]["file"], "a/p.json");
    assert_eq!(record["findings"][0]["code"], "RAM711");
    let stale = baseline.replace(record["findings"][0]["fingerprint"].as_str().unwrap(), "0123456789abcdef");
    let with = [("a/p.json", NOT_ACTION), ("old.json", stale.as_str())];
    assert_eq!(checked(&with, "baseline = \"old.json\"").0, ["security/allow-notaction:1", "meta/unused-baseline:5"]);
}
