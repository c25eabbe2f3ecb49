//! The rules: each has a page, fires on its fixtures, is silent on near misses, and mends without changing a decision.
//!
//! A rule `group/some-rule` has its fixtures in `tests/lint/group/some-rule/`:
//!
//! - `fires*.json`, on each of which it finds something; what it finds, and the text after its fixes, is in `found.snap`;
//! - `silent*.json`, near misses on each of which it finds nothing, whatever other rules do;
//! - `settings.toml`, where it needs something of the settings: `accounts`, `regions`, `sensitive`, `catalog_pinned`,
//!   `catalogue` (the name of a catalogue file beside it).
//!
//! A rule across files has directories in place of these files, each a whole project.
//!
//! A fixture is read as the kind of policy that its name says, as in `fires-wild.trust.json`; otherwise as the first kind that
//! the rule is about.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

#[path = "lint/decisions.rs"]
mod decisions;
#[path = "lint/embedded.rs"]
mod embedded;
#[path = "lint/examples.rs"]
mod examples;
#[path = "lint/ideas.rs"]
mod ideas;
#[path = "lint/pages.rs"]
mod pages;
#[path = "lint/projects.rs"]
mod projects;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;

use ramgate::documents;
use ramgate::json::SourceText;
use ramgate::lint::{self, Applicability, Check, Config, Finding, Linter, Options, Rule, Settings};
use ramgate::policy::{Dialect, Document, PolicyKind};
use ramgate::report::{self, Colour, Diagnostic, Severity};

const KINDS: [PolicyKind; 5] =
    [PolicyKind::Identity, PolicyKind::Control, PolicyKind::Session, PolicyKind::Trust, PolicyKind::Resource];

fn folder(rule: &Rule) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lint").join(rule.name)
}

/// Rules about one document: all but those across files, and those about the linter's own files, which have tests of their own.
fn rules() -> impl Iterator<Item = &'static Rule> {
    lint::all().filter(|rule| !matches!(rule.check, Check::Project(_) | Check::Linter))
}

fn kind_of(rule: &Rule, path: &Path) -> PolicyKind {
    let name = path.file_name().unwrap().to_str().unwrap();
    let named = KINDS.into_iter().find(|kind| name.ends_with(&format!(".{kind}.json")));
    named.unwrap_or(rule.kinds[0])
}

fn fixtures(rule: &Rule, beginning: &str) -> Vec<(SourceText, PolicyKind)> {
    let Ok(entries) = fs::read_dir(folder(rule)) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with(beginning) && name.ends_with(".json")
    });
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (SourceText::new(name, fs::read_to_string(&path).unwrap()), kind_of(rule, &path))
    };
    paths.into_iter().map(read).collect()
}

fn settings(rule: &Rule) -> Settings {
    let mut settings = Settings { now: "2026-11-24T00:00:00Z".parse().unwrap(), ..Settings::new() };
    if let Ok(text) = fs::read_to_string(folder(rule).join("settings.toml")) {
        let table: toml::Table = text.parse().unwrap();
        let strings = |key: &str| -> BTreeSet<String> {
            let list = table.get(key).and_then(|value| value.as_array()).cloned().unwrap_or_default();
            list.iter().map(|value| value.as_str().unwrap().to_owned()).collect()
        };
        settings.accounts = strings("accounts");
        settings.regions = strings("regions");
        settings.sensitive = strings("sensitive").into_iter().collect();
        settings.catalog_pinned = table.get("catalog_pinned").is_some_and(|value| value.as_bool().unwrap());
        if let Some(file) = table.get("catalogue") {
            let file = file.as_str().unwrap();
            let text = fs::read_to_string(folder(rule).join(file)).unwrap();
            settings.catalog.extend(&SourceText::new(file, text)).unwrap();
        }
    }
    settings
}

fn found(rule: &'static Rule, linter: &Linter, source: &SourceText, kind: PolicyKind) -> Vec<Finding> {
    let mut findings = linter.check(source, kind);
    findings.retain(|finding| std::ptr::eq(finding.rule, rule));
    findings
}

/// The text after the fixes of this rule alone.
fn mended(
    rule: &'static Rule,
    linter: &Linter,
    source: &SourceText,
    kind: PolicyKind,
    most: Applicability,
) -> SourceText {
    linter.fix_by(&[rule], source, kind, most).source
}

#[test]
fn every_rule_has_a_code_of_its_group_and_a_name_of_its_own() {
    let (mut codes, mut names) = (BTreeSet::new(), BTreeSet::new());
    for group in lint::GROUPS {
        for rule in group.rules {
            let number: u16 = rule.code.strip_prefix("RAM").unwrap().parse().unwrap();
            assert!(group.codes.contains(&number), "{rule:?}: the codes of `{}` are {:?}", group.name, group.codes);
            assert_eq!(rule.group(), group.name, "{rule:?}");
            assert!(codes.insert(rule.code), "{rule:?}: the code is taken");
            assert!(names.insert(rule.name), "{rule:?}: the name is taken");
            let name = rule.name.strip_prefix(group.name).unwrap().strip_prefix('/').unwrap();
            let file = format!("src/lint/rules/{}/{}.rs", group.name, name.replace('-', "_"));
            assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file).is_file(), "{rule:?} stands in {file}");
            assert!(!rule.kinds.is_empty(), "{rule:?} is about some kind of policy");
        }
    }
}

