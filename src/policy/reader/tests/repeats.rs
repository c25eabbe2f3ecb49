//! What stands twice in a document.

use super::*;

/// Two objects, and whether they are the same.
const OBJECTS: [(&str, &str, bool); 8] = [
    (r#"{"acs:a": "1"}"#, r#"{"acs:a": "1"}"#, true),
    (r#"{"acs:a": ["1", "2"]}"#, r#"{"acs:a": ["1", "2"]}"#, true),
    (r#"{"acs:a": "1"}"#, r#"{"acs:a": "2"}"#, false),
    (r#"{"acs:a": "1"}"#, r#"{"acs:b": "1"}"#, false),
    (r#"{"acs:a": "1"}"#, r#"{"acs:a": ["1"]}"#, false),
    (r#"{"acs:a": "1"}"#, r#"{"acs:a": "1", "acs:b": "1"}"#, false),
    (r#"{"acs:a": ["1", "2"]}"#, r#"{"acs:a": ["1"]}"#, false),
    (r#"{"acs:a": ["1", "2"]}"#, r#"{"acs:a": ["1", "3"]}"#, false),
];

/// Whether a repeat is refused where it is refused in any case, and where equal ones are taken.
fn is_taken(condition: &str, same: bool) {
    let text = identity(&format!(r#""Action": "*", "Resource": "*", {condition}"#));
    let equal = Dialect { equal_repeats: true, ..Dialect::strict() };
    assert_eq!(codes(&text, PolicyKind::Identity, &Dialect::strict()), [Code::RepeatedMember], "{condition}");
    let expected = if same { Vec::new() } else { vec![Code::RepeatedMember] };
    assert_eq!(codes(&text, PolicyKind::Identity, &equal), expected, "{condition}");
}

#[test]
fn a_repeat_is_taken_only_where_all_of_it_is_equal_and_the_dialect_says_so() {
    for (first, second, same) in OBJECTS {
        let operator = |keys: &str| format!(r#""StringEquals": {keys}"#);
        let (one, other) = (operator(first), operator(second));
        is_taken(&format!(r#""Condition": {{{one}}}, "Condition": {{{other}}}"#), same);
        is_taken(&format!(r#""Condition": {{{one}, {other}}}"#), same);
    }
    for (first, second, same) in
        [(r#""1""#, r#""1""#, true), (r#""1""#, r#""2""#, false), (r#"["1"]"#, r#"["1", "2"]"#, false)]
    {
        is_taken(&format!(r#""Condition": {{"StringEquals": {{"acs:a": {first}, "ACS:A": {second}}}}}"#), same);
    }
}
