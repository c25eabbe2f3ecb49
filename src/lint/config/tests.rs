//! Configurations, right and wrong ones.

use std::fs;
use std::path::Path;

use super::*;
use crate::lint::find;
use crate::report::Severity;

fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(directory.path().join(name), text).unwrap();
    }
    directory
}

fn asked(config: &Config, path: &str, rule: &str) -> bool {
    let path = config.directory.join(path);
    config.for_file(path.to_str().unwrap()).0.has(find(rule).unwrap())
}

/// Messages of the mistakes of a configuration, with their places.
fn mistakes(text: &str) -> Vec<String> {
    let directory = directory(&[(FILE, text)]);
    let shown = |finding: Finding| {
        let place = finding.position().map(|(_, at)| at.to_string()).unwrap_or_default();
        format!("{place} {}", finding.message)
    };
    Config::find(directory.path()).unwrap_err().into_iter().map(shown).collect()
}

#[test]
fn without_a_configuration_every_rule_is_asked() {
    let config = Config::find(directory(&[]).path()).unwrap();
    assert!(crate::lint::all().all(|rule| config.selection.has(rule)));
    assert!(config.findings.is_empty());
}

#[test]
fn every_field_is_read() {
    let text = r#"
        select = ["ALL"]
        ignore = ["action"]
        lenient = true
        accounts = ["1234567890123456"]
        regions = ["cn-hangzhou"]
        catalogue = ["mine.toml"]
        catalogue_pinned = true
        suppressions = "answered.toml"
        baseline = "old.json"

        [severity]
        "security/allow-notaction" = "error"

        [[overrides]]
        paths = ["legacy/", "./old-*.json"]
        ignore = ["security"]
        kind = "trust"
        severity = { RAM101 = "note" }
    "#;
    let mine = "product = \"mine\"\nversion = \"1\"\narn = \"acs:mine:{region}:{account}:a/{id}\"\n";
    let directory = directory(&[
        (FILE, text),
        ("mine.toml", mine),
        ("answered.toml", ""),
        ("old.json", "{\"version\": 1, \"findings\": []}"),
    ]);
    let config = Config::find(directory.path()).unwrap();
    assert!(config.findings.is_empty(), "{:?}", config.findings);
    assert!(asked(&config, "a.json", "security/allow-notaction"));
    assert!(!asked(&config, "a.json", "action/pattern-matches-nothing"));
    for path in ["legacy/a.json", "legacy/b/c.json", "old-1.json"] {
        assert!(!asked(&config, path, "security/allow-notaction"), "{path}");
    }
    for path in ["legacy.json", "b/old-1.json", "b/legacy/a.json"] {
        assert!(asked(&config, path, "security/allow-notaction"), "{path}");
    }
    let legacy = directory.path().join("legacy/a.json");
    let (selection, kind) = config.for_file(legacy.to_str().unwrap());
    assert_eq!(kind, Some(PolicyKind::Trust));
    assert_eq!(selection.severity_of(find("RAM101").unwrap()), Some(Severity::Note));
    assert_eq!(selection.severity_of(find("RAM711").unwrap()), Some(Severity::Error));
    assert!(config.settings.catalog.product("mine", "1").is_some() && config.settings.catalog_pinned);
    assert_eq!(config.settings.dialect, crate::policy::Dialect::lenient());
    assert_eq!(config.settings.accounts.first().map(String::as_str), Some("1234567890123456"));
    assert_eq!(config.settings.regions.first().map(String::as_str), Some("cn-hangzhou"));
}

#[test]
fn the_configuration_of_the_gate_may_have_a_table_for_lint() {
    let gate = "world = \".\"\n\n[lint]\nignore = [\"security\"]\n";
    let config = Config::find(directory(&[("ramgate.toml", gate)]).path()).unwrap();
    assert!(!config.selection.has(find("RAM711").unwrap()));
    let without = Config::find(directory(&[("ramgate.toml", "world = \".\"\n")]).path()).unwrap();
    assert!(without.selection.has(find("RAM711").unwrap()));
    let both = Config::find(directory(&[("ramgate.toml", gate), (FILE, "")]).path()).unwrap();
    assert!(both.selection.has(find("RAM711").unwrap()), "the file of lint's own counts");
}

#[test]
fn mistakes_are_told_at_their_places_all_at_once() {
    assert_eq!(
        mistakes(
            "accounts = [\"acme\"]\ncatalogue = [\"none.toml\"]\nsuppressions = \"none\"\n[severity]\nRAM101 = \"bad\""
        )
        .into_iter()
        .map(|line| line.split_once("` ").map_or(line.clone(), |(_, rest)| rest.to_owned()))
        .collect::<Vec<_>>(),
        ["is no severity", "is no account id", "is no file", "is no file"]
    );
    assert_eq!(mistakes("colour = 1")[0].split(',').next(), Some("1:1 unknown field `colour`"));
    assert_eq!(
        mistakes("[[overrides]]\npaths = [\"a[\"]")[0].split(':').next_back(),
        Some(" unclosed character class; missing ']'")
    );
    assert!(mistakes("baseline = \"none.json\"")[0].contains("cannot be read"));
    assert_eq!(mistakes("[[overrides]]\npaths = []\nkind = \"odd\"").len(), 1);
    let sensitive = mistakes("sensitive = [\"acs:oss:*:*:payroll*\", \"payroll\", \"acs:*:*:*:payroll\"]");
    assert_eq!(sensitive.len(), 2, "{sensitive:?}");
}

#[test]
fn words_that_name_no_rule_and_contradictions_are_findings() {
    let text = "select = [\"security\", \"actoin\"]\nignore = [\"security\"]\n[severity]\n\"syntax/json\" = \"note\"\n";
    let config = Config::find(directory(&[(FILE, text)]).path()).unwrap();
    let found: Vec<_> =
        config.findings.iter().map(|found| (found.rule.as_str(), found.finding.message.as_str())).collect();
    assert_eq!(
        found,
        [
            ("meta/unknown-rule-in-config", "there is no rule `actoin`: did you mean `action`?"),
            ("meta/conflicting-config", "`security` is both selected and ignored, so it is ignored"),
            ("meta/conflicting-config", "`syntax/json` has a severity, and is not asked"),
        ]
    );
}

#[test]
fn a_path_is_seen_from_the_directory_of_the_configuration() {
    for (directory, path, seen) in
        [("/a/b", "/a/b/c/d.json", "c/d.json"), ("/a/./b", "/a/b/d.json", "d.json"), ("/a/b", "/a/d.json", "/a/d.json")]
    {
        assert_eq!(relative(Path::new(directory), Path::new(path)), Path::new(seen));
    }
    assert_eq!(relative(Path::new("."), Path::new("./x/y.json")), Path::new("x/y.json"));
}