#[test]
fn every_file_of_a_rule_is_in_the_list_of_its_group() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lint/rules");
    for group in lint::GROUPS {
        let Ok(entries) = fs::read_dir(root.join(group.name)) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap_or_default();
            // A file without a rule holds what several rules need.
            if text.contains("\nrule! {") {
                let name = path.file_stem().unwrap().to_str().unwrap().replace('_', "-");
                let name = format!("{}/{name}", group.name);
                assert!(lint::find(&name).is_some(), "{} is not in the list of its group", path.display());
            }
        }
    }
}

#[test]
fn every_rule_has_a_page_with_its_sections() {
    for rule in lint::all() {
        for heading in ["What it does", "Why is this bad?", "Example", "References"] {
            let section = rule.section(heading).unwrap_or_default();
            assert!(!section.is_empty(), "{rule:?}: the page needs `## {heading}`");
        }
        assert!(rule.summary().ends_with('.'), "{rule:?}: the page begins with a sentence");
        let example = rule.section("Example").unwrap();
        assert!(rule.fix.is_none() || example.contains("Use instead:"), "{rule:?}: say what to use instead");
    }
}

/// The fenced JSON blocks of a text, each a whole policy; a lone statement is put into one.
fn examples(text: &str, kind: PolicyKind) -> Vec<SourceText> {
    let blocks = text.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap().trim());
    let whole = |block: &str| match serde_json::from_str::<serde_json::Value>(block) {
        Ok(value) if value.get("Effect").is_some() => format!("{{\"Version\": \"1\", \"Statement\": [{block}]}}"),
        _ => block.to_owned(),
    };
    blocks.map(|block| SourceText::new(format!("example ({kind})"), whole(block))).collect()
}

#[test]
fn the_example_of_a_page_fires_and_what_to_use_instead_does_not() {
    for rule in rules() {
        let section = rule.section("Example").unwrap();
        let (example, instead) = section.split_once("Use instead:").unwrap_or((&section, ""));
        let (linter, kind) = (Linter::new(settings(rule)), rule.kinds[0]);
        for source in examples(example, kind) {
            assert!(!found(rule, &linter, &source, kind).is_empty(), "{rule:?} does not fire on\n{}", source.text());
        }
        for source in examples(instead, kind) {
            let found = found(rule, &linter, &source, kind);
            assert!(found.is_empty(), "{rule:?} fires on {found:?} in\n{}", source.text());
        }
    }
}

