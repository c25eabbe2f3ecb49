use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

/// Every word over `alphabet` up to `longest` letters, shorter ones first.
fn words(alphabet: &[char], longest: usize) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut from = 0;
    for _ in 0..longest {
        let to = words.len();
        for index in from..to {
            let longer: Vec<_> = alphabet.iter().map(|letter| format!("{}{letter}", words[index])).collect();
            words.extend(longer);
        }
        from = to;
    }
    words
}

/// Which of `texts` a pattern matches, a bit each.
fn matched(pattern: &Pattern, texts: &[String]) -> Vec<u64> {
    let mut bits = vec![0_u64; texts.len().div_ceil(64)];
    for (index, text) in texts.iter().enumerate() {
        bits[index / 64] |= u64::from(pattern.matches(text)) << (index % 64);
    }
    bits
}

fn within(part: &[u64], whole: &[u64]) -> bool {
    part.iter().zip(whole).all(|(part, whole)| part & !whole == 0)
}

/// The answer of the search that knows nothing of marks.
fn searched(narrow: &Pattern, wide: &[&Pattern]) -> Coverage {
    let wide: Vec<_> = wide.iter().map(|pattern| Language::of(pattern)).collect();
    union::coverage(&Language::of(narrow), &wide, 10_000_000)
}

#[test]
fn short_patterns_cover_meet_and_equal_as_their_texts_do() {
    // `z` stands for every letter that no pattern has; no pair that differs agrees on all texts of this length.
    let texts = words(&['a', 'b', 'z'], 7);
    let mut patterns = words(&['a', '*', '?'], 4);
    patterns.extend(words(&['a', 'b', '*', '?'], 3));
    let patterns: Vec<_> = patterns.iter().map(|text| Pattern::new(text, Case::Exact)).collect();
    let sets: Vec<_> = patterns.iter().map(|pattern| matched(pattern, &texts)).collect();
    for (a, set_a) in patterns.iter().zip(&sets) {
        assert_eq!(a.is_universal(), set_a.iter().map(|bits| bits.count_ones() as usize).sum::<usize>() == texts.len());
        for (b, set_b) in patterns.iter().zip(&sets) {
            let names = || format!("{} {}", a.as_str(), b.as_str());
            assert_eq!(a.covers(b), within(set_b, set_a), "covers {}", names());
            assert_eq!(a.equals(b), set_a == set_b, "equals {}", names());
            let meet = set_a.iter().zip(set_b).any(|(a, b)| a & b != 0);
            let witness = a.meets(b);
            assert_eq!(witness.is_some(), meet, "meets {}", names());
            assert!(witness.is_none_or(|text| a.matches(&text) && b.matches(&text)), "{}", names());
        }
    }
}

#[test]
fn short_unions_cover_as_their_texts_do() {
    let texts = words(&['a', 'z'], 7);
    let patterns: Vec<_> = words(&['a', '*', '?'], 3).iter().map(|text| Pattern::new(text, Case::Exact)).collect();
    let sets: Vec<_> = patterns.iter().map(|pattern| matched(pattern, &texts)).collect();
    for (a, set_a) in patterns.iter().zip(&sets) {
        for (b, set_b) in patterns.iter().zip(&sets).take_while(|(b, _)| *b != a) {
            let union: Vec<_> = set_a.iter().zip(set_b).map(|(a, b)| a | b).collect();
            for (narrow, set) in patterns.iter().zip(&sets) {
                let names = || format!("{} by {} and {}", narrow.as_str(), a.as_str(), b.as_str());
                match narrow.covered_by([a, b], COVERAGE_WORK) {
                    Coverage::Covered => assert!(within(set, &union), "{}", names()),
                    Coverage::Uncovered(text) => {
                        assert!(narrow.matches(&text) && !a.matches(&text) && !b.matches(&text), "{}: {text}", names());
                    }
                    Coverage::Unknown => panic!("{}", names()),
                }
            }
        }
    }
}

/// Patterns and texts about the head of an ARN, where letters fold by place.
const ARN_PATTERN: &str = "([aA*?][cC*?]?[sS*?]?[:*?]|[*?]{1,2}|acs:|ACS:|)[oO*?:]{0,3}[:*?]?[oO:*?]{0,3}";

