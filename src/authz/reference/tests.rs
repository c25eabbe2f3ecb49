use std::cmp::Ordering;
use std::sync::Arc;

use proptest::prelude::*;

use super::condition::{Truth, truth as truth_of};
use super::values::{Address, address, compare_numbers, in_block, instant, number};
use super::{Answer, glob, values};
use crate::authz::{Decision, Mode, Outcome, PolicySet, PolicyType, Request, StatementRef};
use crate::catalog::Known;
use crate::identity::{PolicySource, Principal};
use crate::json::SourceText;
use crate::policy::{
    AbsentKey, Case, Context, ContextValue, Decimal, Dialect, Document, IpBlock, Pattern, PolicyKind, parse_address,
    parse_instant,
};

#[path = "../../../examples/differential/compare.rs"]
#[allow(clippy::indexing_slicing, dead_code, reason = "the example uses all of it")]
mod compare;
#[path = "../../../examples/differential/worlds.rs"]
#[allow(clippy::indexing_slicing, dead_code, reason = "the example uses all of it")]
mod worlds;

mod faults;
mod truth;

use compare::{Tally, compare, engine, explained, minimised, shown};

#[test]
fn the_engine_decides_as_the_specification_says() {
    let mut tally = Tally::default();
    for seed in 0..80 {
        for evaluator in [engine, explained] {
            if let Some(mismatch) = compare(seed, 50, evaluator, &mut tally) {
                panic!("seed {seed}: {}", shown(&minimised(*mismatch, evaluator)));
            }
        }
    }
    // Each outcome is met often enough to mean something.
    let Tally { allowed, denied_explicitly, denied_implicitly } = tally;
    assert!(allowed > 400 && denied_explicitly > 400 && denied_implicitly > 400, "{tally:?}");
}

#[test]
fn numbers_are_read_by_their_value() {
    use Ordering::{Equal, Greater, Less};
    for (a, b, order) in [
        ("9", "10", Some(Less)),
        ("1.20", "01.2", Some(Equal)),
        ("-0.0", "000", Some(Equal)),
        ("-2", "-10", Some(Greater)),
        ("-0.5", "0.05", Some(Less)),
        ("1e3", "1", None),
        ("1.", "1", None),
    ] {
        assert_eq!(compare_numbers(a, b), order, "{a} {b}");
    }
}

#[test]
fn instants_are_read_by_their_zone() {
    let second = 1_000_000_000;
    let at = |text| instant(text).unwrap();
    assert_eq!(at("0000-01-01T00:00:00Z"), 0);
    assert_eq!(at("1970-01-01T00:00:00Z"), 719_528 * 86_400 * second);
    assert_eq!(at("2000-03-01T00:00:00Z") - at("2000-02-28T00:00:00Z"), 2 * 86_400 * second);
    assert_eq!(at("2026-08-12T17:00:00+08:00"), at("2026-08-12T09:00:00.000Z"));
    assert_eq!(at("2026-08-12T09:00:00.5Z") - at("2026-08-12T09:00:00Z"), second / 2);
    for text in ["2026-08-12", "2026-02-29T00:00:00Z", "2026-08-12T09:00:00", "2026-08-12T09:00:00.Z"] {
        assert_eq!(instant(text), None, "{text}");
    }
}

#[test]
fn addresses_are_read_by_their_bits() {
    assert_eq!(address("::ffff:1.2.3.4"), Some(Address::V4(0x0102_0304)));
    assert_eq!(address("1::2"), Some(Address::V6(1 << 112 | 2)));
    for (block, text, expected) in [
        ("10.101.169.111/24", "10.101.169.1", Some(true)),
        ("10.0.0.0/8", "::ffff:10.0.0.1", Some(true)),
        ("::/0", "1.2.3.4", Some(false)),
        ("2001:db8::1", "2001:db8::2", Some(false)),
        ("2001:db8::1/32", "2001:db8::2", Some(true)),
        ("::ffff:1.2.3.4/95", "1.2.3.4", None),
        ("1.2.3.4/08", "1.2.3.4", None),
    ] {
        assert_eq!(in_block(block, address(text).unwrap()), expected, "{block} {text}");
    }
}

