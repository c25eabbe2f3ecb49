//! The parts of the policy language.

use std::cmp::Ordering;

use ramgate::identity::{Principal, PrincipalPattern};
use ramgate::json::{self, Kind, SourceText, Syntax, Value};
use ramgate::policy::{
    Arn, Case, Decimal, Dialect, Document, IpBlock, ListedPrincipal, Operator, Pattern, RamPrincipal, parse_address,
    parse_instant,
};

use super::{KINDS, glob, holds, parts, text, values};

/// A JSON text: read as `serde_json` reads it, and nothing looser in the strict syntax than in the lenient one.
pub fn json(data: &[u8]) {
    let source = SourceText::new("text", text(data));
    let strict = json::parse(&source, Syntax::Strict);
    let lenient = json::parse(&source, Syntax::Lenient);
    for error in [&strict, &lenient].into_iter().filter_map(|parsed| parsed.as_ref().err()) {
        holds(&source, error.span);
    }
    if let Ok(tree) = &strict {
        assert_eq!(lenient.as_ref(), Ok(tree), "the lenient syntax reads it in another way");
    }
    match (&strict, serde_json::from_str::<serde_json::Value>(source.text())) {
        (Ok(tree), Ok(value)) => assert_eq!(plain(tree, &source), value),
        (Ok(_), Err(error)) => assert!(error.to_string().starts_with("number out of range"), "only read here: {error}"),
        (Err(error), Ok(_)) => panic!("not read here: {error}"),
        (Err(_), Err(_)) => {}
    }
}

/// The tree as `serde_json` has it: of members with one name the last.
fn plain(value: &Value, source: &SourceText) -> serde_json::Value {
    holds(source, value.span);
    match &value.kind {
        Kind::Null => serde_json::Value::Null,
        Kind::Bool(value) => (*value).into(),
        Kind::Number(digits) => serde_json::from_str(digits).expect("a number"),
        Kind::String(text) => text.as_str().into(),
        Kind::Array(elements) => elements.iter().map(|element| plain(element, source)).collect(),
        Kind::Object(members) => {
            members.iter().map(|member| (member.name.clone(), plain(&member.value, source))).collect()
        }
    }
}

/// A policy document, read as every kind in both dialects. What the strict dialect takes the lenient one takes too, and
/// every place that is named is one in the text.
pub fn policy(data: &[u8]) {
    let source = SourceText::new("policy", text(data));
    for kind in KINDS {
        let strict = Document::parse(&source, kind, &Dialect::strict());
        let lenient = Document::parse(&source, kind, &Dialect::lenient());
        for read in [&strict, &lenient] {
            let findings = match read {
                Ok(document) => {
                    for statement in document.statements() {
                        holds(&source, statement.span());
                        holds(&source, statement.effect_span());
                        statement.action().patterns().for_each(|(_, span)| holds(&source, span));
                        let resource = statement.resource().into_iter();
                        resource.flat_map(|clause| clause.patterns()).for_each(|(_, span)| holds(&source, span));
                        for test in statement.condition() {
                            holds(&source, test.span());
                            assert_eq!(test.operands().len(), test.written_operands().len());
                        }
                    }
                    document.warnings()
                }
                Err(invalid) => {
                    assert!(!invalid.findings.is_empty());
                    assert!(!invalid.to_string().is_empty());
                    invalid.findings.as_slice()
                }
            };
            findings.iter().for_each(|finding| holds(&source, finding.span));
        }
        if let Ok(strict) = strict {
            let lenient = lenient.unwrap_or_else(|invalid| panic!("only the strict dialect reads it: {invalid}"));
            assert_eq!(strict.statements(), lenient.statements());
        }
    }
}