static ARN_TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let heads = ["", "a", "A", "ac", "aC", "acs", "ACS", "acs:", "ACS:", "aCs:", "z:"];
    let tails: Vec<_> = words(&['o', 'O', ':'], 2).iter().map(|tail| format!(":{tail}")).collect();
    let services = words(&['o', 'O', 'z'], 2);
    let headed = |head: &str| {
        let with_service = services.iter().map(|service| format!("{head}{service}")).collect::<Vec<_>>();
        let with_tail = with_service.iter().flat_map(|head| tails.iter().map(move |tail| format!("{head}{tail}")));
        with_tail.chain(with_service.clone()).collect::<Vec<_>>()
    };
    heads.iter().flat_map(|head| headed(head)).collect()
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Two ways to the same answer, one by marks and one by search, and the texts themselves.
    #[test]
    fn coverage_by_marks_is_coverage_by_search(
        wide in ARN_PATTERN,
        narrow in ARN_PATTERN,
        case in prop::sample::select(vec![Case::Exact, Case::Ignore, Case::Arn]),
    ) {
        let (wide, narrow) = (Pattern::new(&wide, case), Pattern::new(&narrow, case));
        match searched(&narrow, &[&wide]) {
            Coverage::Covered => {
                prop_assert!(wide.covers(&narrow));
                for text in ARN_TEXTS.iter() {
                    prop_assert!(wide.matches(text) || !narrow.matches(text), "{}", text);
                }
            }
            Coverage::Uncovered(text) => {
                prop_assert!(!wide.covers(&narrow));
                prop_assert!(narrow.matches(&text) && !wide.matches(&text), "{}", text);
            }
            Coverage::Unknown => prop_assert!(false, "the bound was met"),
        }
    }

    /// A pattern reaches a template where there is an ARN that both have, in every case rule.
    #[test]
    fn a_pattern_reaches_a_template_where_it_meets_it(
        pattern in ARN_PATTERN,
        template in "(acs|ACS|\\{a\\})(:(oss|O|\\{b\\}|a\\{b\\}))?(:|\\{c\\}){0,3}[oO/a]{0,3}",
        case in prop::sample::select(vec![Case::Exact, Case::Ignore, Case::Arn]),
    ) {
        let (pattern, template) = (Pattern::new(&pattern, case), ArnTemplate::new(&template));
        prop_assert_eq!(pattern.reaches(&template), pattern.meets_template(&template).is_some());
    }

    /// The same where one pattern is nearly the other: some letters of the other case, and some wildcards for letters.
    #[test]
    fn a_pattern_that_is_nearly_another_covers_it_as_a_search_says(
        head in "(acs|ACS|aCs|[aA*?][cC*]?[sS?*]?|\\*acs|ac\\*s):?",
        rest in "[oO:*?]{0,5}",
        edits in prop::collection::vec((0_usize..12, 0_usize..6), 0..5),
    ) {
        let narrow: Vec<char> = head.chars().chain(rest.chars()).collect();
        let mut wide = narrow.clone();
        for (at, edit) in edits {
            let at = at % (wide.len() + 1);
            let Some(letter) = wide.get(at).copied() else { wide.push('*'); continue };
            match edit {
                0 | 1 if letter.is_ascii_lowercase() => wide[at] = letter.to_ascii_uppercase(),
                0 | 1 => wide[at] = letter.to_ascii_lowercase(),
                2 => wide[at] = '?',
                3 => wide[at] = '*',
                4 => wide.insert(at, '*'),
                _ => wide.insert(at, '?'),
            }
        }
        let [wide, narrow] = [wide, narrow].map(|text| Pattern::new(&text.into_iter().collect::<String>(), Case::Arn));
        match searched(&narrow, &[&wide]) {
            Coverage::Covered => prop_assert!(wide.covers(&narrow), "{} {}", wide.as_str(), narrow.as_str()),
            Coverage::Uncovered(text) => {
                prop_assert!(!wide.covers(&narrow), "{} {}", wide.as_str(), narrow.as_str());
                prop_assert!(narrow.matches(&text) && !wide.matches(&text), "{}", text);
            }
            Coverage::Unknown => prop_assert!(false, "the bound was met"),
        }
    }

    #[test]
    fn what_a_text_matches_meets(
        a in ARN_PATTERN,
        b in ARN_PATTERN,
        cases in prop::sample::select(vec![
            (Case::Exact, Case::Exact),
            (Case::Ignore, Case::Exact),
            (Case::Arn, Case::Arn),
            (Case::Arn, Case::Ignore),
        ]),
    ) {
        let (a, b) = (Pattern::new(&a, cases.0), Pattern::new(&b, cases.1));
        let witness = a.meets(&b);
        if let Some(text) = &witness {
            prop_assert!(a.matches(text) && b.matches(text), "{}", text);
        }
        if witness.is_none() {
            for text in ARN_TEXTS.iter() {
                prop_assert!(!(a.matches(text) && b.matches(text)), "{}", text);
            }
        }
        // What `b` covers without `a` is what they do not share.
        if witness.is_none() {
            prop_assert!(!a.covers(&b) && !b.covers(&a));
        }
    }

    #[test]
    fn a_wider_pattern_covers(pattern in "[ab中:*?]{0,12}", at in 0_usize..12, case in 0_usize..3) {
        let case = [Case::Exact, Case::Ignore, Case::Arn][case];
        let letters: Vec<char> = pattern.chars().collect();
        let (head, tail) = letters.split_at(at.min(letters.len()));
        let join = |head: &[char], middle: &str, tail: &[char]| {
            Pattern::new(&format!("{}{middle}{}", head.iter().collect::<String>(), tail.iter().collect::<String>()), case)
        };
        let narrow = Pattern::new(&pattern, case);
        prop_assert!(join(head, "*", tail).covers(&narrow));
        if let Some((_, after)) = tail.split_first() {
            prop_assert!(join(head, "*", after).covers(&narrow));
        }
    }
}