#[test]
fn every_rule_fires_on_its_fixtures_and_is_silent_on_near_misses() {
    let mut wrong = String::new();
    for rule in rules() {
        let linter = Linter::new(settings(rule));
        let (fires, silent) = (fixtures(rule, "fires"), fixtures(rule, "silent"));
        if fires.is_empty() || silent.is_empty() {
            writeln!(wrong, "{rule:?} needs fires*.json and silent*.json in {}", folder(rule).display()).unwrap();
        }
        for (source, kind) in fires {
            assert!(rule.kinds.contains(&kind), "{rule:?} is not about the kind of {}", source.name());
            if found(rule, &linter, &source, kind).is_empty() {
                writeln!(wrong, "{rule:?} does not fire on {}", source.name()).unwrap();
            }
        }
        for (source, kind) in silent {
            for finding in found(rule, &linter, &source, kind) {
                let at = source.position(finding.span.start);
                writeln!(wrong, "{rule:?} fires on {}:{at}: {}", source.name(), finding.message).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn what_every_rule_says_is_as_it_was_read() {
    for rule in rules() {
        let linter = Linter::new(settings(rule));
        let mut text = String::new();
        for (source, kind) in fixtures(rule, "fires") {
            let findings = found(rule, &linter, &source, kind);
            for finding in &findings {
                let message = &finding.message;
                assert!(!message.ends_with('.'), "{rule:?}: `{message}` ends with a full stop");
                assert!(!message.starts_with(char::is_uppercase), "{rule:?}: `{message}` begins in upper case");
            }
            let diagnostics: Vec<_> = findings.iter().map(|finding| finding.report(&source)).collect();
            writeln!(text, "{}\n", report::diagnostics_text(&diagnostics, Colour::Off)).unwrap();
            let fixed = mended(rule, &linter, &source, kind, Applicability::Unsafe);
            if fixed.text() != source.text() {
                writeln!(text, "{} after the fixes:\n{}", source.name(), fixed.text()).unwrap();
            }
        }
        let mut insta = insta::Settings::clone_current();
        insta.set_snapshot_path(folder(rule));
        insta.set_prepend_module_to_snapshot(false);
        insta.set_omit_expression(true);
        insta.bind(|| insta::assert_snapshot!("found", text.trim_end()));
    }
}

#[test]
fn a_rule_offers_fixes_as_it_declares() {
    for rule in rules() {
        let linter = Linter::new(settings(rule));
        let fires = fixtures(rule, "fires");
        let offered = fires.iter().flat_map(|(source, kind)| found(rule, &linter, source, *kind));
        let most = offered.filter_map(|finding| finding.fix).map(|fix| fix.applicability).max();
        assert_eq!(most, rule.fix, "{rule:?}");
    }
}

#[test]
fn fixes_leave_nothing_to_fix() {
    for rule in rules() {
        let linter = Linter::new(settings(rule));
        for (source, kind) in fixtures(rule, "fires") {
            let fixed = mended(rule, &linter, &source, kind, Applicability::Unsafe);
            let left = found(rule, &linter, &fixed, kind).into_iter().filter(|finding| finding.fix.is_some());
            assert_eq!(left.count(), 0, "{rule:?} leaves fixes in\n{}", fixed.text());
        }
    }
}

#[test]
fn a_safe_fix_keeps_every_decision() {
    for rule in rules().filter(|rule| rule.fix.is_some()) {
        let linter = Linter::new(settings(rule));
        for (source, kind) in fixtures(rule, "fires") {
            let fixed = mended(rule, &linter, &source, kind, Applicability::Safe);
            if fixed.text() != source.text() {
                decisions::compare(kind, source.text(), fixed.text(), decisions::REQUESTS)
                    .unwrap_or_else(|why| panic!("{rule:?} on {}: {why}\n{}", source.name(), fixed.text()));
            }
        }
    }
}

#[test]
fn no_mistake_of_a_document_goes_without_a_finding() {
    let linter = Linter::new(Settings::new());
    for text in [
        "{",
        "[]",
        "{}",
        r#"{"Version": 1, "Statement": []}"#,
        r#"{"Version": "1", "Statement": {}, "Id": "x", "Id": "y"}"#,
        r#"{"Version": "1", "Statement": [{"Effect": "allow", "action": [], "Action": "oss:*", "NotResource": "", "Principal": "*"}]}"#,
        r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:*", "NotAction": "*", "Resource": 1,
            "Condition": {"Null": {}, "Bool": {"acs:SecureTransport": true}, "IpAddress": {"acs:SourceIp": "x"}}}]}"#,
    ] {
        let source = SourceText::new("p.json", text);
        for kind in KINDS {
            let mistakes = Document::parse(&source, kind, &Dialect::strict()).unwrap_err().findings;
            let findings = linter.check(&source, kind);
            for mistake in mistakes {
                assert!(
                    findings.iter().any(|found| found.span == mistake.span && found.severity == Severity::Error),
                    "{}: {} in {text}",
                    mistake.code,
                    mistake.message
                );
            }
        }
    }
}

#[test]
fn sarif_of_every_finding_is_valid_by_its_schema() {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lint/sarif-schema-2.1.0.json");
    // A bracket too many in the published schema, about the language of a run, which is given nowhere here.
    let schema = fs::read_to_string(schema).unwrap().replace("-[a-zA-Z]{2}]?$", "-[a-zA-Z]{2}?$");
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let mut diagnostics =
        vec![Diagnostic::plain(report::Finding::nowhere(Severity::Note, "nowhere", "without a place"))];
    for rule in rules() {
        let linter = Linter::new(settings(rule));
        for (source, kind) in fixtures(rule, "fires") {
            diagnostics.extend(linter.check(&source, kind).iter().map(|finding| finding.report(&source)));
        }
    }
    let descriptions: Vec<_> = lint::all().map(Rule::description).collect();
    let mut sarif = report::sarif(&diagnostics, &descriptions);
    let wrong: Vec<_> = schema.iter_errors(&sarif).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(sarif["runs"][0]["results"].as_array().unwrap().iter().any(|result| result.get("fixes").is_some()));
    sarif["runs"][0]["results"][0]["level"] = "grave".into();
    assert!(!schema.is_valid(&sarif), "the schema takes anything");
}

#[test]
fn the_policies_that_come_with_the_project_are_clean() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = documents::find(&[root.join("policies"), root.join("examples")]).unwrap();
    let outcome = lint::run(&Config::default(), &files, &Options::default(), &AtomicUsize::new(0));
    let worse = outcome.diagnostics.into_iter().filter(|diagnostic| diagnostic.finding.severity < Severity::Note);
    let worse: Vec<_> = worse.collect();
    assert!(worse.is_empty(), "{}", report::diagnostics_text(&worse, Colour::Off));
    assert!(outcome.documents > 10 && outcome.unreadable.is_empty());
}