/// An ARN, split by its first colons; and a principal, which is read from the name that it is shown by.
pub fn arn(data: &[u8]) {
    let text = text(data);
    let pieces: Vec<&str> = text.splitn(5, ':').collect();
    match (Arn::parse(&text), pieces.as_slice()) {
        (Some(arn), ["acs", service, region, account, relative]) => {
            assert_eq!([arn.service, arn.region, arn.account, arn.relative], [*service, *region, *account, *relative]);
            assert_eq!(arn.to_string(), text);
        }
        (None, pieces) => assert!(pieces.len() < 5 || pieces.first() != Some(&"acs"), "{text:?} is an ARN"),
        (Some(arn), _) => panic!("{text:?} is none, and is read as {arn:?}"),
    }
    let _ = (RamPrincipal::parse(&text), ListedPrincipal::parse(&text));
    let pattern = PrincipalPattern::parse(&text);
    if let Ok(principal) = text.parse::<Principal>() {
        assert_eq!(principal.to_string().parse().as_ref(), Ok(&principal));
        // What names one caller is a pattern that matches it.
        let calls = !matches!(principal, Principal::Service { .. } | Principal::Federated { .. });
        let matches = pattern.is_ok_and(|pattern| pattern.matches(&principal));
        assert!(!calls || matches, "as a pattern {text:?} does not match {principal:?}");
    }
}

/// A block and an address, on a line each, against the plainest reading of both.
pub fn address(data: &[u8]) {
    let text = text(data);
    let Some([block, address]) = parts(&text) else { return };
    let (read, plain) = (parse_address(address), values::address(address));
    assert_eq!(read.is_some(), plain.is_some(), "{address:?}");
    let asked = plain.unwrap_or(values::Address::V4(0));
    let (block_read, inside) = (IpBlock::parse(block), values::in_block(block, asked));
    assert_eq!(block_read.is_some(), inside.is_some(), "{block:?}");
    let (Some(block_read), Some(address_read), Some(inside)) = (block_read, read, inside) else { return };
    assert_eq!(block_read.contains(address_read), inside, "{address:?} in {block:?}");
}

/// Two instants, on a line each.
pub fn instant(data: &[u8]) {
    let text = text(data);
    let Some([a, b]) = parts(&text) else { return };
    for text in [a, b] {
        assert_eq!(parse_instant(text).is_some(), values::instant(text).is_some(), "{text:?}");
        assert_eq!(Operator::DateEquals.operand(text).is_some(), values::instant(text).is_some(), "{text:?}");
    }
    let order = parse_instant(a).zip(parse_instant(b)).map(|(a, b)| a.cmp(&b));
    assert_eq!(order, values::instant(a).zip(values::instant(b)).map(|(a, b)| a.cmp(&b)), "{a:?} {b:?}");
}

/// Two numbers, on a line each.
pub fn number(data: &[u8]) {
    let text = text(data);
    let Some([a, b]) = parts(&text) else { return };
    for text in [a, b] {
        assert_eq!(Decimal::parse(text).is_some(), values::number(text).is_some(), "{text:?}");
    }
    let order = Decimal::parse(a).zip(Decimal::parse(b)).map(|(a, b)| {
        assert_eq!(a == b, a.cmp(&b) == Ordering::Equal);
        a.cmp(&b)
    });
    assert_eq!(order, values::compare_numbers(a, b), "{a:?} {b:?}");
}

/// The longest pattern that the algebra is asked about: what it takes grows with the product of two.
const LONGEST: usize = 48;

/// Two patterns, on a line each, and a text. Each matches what the definition says, and what the algebra says of both holds
/// for the text.
pub fn pattern(data: &[u8]) {
    let text = text(data);
    let Some([a, b, text]) = parts(&text) else { return };
    for case in [Case::Exact, Case::Ignore, Case::Arn] {
        let [(a, in_a), (b, in_b)] = [a, b].map(|written| {
            let pattern = Pattern::new(written, case);
            let matches = pattern.matches(text);
            assert_eq!(matches, glob::matches(written, text, case), "{written:?} {text:?} {case:?}");
            assert!(pattern.matches(text) || !pattern.is_universal());
            (pattern, matches)
        });
        if a.as_str().len().max(b.as_str().len()) > LONGEST {
            continue;
        }
        assert!(!(a.covers(&b) && in_b && !in_a), "{a:?} covers {b:?} but for {text:?}");
        assert!(!(b.covers(&a) && in_a && !in_b), "{b:?} covers {a:?} but for {text:?}");
        assert_eq!(a.equals(&b), a.covers(&b) && b.covers(&a), "{a:?} {b:?}");
        match a.meets(&b) {
            Some(witness) => assert!(a.matches(&witness) && b.matches(&witness), "{a:?} {b:?} at {witness:?}"),
            None => assert!(!(in_a && in_b), "{a:?} {b:?} meet at {text:?}"),
        }
    }
}