#[test]
fn letters_fold_in_the_head_of_an_arn_only() {
    let arn = |text| Pattern::new(text, Case::Arn);
    for (wide, narrow, expected) in [
        ("acs:oss:*", "ACS:Oss:*", true),
        ("acs:oss:*:B", "acs:oss:*:b", false),
        // `acs:oss` alone is no ARN, so its letters do not fold.
        ("acs:OSS*", "acs:oss*", false),
        ("acs:OSS*", "acs:oss:*", true),
        ("*:OSS:*", "acs:oss:cn-*", true),
        ("*:OSS:*", "*:oss:*", false),
        ("ACS:*", "acs:*:*", true),
        ("ACS:*", "acs:*", false),
        ("abc:o:x", "abc:O:x", false),
        ("acs-o:x:y", "acs-O:x:y", false),
        // The `?` may be the `:` that ends the head, and what comes after it does not fold.
        ("acs:?o:x", "acs:?O:x", false),
        ("acs:o?*", "ACS:o?:x", true),
        ("acs:o*b", "acs:o*B", false),
        ("acs:o:*:x", "acs:O:*:x", true),
        ("acs:o:x", "acs:O:x", true),
        // A text without a head has a letter more before the one that would fold.
        ("?????*o*x", "*acs:oO:x", true),
        ("????*o*x", "*acs:OO:x", false),
        ("???????*b*x", "*acs:o:bBx", false),
    ] {
        assert_eq!(arn(wide).covers(&arn(narrow)), expected, "{wide} {narrow}");
    }
    assert_eq!(arn("ACS:o*s:?").meets(&arn("acs:*:?")).as_deref(), Some("acs:os:x"));
    assert_eq!(arn("acs:oss").meets(&arn("acs:OSS")), None);
}

#[test]
fn a_union_leaves_out_a_text_by_each_letter_that_it_asks_for() {
    use Case::{Arn, Exact, Ignore};
    for (case, narrow, by, covered) in [
        (Exact, "?", &[(Exact, "x")][..], false),
        (Exact, "?*", &[(Exact, "x*"), (Exact, "y*")], false),
        (Exact, "?", &[(Exact, "x"), (Exact, "?")], true),
        // Of both cases each has to be in one of them.
        (Ignore, "a", &[(Exact, "a")], false),
        (Ignore, "a", &[(Exact, "a"), (Exact, "A")], true),
        (Exact, "A", &[(Ignore, "a")], true),
        (Arn, "acs:o:a", &[(Exact, "acs:o:a")], false),
        (Arn, "acs:o:*", &[(Ignore, "acs:o:*")], true),
    ] {
        let by: Vec<_> = by.iter().map(|(case, text)| Pattern::new(text, *case)).collect();
        let narrow = Pattern::new(narrow, case);
        match (narrow.covered_by(&by, COVERAGE_WORK), covered) {
            (Coverage::Covered, true) => {}
            (Coverage::Uncovered(text), false) => {
                assert!(narrow.matches(&text) && !by.iter().any(|by| by.matches(&text)), "{text}");
            }
            (found, _) => panic!("{}: {found:?}", narrow.as_str()),
        }
    }
}

#[test]
fn hostile_patterns_are_compared_in_the_product_of_their_lengths() {
    let stars =
        |piece: &str, count: usize, end: &str| Pattern::new(&format!("{}{end}", piece.repeat(count)), Case::Arn);
    let (a, b) = (stars("*a", 400, "b"), stars("*a", 399, "*c"));
    assert!(!a.covers(&b) && !b.covers(&a) && a.meets(&b).is_none());
    let (a, b) = (stars("*?a", 400, "*"), stars("?*a", 400, "*"));
    assert!(a.equals(&b) && a.meets(&b).is_some());
    assert!(!stars("A*", 400, "").covers(&stars("a*", 400, "")));
}

