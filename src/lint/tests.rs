//! The machinery; the rules are tested by `tests/lint.rs`.

use super::*;
use crate::json::{Kind, SourceText, Span, Value};
use crate::policy::PolicyKind;

fn spans(value: &Value, found: &mut Vec<Span>) {
    found.push(value.span);
    match &value.kind {
        Kind::Array(values) => values.iter().for_each(|value| spans(value, found)),
        Kind::Object(members) => members.iter().for_each(|member| spans(&member.value, found)),
        _ => {}
    }
}

/// The text without the element whose value is written `element`.
fn without(text: &str, element: &str) -> Option<String> {
    let source = SourceText::new("p.json", text);
    let settings = Settings::new();
    let subject = Subject::new(&source, PolicyKind::Identity, &settings);
    let mut all = Vec::new();
    spans(subject.tree().unwrap(), &mut all);
    let span = all.into_iter().find(|span| source.slice(*span) == element).unwrap();
    let edit = subject.removal(span)?;
    let (before, after) = (text.get(..edit.span.start).unwrap(), text.get(edit.span.end..).unwrap());
    Some(format!("{before}{}{after}", edit.text))
}

#[test]
fn an_element_goes_with_its_comma() {
    for (text, element, left) in [
        ("[1, 2, 3]", "1", Some("[2, 3]")),
        ("[1, 2, 3]", "2", Some("[1, 3]")),
        ("[1, 2, 3]", "3", Some("[1, 2]")),
        ("[\n  1,\n  2,\n  3\n]", "2", Some("[\n  1,\n  3\n]")),
        ("[\n  1,\n  2\n]", "2", Some("[\n  1\n]")),
        ("{\"a\": 1, \"b\": {\"c\": 2, \"d\": 3}}", "3", Some("{\"a\": 1, \"b\": {\"c\": 2}}")),
        ("{\"a\": 1, \"b\": 2}", "1", Some("{\"b\": 2}")),
        ("[[1], 2]", "1", None),
        ("[1]", "1", None),
        ("[1, /* why */ 2]", "2", None),
        ("[1, // why\n 2]", "1", None),
    ] {
        assert_eq!(without(text, element).as_deref(), left, "{element} of {text}");
    }
}

#[test]
fn a_page_is_the_doc_comment_without_its_indentation() {
    let rule = find("RAM211").unwrap();
    assert!(rule.page().starts_with("## What it does\nFinds a `Version`"), "{}", rule.page());
    assert_eq!(rule.summary(), "Finds a `Version` that is not the string `\"1\"`.");
    assert_eq!(rule.section("Nowhere"), None);
    assert_eq!(find("schema/invalid-version").unwrap().code, "RAM211");
    assert_eq!(find("ram211").unwrap().name, "schema/invalid-version");
}

#[test]
fn fixes_are_applied_up_to_the_applicability_asked_for_and_counted() {
    let source = SourceText::new(
        "p.json",
        r#"{"Version": 1, "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#,
    );
    let fixed = Linter::new(Settings::new()).fix(&source, PolicyKind::Identity, Applicability::Safe);
    assert!(fixed.source.text().starts_with("{\"Version\": \"1\", "), "{}", fixed.source.text());
    let mended: Vec<_> = fixed.mended.iter().map(|(rule, count)| (rule.name, *count)).collect();
    assert_eq!(mended, [("schema/invalid-version", 1)]);
}

#[test]
fn a_document_that_is_only_leniently_right_is_checked_all_the_same() {
    let text = r#"{"version": "1", "Statement": {"effect": "Allow", "Action": "polardb:Dscribe*", "Resource": "*"}}"#;
    let source = SourceText::new("p.json", text.replace("\"effect\"", "\"Effect\""));
    let findings = Linter::new(Settings::new()).check(&source, PolicyKind::Identity);
    assert!(findings.iter().any(|finding| finding.rule.name == "action/pattern-matches-nothing"), "{findings:?}");
    assert!(findings.iter().any(|finding| finding.rule.name == "schema/element-case"), "{findings:?}");
}