#[test]
fn what_is_at_an_edge_is_read_as_the_engine_reads_it() {
    let second = 1_000_000_000;
    let at = |text: &str| instant(text).unwrap_or_else(|| panic!("{text}"));
    for (year, days) in [(1900, 1), (2000, 2), (2004, 2), (2023, 1), (2100, 1), (2400, 2)] {
        let (before, after) = (format!("{year}-02-28T00:00:00Z"), format!("{year}-03-01T00:00:00Z"));
        assert_eq!(at(&after) - at(&before), days * 86_400 * second, "{year}");
        let leap = format!("{year}-02-29T00:00:00Z");
        assert_eq!((instant(&leap).is_some(), parse_instant(&leap).is_some()), (days == 2, days == 2), "{leap}");
    }
    assert_eq!(at("2026-01-01T00:00:00.123456789Z") - at("2026-01-01T00:00:00Z"), 123_456_789);
    assert_eq!(at("2026-01-01T00:00:00-00:01") - at("2026-01-01T00:00:00+00:01"), 120 * second);
    assert_eq!(at("2026-01-02T00:00:00+23:59"), at("2026-01-01T00:01:00Z"));
    for text in [
        "2026-01-01T23:59:59.000000001Z",
        "2026-01-01T00:00:00.0000000001Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00+00:60",
        "2026-01-01T00:00:00-23:59",
        "2026-01-00T00:00:00Z",
        "2026-01-31T00:00:00Z",
        "2026-01-32T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-12-31T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-01-01T00:00:00Z ",
    ] {
        assert_eq!(instant(text).is_some(), parse_instant(text).is_some(), "{text}");
    }
    for text in [
        "1.2.3.4",
        "1.2.3",
        "1.2.3.4.5",
        "255.255.255.255",
        "256.1.1.1",
        "01.2.3.4",
        "0.0.0.0",
        "1.2.3.0004",
        "1.2..4",
        "::",
        "1::",
        "::1",
        "1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7::",
        "1:2:3:4:5:6:7:8::",
        "::1:2:3:4:5:6:7:8",
        "1::2::3",
        "12345::",
        "1:2:3:4:5:6:1.2.3.4",
        "1:2:3:4:5:6:7:1.2.3.4",
        "1.2.3.4::",
        "1.2.3.4::1",
        "g::",
        "1:",
        ":1",
        "",
        "::ffff:1.2.3.4",
        "::ffff:102:304",
        "1:2:3:4:5:6:7",
        "+1::",
        "+1.2.3.4",
        "1.2.3.+4",
        "1::+2.3.4.5",
        "ABCD::",
    ] {
        assert_eq!(address(text).is_some(), parse_address(text).is_some(), "{text}");
        let block = address(text).map(|address| in_block(text, address));
        assert_eq!(block, parse_address(text).map(|address| Some(IpBlock::parse(text)?.contains(address))), "{text}");
    }
}

#[test]
fn letters_have_no_case_in_the_head_of_an_arn_and_in_no_other() {
    for (text, alike) in [
        ("acs:oss:*:1:b", true),
        ("ACS:Oss:*:1:b", true),
        ("acs:oss:*:1:B", false),
        ("Foo:oss:*:1:b", false),
        ("acs.oss:*:1:B", false),
    ] {
        let pattern = text.to_ascii_lowercase();
        assert_eq!(glob::matches(&pattern, text, Case::Arn), alike, "{text}");
        assert_eq!(Pattern::new(&pattern, Case::Arn).matches(text), alike, "{text}");
    }
}

#[test]
fn an_answer_tells_in_what_another_decision_differs() {
    let text = r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "*", "Resource": "*"}]}"#;
    let document = Document::parse(&SourceText::new("p", text), PolicyKind::Identity, &Dialect::strict()).unwrap();
    let policy = PolicySource { name: "p".to_owned(), document: Arc::new(document) };
    let [allow, deny] = policy.document.statements() else { panic!() };
    let policy_type = PolicyType::AccountLevelIdentityBasedPolicy;
    let named = |statement| Some(StatementRef::new(&policy, statement));
    let answer = |outcome, statements| Answer { outcome, policy_type, statements };
    let (allowed, ruled) = (answer(Outcome::Allow, vec![(&policy, allow)]), answer(Outcome::Allow, Vec::new()));
    let other = PolicyType::ControlPolicy;
    let elsewhere = named(allow).map(|named| StatementRef { policy: "q".to_owned(), ..named });
    for (answer, outcome, policy_type, determining, alike) in [
        (&allowed, Outcome::Allow, policy_type, named(allow), true),
        (&allowed, Outcome::Allow, policy_type, named(deny), false),
        (&allowed, Outcome::Allow, policy_type, elsewhere, false),
        (&allowed, Outcome::Allow, policy_type, None, false),
        (&allowed, Outcome::ExplicitDeny, policy_type, named(allow), false),
        (&allowed, Outcome::Allow, other, named(allow), false),
        (&ruled, Outcome::Allow, policy_type, None, true),
        (&ruled, Outcome::Allow, policy_type, named(allow), false),
    ] {
        let decision = Decision { outcome, policy_type, determining, generation: 0 };
        assert_eq!(answer.difference(&decision).is_none(), alike, "{decision:?}");
    }
}