#[test]
fn a_union_that_takes_too_long_is_unknown() {
    let pattern = |text: &str| Pattern::new(text, Case::Exact);
    // By how many letters the first `a` is away from the next: of any text one of these says it.
    let mut union: Vec<_> = (0..6).map(|between| pattern(&format!("a{}a*", "?".repeat(between)))).collect();
    union.push(pattern("a??????*a*"));
    let narrow = pattern("a*a*");
    assert_eq!(narrow.covered_by(&union, 10), Coverage::Unknown);
    assert_eq!(narrow.covered_by(&union, COVERAGE_WORK), Coverage::Covered);
    union.remove(3);
    assert_eq!(narrow.covered_by(&union, COVERAGE_WORK), Coverage::Uncovered("axxxa".to_owned()));
}

#[test]
fn hostile_unions_end() {
    let pattern = |text: &str| Pattern::new(text, Case::Arn);
    let union: Vec<_> = (0..40).map(|more| pattern(&format!("*a{}b*", "?".repeat(more)))).collect();
    for narrow in ["*a".repeat(60), "*?a".repeat(30), format!("*a{}b", "?".repeat(41))] {
        if let Coverage::Uncovered(text) = pattern(&narrow).covered_by(&union, 100_000) {
            assert!(pattern(&narrow).matches(&text) && !union.iter().any(|wide| wide.matches(&text)), "{text}");
        }
    }
}

#[test]
fn a_template_meets_what_its_operation_can_name() {
    let template = ArnTemplate::new("acs:polardb:{#regionId}:{#accountId}:dbcluster/{#dbclusterId}");
    let arn = |text| Pattern::new(text, Case::Arn);
    for (pattern, meets, covers) in [
        ("*", true, true),
        ("ACS:PolarDB:*:*:dbcluster/*", true, true),
        ("acs:polardb:*:*:dbcluster/?*", true, true),
        ("acs:polardb:*:*:dbcluster/??*", true, false),
        ("acs:polardb:*:*:dbcluster/", false, false),
        ("acs:polardb:*:*:dbnode/*", false, false),
        ("acs:polardb:*:*:DBCluster/*", false, false),
        ("acs:polardb::*:dbcluster/*", false, false),
        ("acs:polardb:cn-beijing:123:dbcluster/pc-1", true, false),
        ("acs:polardb:cn beijing:*", false, false),
        ("acs:polardb:*:A1:*", false, false),
        ("acs:polardb:*:system:*", true, false),
        ("acs:polardb:*:dbcluster/pc-1", true, false),
        ("acs:polardb:dbcluster/pc-1", false, false),
        ("acs:polardb:*:*:dbcluster/pc-1/*", false, false),
        ("acs:*cluster/*:*", false, false),
    ] {
        let witness = arn(pattern).meets_template(&template);
        assert_eq!(witness.is_some(), meets, "{pattern}");
        assert_eq!(arn(pattern).reaches(&template), meets, "{pattern}");
        assert!(witness.is_none_or(|text| arn(pattern).matches(&text)), "{pattern}");
        match arn(pattern).covers_template(&template, COVERAGE_WORK) {
            Coverage::Covered => assert!(covers, "{pattern}"),
            Coverage::Uncovered(text) => assert!(!covers && !arn(pattern).matches(&text), "{pattern} {text}"),
            Coverage::Unknown => panic!("{pattern}"),
        }
    }
}

#[test]
fn a_hole_can_be_said_to_be_a_path() {
    let text = "acs:oss:{region}:{account}:{bucket}/{object}";
    let objects = Pattern::new("acs:oss:*:*:b/photos/?*", Case::Arn);
    assert_eq!(objects.meets_template(&ArnTemplate::new(text)), None);
    let template = ArnTemplate::with_holes(text, |name| (name == "object").then_some(Hole::Path));
    assert_eq!(objects.meets_template(&template).as_deref(), Some("acs:oss:x:x:b/photos/x"));
    assert_eq!(template.as_str(), text);
    // Braces that do not close are text, and so is `?`.
    assert!(Pattern::new("acs:a::1:{b?", Case::Exact).meets_template(&ArnTemplate::new("acs:a::1:{b?")).is_some());
    assert!(Pattern::new("acs:a::1:{bx", Case::Exact).meets_template(&ArnTemplate::new("acs:a::1:{b?")).is_none());
}
