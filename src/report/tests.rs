//! The formats, each on the same findings.

use super::*;
use crate::json::{SourceText, Span};

fn diagnostics() -> Vec<Diagnostic> {
    let source = SourceText::new("./policies/a b.json", "{\n  \"中\": 1,\n  \"Effect\": \"allow\"\n}\n");
    let place = |part: &str| {
        let start = source.text().find(part).unwrap();
        Span::new(start, start + part.len())
    };
    let finding = Finding {
        severity: Severity::Warning,
        code: "RAM700".to_owned(),
        message: "`100%` <odd>, and: \"quoted\"".to_owned(),
        help: Some("write \"Allow\"".to_owned()),
        place: Some((source.clone(), place("\"allow\""))),
    };
    let whole = Finding {
        severity: Severity::Error,
        help: None,
        place: Some((source.clone(), place("1,\n  \"Effect\""))),
        ..finding.clone()
    };
    let nowhere = Finding::nowhere(Severity::Note, "RAM900", "nowhere\u{1}");
    vec![
        Diagnostic {
            finding: finding.clone(),
            rule: "security/odd".to_owned(),
            also: vec![(place("\"中\""), "beside this".to_owned())],
            fix: Some(Mend {
                title: "write \"Allow\"".to_owned(),
                safe: true,
                edits: vec![(place("\"allow\""), "\"Allow\"".to_owned())],
            }),
        },
        Diagnostic { rule: "security/odd".to_owned(), ..Diagnostic::plain(whole) },
        Diagnostic::plain(nowhere),
    ]
}

fn rules() -> Vec<RuleDescription> {
    vec![RuleDescription {
        code: "RAM700".to_owned(),
        name: "security/odd".to_owned(),
        summary: "Finds what is odd.".to_owned(),
        page: "## What it does\nFinds what is odd.\n".to_owned(),
        severity: Severity::Warning,
    }]
}

#[test]
fn text_shows_the_place_further_places_and_the_fix() {
    insta::assert_snapshot!(diagnostics_text(&diagnostics(), Colour::Off));
}

#[test]
fn json_has_places_fixes_and_fingerprints() {
    insta::assert_json_snapshot!(diagnostics_json(&diagnostics()));
}

#[test]
fn sarif_has_rules_places_and_fixes() {
    insta::assert_json_snapshot!(sarif(&diagnostics(), &rules()), { ".runs[0].tool.driver.version" => "[version]" });
}

#[test]
fn github_gets_a_line_for_each() {
    insta::assert_snapshot!(github(&diagnostics()));
}

#[test]
fn gitlab_gets_a_record_for_each() {
    insta::assert_json_snapshot!(gitlab(&diagnostics()));
}

#[test]
fn junit_has_a_suite_for_each_file() {
    let files = ["policies/a b.json".to_owned(), "policies/clean.json".to_owned()];
    insta::assert_snapshot!(junit(&diagnostics(), &files));
}

#[test]
fn a_fingerprint_stays_when_lines_move_and_tells_equal_places_apart() {
    let of = |text: &str, name: &str| {
        let source = SourceText::new(name, text);
        let all = text.match_indices("\"x\"").map(|(at, found)| Finding {
            place: Some((source.clone(), Span::new(at, at + found.len()))),
            ..Finding::nowhere(Severity::Error, "RAM100", "m")
        });
        fingerprints(&all.map(Diagnostic::plain).collect::<Vec<_>>())
    };
    let prints = of("[\"x\", \"x\"]", "a.json");
    assert_ne!(prints[0], prints[1]);
    assert_eq!(of("\n\n[ \"x\",\n \"x\" ]", "./a.json"), prints);
    assert_ne!(of("[\"x\"]", "b.json")[0], prints[0]);
    assert_eq!(prints[0].len(), 16);
}
