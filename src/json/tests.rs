use proptest::prelude::*;

use super::*;

fn read(text: &str, syntax: Syntax) -> Result<Value, JsonError> {
    parse(&SourceText::new("test", text), syntax)
}

/// The same value for `serde_json`, numbers by their text; the last of repeated names wins there.
fn as_serde(value: &Value) -> serde_json::Value {
    match &value.kind {
        Kind::Null => serde_json::Value::Null,
        Kind::Bool(bool) => (*bool).into(),
        Kind::Number(digits) => serde_json::from_str(digits).unwrap(),
        Kind::String(text) => text.clone().into(),
        Kind::Array(elements) => elements.iter().map(as_serde).collect(),
        Kind::Object(members) => serde_json::Value::Object(
            members.iter().map(|member| (member.name.clone(), as_serde(&member.value))).collect(),
        ),
    }
}

/// Numbers that `serde_json` refuses only because they do not fit its floats.
fn out_of_range(error: &serde_json::Error) -> bool {
    error.to_string().starts_with("number out of range")
}

fn agrees_with_serde(text: &str) -> Result<(), TestCaseError> {
    let ours = read(text, Syntax::Strict);
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(theirs) => {
            prop_assert!(ours.is_ok(), "refused {text:?}: {ours:?}");
            prop_assert_eq!(as_serde(&ours.unwrap()), theirs);
        }
        Err(error) if out_of_range(&error) => {}
        Err(error) => prop_assert!(ours.is_err(), "accepted {text:?}, which serde_json refuses: {error}"),
    }
    Ok(())
}

#[test]
fn strict_syntax_agrees_with_serde_json_on_the_corners_of_the_grammar() {
    let long = format!("{}1{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
    let too_long = format!("[{long}]");
    let escaped = format!("\"{}\"", r#"\"["#.repeat(3 * MAX_DEPTH));
    let texts = [
        "",
        " ",
        "\u{feff}1",
        "1",
        "-0",
        "01",
        "-",
        "+1",
        ".5",
        "5.",
        "1e5",
        "1e",
        "1E+05",
        "0x1F",
        "Infinity",
        "-NaN",
        "NaN",
        "1 2",
        "[1 2]",
        "[1,]",
        "[,1]",
        "[1,,2]",
        "{\"a\":1,}",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\" 1}",
        "{a:1}",
        "{1:1}",
        "{\"a\":1 \"b\":2}",
        "'a'",
        "\"a",
        "\"\\x41\"",
        "\"\\'\"",
        "\"\\u12\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud800\\u0041\"",
        "\"\\ud800\\ud800\"",
        "\"a\tb\"",
        "\"a\\tb\"",
        "\"\u{7f}\"",
        "\"\u{1}\"",
        "{\"a\nb\":1}",
        "\"\u{2028}\"",
        "\u{a0}1",
        "1\u{2003}",
        "\u{b}1",
        "1\u{c}",
        "[1\u{2028}]",
        "// a\n1",
        "/* a */1",
        "1 // a",
        "1/",
        "nul",
        "null",
        "nulls",
        "true false",
        "truex",
        "[true_]",
        "[]]",
        "[}",
        "{]",
        "{",
        "[",
        "\"\\u0000\"",
        "\"\\",
        "\"\\u",
        "\"\u{10ffff}\"",
        "中",
        "{\"中\":\"文\"}",
        "{\"a\":1,\"a\":2}",
        "[[[[]]]]",
        "1e400",
        "-1.5e-7",
        "0.0",
        "00",
        "-01",
        "1.e5",
        "\0",
        "[\0]",
        "\"a\" \0",
        &long,
        &too_long,
        &escaped,
    ];
    for text in texts {
        agrees_with_serde(text).unwrap();
    }
}

#[test]
fn every_refusal_names_its_reason_and_place() {
    use JsonErrorKind as E;
    let cases = [
        ("", E::Empty, "1:1"),
        ("\u{feff}{}", E::ByteOrderMark, "1:1"),
        ("{}\n{}", E::TrailingText, "2:1"),
        ("[1\n 2]", E::MissingComma, "1:3"),
        ("[1,\n]", E::TrailingComma, "1:3"),
        ("[ // no\n]", E::Comment, "1:3"),
        ("{\"a\": 1", E::UnclosedObject, "1:1"),
        ("[1", E::UnclosedArray, "1:1"),
        ("[\"a]", E::UnclosedString, "1:2"),
        ("{\"a\": \"b,\n\"c\": 1}", E::UnclosedString, "1:7"),
        ("[\"a\nb\"]", E::UnclosedString, "1:2"),
        ("[\"a\\\nb\"]", E::UnclosedString, "1:2"),
        ("{a: \"b\n\"}", E::MemberNameNotString, "1:2"),
        ("\"\\q\"", E::InvalidEscape, "1:2"),
        ("\"\\ud800\"", E::LoneSurrogate, "1:2"),
        ("\"a\tb\"", E::ControlCharacter(9), "1:3"),
        ("[1,\u{a0}2]", E::ForeignSpace(0xa0), "1:4"),
        ("['a']", E::SingleQuotes, "1:2"),
        ("{a: 1}", E::MemberNameNotString, "1:2"),
        ("{\"a\" 1}", E::MissingColon, "1:6"),
        ("[.5]", E::InvalidNumber, "1:2"),
        ("[yes]", E::BareWord, "1:2"),
        ("[1}", E::Unexpected, "1:3"),
        (&"[".repeat(MAX_DEPTH + 1), E::TooDeep, "1:128"),
    ];
    for (text, kind, place) in cases {
        let source = SourceText::new("test", text);
        let error = parse(&source, Syntax::Strict).unwrap_err();
        assert_eq!((error.kind, source.position(error.span.start).to_string()), (kind, place.to_owned()), "{text:?}");
    }
}

#[test]
fn lenient_syntax_adds_comments_and_trailing_commas_and_nothing_else() {
    let lenient = read("// a [[[\n{\"a\": [1, /* ]] */ 2,], \"b\": \"// no\",} // end", Syntax::Lenient).unwrap();
    let strict = read("{\"a\": [1, 2], \"b\": \"// no\"}", Syntax::Strict).unwrap();
    assert_eq!(as_serde(&lenient), as_serde(&strict));
    for text in [
        "[,]",
        "[1 2]",
        "{a:1}",
        "['a']",
        "[+1]",
        "[0x1]",
        "[.5]",
        "[5.]",
        "[NaN]",
        "\"\\x41\"",
        "[1,,]",
        "\u{a0}1",
        "\"a\tb\"",
        "/* a",
        "// only a comment",
        "\u{feff}1",
        "[1]/",
    ] {
        assert!(read(text, Syntax::Lenient).is_err(), "{text:?}");
    }
}

#[test]
fn spans_cover_what_was_written_and_repeated_names_stay() {
    let source = SourceText::new("test", "{\"a\": [1.50, \"x\"],\n \"a\": null}");
    let value = parse(&source, Syntax::Strict).unwrap();
    let Kind::Object(members) = &value.kind else { panic!("{value:?}") };
    assert_eq!(members.iter().map(|member| member.name.as_str()).collect::<Vec<_>>(), ["a", "a"]);
    assert_eq!(members.iter().map(|member| source.slice(member.name_span)).collect::<Vec<_>>(), ["\"a\"", "\"a\""]);
    assert_eq!(source.slice(members[0].value.span), "[1.50, \"x\"]");
    let Kind::Array(elements) = &members[0].value.kind else { panic!("{value:?}") };
    assert_eq!(elements[0].kind, Kind::Number("1.50".to_owned()));
    assert_eq!(source.slice(elements[1].span), "\"x\"");
}

/// Texts made of the pieces of JSON, so that many of them are nearly right.
fn nearly_json() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"a\"", "\"b\":", "1", "-2.5e3", "true", "false", "null", " ", "\n", "\"\"",
        ]),
        1 => prop::sample::select(vec![
            "\"", "\\", "/", "//", "/*", "*/", "'", "\u{a0}", "\u{b}", "\u{feff}", "\u{1}", "\\u00e9", "\\ud83d", "\\ude00",
            "中", "0", ".", "e", "+", "-", "_", "x", "tru", "NaN", "\"\\ud83d\\ude00\"", "\"\t\"", "\r", "\0",
        ]),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// A valid text with one character taken out, put in or replaced.