#[test]
fn a_bucket_policy_names_an_owner_by_the_account() {
    let deny = r#"{"Version": "1", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*",
        "Principal": ["1234567890123456"]}]}"#;
    let mut set = PolicySet::new(Dialect::strict());
    set.add_resource("bucket", &SourceText::new("bucket.json", deny)).unwrap();
    for (account, outcome) in [("1234567890123456", Outcome::ExplicitDeny), ("6543210987654321", Outcome::Allow)] {
        let principal = Principal::Owner { account: account.to_owned() };
        let request = Request {
            principal: &principal,
            action: "oss:GetObject",
            resource: "acs:oss:*:*:bucket/key",
            owner: None,
            resource_group: &Known::Unknown,
            context: &Context::new(),
            mode: Mode::General,
        };
        let answer = super::decide(&super::Policies::of(&set.applicable()), &request);
        assert_eq!((answer.outcome, set.decide(&request).outcome), (outcome, outcome), "{account}");
    }
}

#[test]
fn whether_letters_beyond_ascii_are_the_same_cannot_be_told() {
    for (operand, value, expected) in [
        ("k", "K", Truth::Met),
        ("k", "\u{212a}", Truth::Unreadable),
        ("\u{212a}", "k", Truth::Unreadable),
        ("é", "É", Truth::Unreadable),
        ("é", "é", Truth::Met),
        ("é", "e", Truth::Unmet),
        ("k", "l", Truth::Unmet),
    ] {
        let value = ContextValue::Present(vec![value.to_owned()]);
        let absent = AbsentKey::PositiveFalseNegatedTrue;
        assert_eq!(truth_of("StringEqualsIgnoreCase", &[operand], absent, &value), expected, "{operand} {value:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn globs_are_read_alike(
        pattern in "([aA*][cC?][sS]:|)[aA:é*?]{0,8}",
        text in "([aA][cC][sS]:|)[aA:é]{0,8}",
        case in prop::sample::select(vec![Case::Exact, Case::Ignore, Case::Arn]),
    ) {
        prop_assert_eq!(Pattern::new(&pattern, case).matches(&text), glob::matches(&pattern, &text, case));
    }

    #[test]
    fn numbers_are_read_alike(a in "-?[0-9]{0,3}(\\.[0-9]{0,3})?|[ +e.0-9-]{0,4}", b in "-?[0-9]{1,3}(\\.[0-9]{1,3})?") {
        let engine = Decimal::parse(&a);
        prop_assert_eq!(engine.is_some(), number(&a).is_some());
        prop_assert_eq!(engine.map(|a| a.cmp(&Decimal::parse(&b).unwrap())), compare_numbers(&a, &b));
    }

    #[test]
    fn instants_are_read_alike(
        a in "[02][0-9]{3}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,10})?(Z|[+-][0-2][0-9]:[0-6][0-9])?",
        b in "2026-08-[0-3][0-9]T[0-2][0-9]:00:00(Z|\\+[0-2][0-9]:00)",
    ) {
        let (engine_a, engine_b) = (parse_instant(&a), parse_instant(&b));
        prop_assert_eq!(engine_a.is_some(), instant(&a).is_some());
        prop_assert_eq!(
            engine_a.zip(engine_b).map(|(a, b)| a.cmp(&b)),
            instant(&a).zip(instant(&b)).map(|(a, b)| a.cmp(&b))
        );
    }

    #[test]
    fn addresses_are_read_alike(
        block in "([0-9]{1,3}\\.){3}[0-9]{1,3}(/[0-9]{1,3})?|[0-9a-f:]{0,12}(::)?(ffff:)?(1\\.2\\.3\\.4)?(/[0-9]{1,3})?",
        text in "(1\\.2\\.3\\.[0-9])|(::(ffff:)?1\\.2\\.3\\.[0-9])|[0-9a-f]{0,4}:{1,2}[0-9a-f:]{0,9}",
    ) {
        let (engine, known) = (IpBlock::parse(&block), parse_address(&text));
        prop_assert_eq!(known.is_some(), address(&text).is_some());
        if let (Some(known), Some(address)) = (known, values::address(&text)) {
            prop_assert_eq!(engine.map(|engine| engine.contains(known)), in_block(&block, address));
        }
    }
}
