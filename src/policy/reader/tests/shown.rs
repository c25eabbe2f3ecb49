//! What a document says of itself and of its mistakes.

use super::*;

fn with_version(version: &str) -> String {
    format!(r#"{{"Version": {version}, "Statement": [{{"Effect": "Deny", "Action": "*", "Resource": "*"}}]}}"#)
}

#[test]
fn any_version_or_none_is_a_choice_of_the_dialect() {
    let any = Dialect { any_version: true, ..Dialect::strict() };
    let none = with_version("1").replace(r#""Version": 1, "#, "");
    for text in [none, with_version(r#""2012-10-17""#), with_version("1")] {
        assert_eq!(codes(&text, PolicyKind::Identity, &Dialect::strict()).len(), 1, "{text}");
        assert_eq!(codes(&text, PolicyKind::Identity, &any), [], "{text}");
    }
}

#[test]
fn a_long_value_is_cut_in_a_message_and_a_list_is_named() {
    let message = |version: &str| {
        let invalid = read(&with_version(version), PolicyKind::Identity, &Dialect::strict()).unwrap_err();
        invalid.findings[0].message.clone()
    };
    let quoted = |length: usize| format!("\"{}\"", "x".repeat(length - 2));
    assert!(message(&quoted(60)).contains(&format!("`{}`", quoted(60))));
    assert!(message(&quoted(61)).contains(&format!("`\"{}…`", "x".repeat(59))));
    assert!(message("[1]").contains("is a list,"), "{}", message("[1]"));
}

#[test]
fn as_many_bytes_as_a_kind_may_have_are_not_too_many() {
    let text = |more: usize| format!("{}{}", identity(r#""Action": "*", "Resource": "*""#), " ".repeat(more));
    let most = 6144 - text(0).len();
    assert_eq!(codes(&text(most), PolicyKind::Identity, &Dialect::strict()), []);
    assert_eq!(codes(&text(most + 1), PolicyKind::Identity, &Dialect::strict()), [Code::TooLong]);
}

#[test]
fn an_effect_stands_where_it_was_written() {
    let document = read(&with_version(r#""1""#), PolicyKind::Identity, &Dialect::strict()).unwrap();
    assert_eq!(document.source().slice(document.statements()[0].effect_span()), r#""Deny""#);
}

#[test]
fn an_invalid_policy_names_its_mistakes() {
    let invalid = read(&with_version("2"), PolicyKind::Identity, &Dialect::strict()).unwrap_err();
    let message = &invalid.findings[0].message;
    assert_eq!(invalid.to_string(), format!("policy.json is no valid policy: 1:13 {message}"));
}

#[test]
fn a_dialect_is_lenient_where_that_is_asked_for() {
    assert_eq!((Dialect::of(true), Dialect::of(false)), (Dialect::lenient(), Dialect::strict()));
}
