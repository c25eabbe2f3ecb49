//! What holds for every document.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::super::*;
use super::read;
use crate::policy::{ContextValue, Document, InvalidPolicy, TestOutcome};

/// Statement members, right and wrong ones, to build documents from.
fn member() -> impl Strategy<Value = (String, serde_json::Value)> {
    let name = prop::sample::select(vec![
        "Effect",
        "Effect",
        "Action",
        "Action",
        "NotAction",
        "Resource",
        "Resource",
        "NotResource",
        "Condition",
        "Condition",
        "Principal",
        "NotPrincipal",
        "Sid",
        "effect",
        "Conditon",
    ]);
    let text = prop::sample::select(vec![
        "Allow",
        "Deny",
        "*",
        "",
        "ecs:*",
        "acs:oss:*:*:b/**",
        "10.0.0.0/8",
        "1.5",
        "true",
        "2026-01-01T00:00:00Z",
        "acs:ram::1:root",
        "中 文",
        "  ",
        "\n",
    ]);
    let value = prop_oneof![
        6 => text.clone().prop_map(serde_json::Value::from),
        2 => prop::collection::vec(text.clone(), 0..3).prop_map(serde_json::Value::from),
        1 => prop::sample::select(vec![serde_json::json!(null), serde_json::json!(1.5), serde_json::json!(true)]),
    ];
    let operator = prop::sample::select(vec![
        "StringEquals",
        "StringNotLike",
        "NumericLessThan",
        "DateEquals",
        "Bool",
        "IpAddress",
        "Null",
        "bool",
        "RAM",
    ]);
    let key = prop::sample::select(vec!["acs:SourceIp", "acs:SourceVpc", "acs:ResourceTag/A", "acs:resourcetag/A"]);
    let keys = prop::collection::vec((key, value.clone()), 0..3)
        .prop_map(|keys| keys.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<serde_json::Value>());
    let nested = prop::collection::vec((operator, prop_oneof![3 => keys, 1 => value.clone()]), 0..3)
        .prop_map(|all| all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<serde_json::Value>());
    (name, prop_oneof![2 => value, 1 => nested]).prop_map(|(name, value)| (name.to_owned(), value))
}

/// A document, half of the time with a sound statement to start from.
fn document() -> impl Strategy<Value = serde_json::Value> {
    let statement = (any::<bool>(), prop::collection::vec(member(), 0..4)).prop_map(|(sound, members)| {
        let mut statement = serde_json::Map::new();
        if sound {
            statement.insert("Effect".to_owned(), "Deny".into());
            statement.insert("Action".to_owned(), "ecs:*".into());
            statement.insert("Resource".to_owned(), "*".into());
        }
        statement.extend(members);
        serde_json::Value::Object(statement)
    });
    (prop::sample::select(vec!["1", "1", "1", "2012-10-17"]), prop::collection::vec(statement, 0..4))
        .prop_map(|(version, statements)| serde_json::json!({"Version": version, "Statement": statements}))
}

fn kind() -> impl Strategy<Value = PolicyKind> {
    use PolicyKind as K;
    prop::sample::select(vec![K::Identity, K::Control, K::Session, K::Trust, K::Resource])
}

fn dialect() -> impl Strategy<Value = Dialect> {
    any::<bool>().prop_map(|strict| {
        // White space counts towards a length, so the laws about it leave the limits out.
        Dialect { length_limits: false, ..if strict { Dialect::strict() } else { Dialect::lenient() } }
    })
}

/// Everything that was read, but for where it stood.
fn outline(read: &Result<Document, InvalidPolicy>) -> String {
    match read {
        Ok(document) => {
            let mut outline = String::new();
            for statement in document.statements() {
                let patterns = |patterns: Vec<(&Pattern, Span)>| {
                    patterns.iter().map(|(pattern, _)| pattern.as_str().to_owned()).collect::<Vec<_>>()
                };
                let resource = statement.resource().map(|clause| patterns(clause.patterns().collect()));
                let action = patterns(statement.action().patterns().collect());
                writeln!(outline, "{} {action:?} {resource:?}", statement.effect()).unwrap();
                for test in statement.condition() {
                    writeln!(outline, "{} {} {:?}", test.operator(), test.key(), test.operands()).unwrap();
                }
            }
            outline
        }
        Err(invalid) => {
            let findings = invalid.findings.iter();
            findings.map(|finding| format!("{} {:?}\n", finding.code, finding.help)).collect()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,64}", kind in kind(), dialect in dialect()) {
        if let Err(invalid) = read(&text, kind, &dialect) {
            prop_assert!(!invalid.findings.is_empty());
        }
    }

    #[test]
    fn a_document_cut_anywhere_is_refused_with_a_place(
        document in document(), kind in kind(), dialect in dialect(), at in any::<prop::sample::Index>(),
    ) {
        let text = document.to_string();
        let cut: String = text.chars().take(at.index(text.chars().count())).collect();
        let invalid = read(&cut, kind, &dialect).unwrap_err();
        prop_assert_eq!(invalid.findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), [Code::NotJson]);
    }

    #[test]
    fn white_space_never_changes_what_is_read(document in document(), kind in kind(), dialect in dialect()) {
        let tight = read(&document.to_string(), kind, &dialect);
        let wide = read(&serde_json::to_string_pretty(&document).unwrap().replace('\n', "\r\n\t"), kind, &dialect);
        prop_assert_eq!(outline(&tight), outline(&wide));
    }

    #[test]
    fn findings_stand_in_text_order_and_within_the_text(document in document(), kind in kind(), dialect in dialect()) {
        let text = serde_json::to_string_pretty(&document).unwrap();
        let findings = match read(&text, kind, &dialect) {
            Ok(document) => document.warnings().to_vec(),
            Err(invalid) => invalid.findings,
        };
        prop_assert!(findings.iter().map(|finding| finding.span.start).is_sorted());
        for finding in findings {
            prop_assert!(text.get(finding.span.start..finding.span.end).is_some_and(|part| !part.is_empty()));
            prop_assert!(finding.message.starts_with(|letter: char| !letter.is_uppercase()), "{}", finding.message);
            prop_assert!(!finding.message.ends_with('.'), "{}", finding.message);
        }
    }

    #[test]
    fn what_is_read_holds_every_statement_and_every_test(document in document(), kind in kind(), dialect in dialect()) {
        if let Ok(read) = read(&document.to_string(), kind, &dialect) {
            let statements = document["Statement"].as_array().unwrap();
            prop_assert_eq!(read.statements().len(), statements.len());
            for (read, written) in read.statements().iter().zip(statements) {
                let operators = written.get("Condition").and_then(serde_json::Value::as_object);
                let keys = operators.map_or(0, |all| all.values().map(|keys| keys.as_object().map_or(0, |keys| keys.len())).sum());
                prop_assert_eq!(read.condition().len(), keys);
            }
        }
    }

    #[test]
    fn an_unknown_key_is_unreadable_whatever_the_test(document in document(), kind in kind()) {
        if let Ok(read) = read(&document.to_string(), kind, &Dialect::lenient()) {
            for test in read.statements().iter().flat_map(Statement::condition) {
                prop_assert_eq!(test.evaluate(&ContextValue::Unknown), TestOutcome::Unreadable);
            }
        }
    }
}