fn mutated_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i32>().prop_map(Into::into),
        "[a-z\\\\\"\n中]{0,4}".prop_map(Into::into),
    ];
    let value = leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::vec(("[a-c]", inner), 0..4)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    });
    (value, any::<prop::sample::Index>(), prop::option::of("[\\x00-\\x7f中\u{a0}]"), any::<bool>()).prop_map(
        |(value, at, insert, remove)| {
            let mut characters: Vec<char> = serde_json::to_string_pretty(&value).unwrap().chars().collect();
            let at = at.index(characters.len());
            if remove {
                characters.remove(at);
            }
            let mut text: String = characters.iter().take(at).collect();
            text.push_str(&insert.unwrap_or_default());
            text.extend(characters.iter().skip(at));
            text
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn strict_syntax_accepts_exactly_what_serde_json_accepts(text in prop_oneof![nearly_json(), mutated_json(), ".{0,12}"]) {
        agrees_with_serde(&text)?;
    }

    #[test]
    fn lenient_syntax_reads_every_strict_text_as_the_same_tree(text in prop_oneof![nearly_json(), mutated_json()]) {
        if let Ok(value) = read(&text, Syntax::Strict) {
            prop_assert_eq!(read(&text, Syntax::Lenient), Ok(value));
        }
    }

    #[test]
    fn an_error_points_into_the_text(text in prop_oneof![nearly_json(), mutated_json(), ".{0,12}"]) {
        for syntax in [Syntax::Strict, Syntax::Lenient] {
            if let Err(error) = read(&text, syntax) {
                prop_assert!(text.get(error.span.start..error.span.end).is_some(), "{:?}", error);
            }
        }
    }
}
