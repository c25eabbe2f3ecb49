//! RAM's two wildcards: `*` is any text, `?` is one Unicode scalar; nothing else is special.
//!
//! A pattern covers the whole text, and `*` crosses `:` and `/` (spec ram-policy-language 2, 3, 4.3).
//!
//! Why neither globset nor regex does the matching. Over all patterns and texts up to length 5 of the
//! alphabet `a . / 中 * ?`, globset with its path rules off still differs: it matches paths, so it reads
//! `a/..` as having the file name `..` and its suffix strategy for `*.` misses it, and its `?` is one byte of
//! `中`. It also gives `[`, `{` and `\` a meaning. A regex with every other character escaped and `(?s)` set
//! agrees on all of them; it costs a compilation of some microseconds and kilobytes a pattern, and the matcher
//! below needs neither.

/// Which letters of a text match a pattern's letters of the other case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Case {
    /// None: condition values (spec ram-policy-language 4.3).
    Exact,
    /// All ASCII letters: actions (spec ram-policy-language 2).
    Ignore,
    /// In a text that begins with `acs:`, the ASCII letters before its second `:` (the `acs` and the service
    /// code); everything else is exact (spec ram-policy-language 2.1, 11). It is the place in the text that
    /// counts, wherever a `*` of the pattern ends: `ACS:*`, `*:POLARDB:*` and `*` reach
    /// `acs:polardb:cn-beijing:1:dbcluster/pc-1`, and `*:DBCLUSTER/pc-1` does not.
    Arn,
}

/// How a pattern is matched, chosen once when it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Strategy {
    /// `*`: every text.
    Any,
    /// No wildcard: a text that is the pattern.
    Literal,
    /// One `*`, at the end: a text that begins with what comes before it.
    Prefix,
    /// One `*`, at the start: a text that ends with what comes after it.
    Suffix,
    /// A `*` at both ends and nothing else special: a text that holds what is between.
    Contains,
    /// Anything else: piece by piece, going back to the last `*` only.
    General,
}

/// A compiled pattern.
///
/// Matching takes at most the length of the pattern times the length of the text, and no memory.
///
/// ```
/// use ramgate::policy::{Case, Pattern};
///
/// let pattern = Pattern::new("acs:polardb:*:*:dbcluster/pc-?", Case::Arn);
/// assert!(pattern.matches("ACS:PolarDB:cn-beijing:1234567890123456:dbcluster/pc-中"));
/// assert!(!pattern.matches("acs:polardb:cn-beijing:1234567890123456:dbcluster/pc-10"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pattern {
    text: Box<str>,
    strategy: Strategy,
    case: Case,
}

impl Pattern {
    /// Compiles `text`; every text is a pattern.
    #[must_use]
    pub fn new(text: &str, case: Case) -> Self {
        let wild = |part: &str| part.contains(['*', '?']);
        let strategy = match (text.strip_prefix('*'), text.strip_suffix('*')) {
            _ if !wild(text) => Strategy::Literal,
            _ if text == "*" => Strategy::Any,
            (_, Some(head)) if !wild(head) => Strategy::Prefix,
            (Some(tail), _) if !wild(tail) => Strategy::Suffix,
            (Some(tail), Some(_)) if tail.strip_suffix('*').is_some_and(|middle| !wild(middle)) => Strategy::Contains,
            _ => Strategy::General,
        };
        Self { text: text.into(), strategy, case }
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it has a wildcard.
    #[must_use]
    pub fn is_wild(&self) -> bool {
        self.strategy != Strategy::Literal
    }

    /// Whether the whole of `text` matches.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let pattern = self.text.as_bytes();
        let subject = Subject { bytes: text.as_bytes(), folded: folded(text, self.case) };
        let tail = pattern.get(1..).unwrap_or_default();
        match self.strategy {
            Strategy::Any => true,
            Strategy::Literal => pattern.len() == text.len() && subject.has(0, pattern),
            Strategy::Prefix => subject.has(0, pattern.strip_suffix(b"*").unwrap_or(pattern)),
            Strategy::Suffix => text.len().checked_sub(tail.len()).is_some_and(|at| subject.has(at, tail)),
            Strategy::Contains => {
                let middle = tail.strip_suffix(b"*").unwrap_or(tail);
                let last = text.len().checked_sub(middle.len());
                last.is_some_and(|last| (0..=last).any(|at| subject.has(at, middle)))
            }
            Strategy::General => general(pattern, &subject),
        }
    }
}

/// A text, of which the first `folded` bytes compare without regard to ASCII case.
struct Subject<'a> {
    bytes: &'a [u8],
    folded: usize,
}

impl Subject<'_> {
    fn has(&self, at: usize, literal: &[u8]) -> bool {
        let Some(part) = self.bytes.get(at..).and_then(|rest| rest.get(..literal.len())) else { return false };
        let folded = self.folded.saturating_sub(at).min(literal.len());
        match (part.split_at_checked(folded), literal.split_at_checked(folded)) {
            (Some((part_folded, part)), Some((literal_folded, literal))) => {
                part == literal && part_folded.eq_ignore_ascii_case(literal_folded)
            }
            _ => false,
        }
    }

    fn has_byte(&self, at: usize, byte: u8) -> bool {
        self.bytes.get(at).is_some_and(
            |own| {
                if at < self.folded { own.eq_ignore_ascii_case(&byte) } else { *own == byte }
            },
        )
    }

    /// The place after the scalar at `at`.
    fn after_scalar(&self, at: usize) -> usize {
        let rest = self.bytes.get(at + 1..).unwrap_or_default();
        at + 1 + rest.iter().take_while(|byte| **byte & 0xC0 == 0x80).count()
    }
}

/// How many bytes of `text` compare without regard to case.
fn folded(text: &str, case: Case) -> usize {
    match case {
        Case::Exact => 0,
        Case::Ignore => text.len(),
        Case::Arn => match text.as_bytes() {
            [a, c, s, b':', service @ ..] if [*a, *c, *s].eq_ignore_ascii_case(b"acs") => {
                service.iter().position(|byte| *byte == b':').map_or(0, |length| 4 + length)
            }
            _ => 0,
        },
    }
}

/// Greedy matching that goes back to the last `*` only: what an earlier `*` could take, the last one can too.
fn general(pattern: &[u8], subject: &Subject<'_>) -> bool {
    let (mut in_pattern, mut in_text) = (0, 0);
    // Where to go on when a piece fails: after the last `*`, and one scalar further in the text.
    let mut retry: Option<(usize, usize)> = None;
    while in_text < subject.bytes.len() {
        match pattern.get(in_pattern) {
            Some(b'*') => {
                in_pattern += 1;
                retry = Some((in_pattern, in_text));
                continue;
            }
            Some(b'?') => {
                in_pattern += 1;
                in_text = subject.after_scalar(in_text);
                continue;
            }
            Some(byte) if subject.has_byte(in_text, *byte) => {
                in_pattern += 1;
                in_text += 1;
                continue;
            }
            _ => {}
        }
        let Some((after_star, from)) = retry else { return false };
        let next = subject.after_scalar(from);
        retry = Some((after_star, next));
        (in_pattern, in_text) = (after_star, next);
    }
    pattern.get(in_pattern..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALPHABET: [char; 6] = ['a', '.', '/', '中', '*', '?'];

    /// Every text over the alphabet up to `longest` scalars.
    fn words(longest: usize) -> Vec<String> {
        let mut words = vec![String::new()];
        let mut from = 0;
        for _ in 0..longest {
            let to = words.len();
            for index in from..to {
                for letter in ALPHABET {
                    words.push(format!("{}{letter}", words[index]));
                }
            }
            from = to;
        }
        words
    }

    /// The definition itself: which prefixes of the pattern match the text so far, one bit each.
    struct Oracle {
        pattern: Vec<char>,
    }

    impl Oracle {
        fn start(&self) -> u8 {
            self.skip_stars(1)
        }

        fn skip_stars(&self, mut states: u8) -> u8 {
            for (at, letter) in self.pattern.iter().enumerate() {
                if *letter == '*' && states & (1 << at) != 0 {
                    states |= 1 << (at + 1);
                }
            }
            states
        }

        fn step(&self, states: u8, scalar: char) -> u8 {
            let mut next = 0;
            for (at, letter) in self.pattern.iter().enumerate() {
                if states & (1 << at) != 0 {
                    next |= match letter {
                        '*' => 1 << at,
                        '?' => 1 << (at + 1),
                        letter if *letter == scalar => 1 << (at + 1),
                        _ => 0,
                    };
                }
            }
            self.skip_stars(next)
        }

        fn accepts(&self, states: u8) -> bool {
            states & (1 << self.pattern.len()) != 0
        }
    }

    /// Compares `pattern` with the oracle on every text below `text`, up to `left` scalars longer.
    fn compare(oracle: &Oracle, pattern: &Pattern, states: u8, text: &mut String, left: usize) {
        assert_eq!(pattern.matches(text), oracle.accepts(states), "pattern `{}`, text `{text}`", pattern.as_str());
        if left == 0 {
            return;
        }
        for letter in ALPHABET {
            text.push(letter);
            compare(oracle, pattern, oracle.step(states, letter), text, left - 1);
            text.pop();
        }
    }

    #[test]
    fn every_short_pattern_matches_every_short_text_as_defined() {
        let patterns = words(5);
        std::thread::scope(|scope| {
            for part in patterns.chunks(patterns.len() / 2 + 1) {
                scope.spawn(move || {
                    for text in part {
                        let oracle = Oracle { pattern: text.chars().collect() };
                        let pattern = Pattern::new(text, Case::Exact);
                        compare(&oracle, &pattern, oracle.start(), &mut String::new(), 5);
                    }
                });
            }
        });
    }

    #[test]
    fn a_regex_with_the_rest_escaped_means_the_same() {
        let texts = words(3);
        for text in &texts {
            let regex: String = text
                .chars()
                .map(|letter| match letter {
                    '*' => ".*".to_owned(),
                    '?' => ".".to_owned(),
                    other => regex::escape(&other.to_string()),
                })
                .collect();
            let regex = regex::Regex::new(&format!("(?s)^(?:{regex})$")).unwrap();
            let pattern = Pattern::new(text, Case::Exact);
            for subject in &texts {
                assert_eq!(regex.is_match(subject), pattern.matches(subject), "pattern `{text}`, text `{subject}`");
            }
        }
    }

    #[test]
    fn globset_means_something_else() {
        let glob = |pattern: &str| {
            globset::GlobBuilder::new(pattern).literal_separator(false).backslash_escape(false).build().unwrap()
        };
        let set = |pattern: &str| globset::GlobSetBuilder::new().add(glob(pattern)).build().unwrap();
        for (pattern, text, ram) in [("*.", "a/..", true), ("a?c", "a中c", true), ("[a]", "a", false)] {
            assert_eq!(Pattern::new(pattern, Case::Exact).matches(text), ram, "{pattern} {text}");
            assert_ne!(set(pattern).is_match(text), ram, "{pattern} {text}");
        }
    }

    #[test]
    fn actions_ignore_ascii_case_and_no_other() {
        for (pattern, text, expected) in [
            ("polardb:Close*", "POLARDB:closeDBClusterMigration", true),
            ("*:describe*", "rds:DescribeDBInstances", true),
            ("ecs:*securitygroup*", "ecs:AuthorizeSecurityGroup", true),
            ("ecs:É", "ecs:é", false),
            ("ecs:?top*e", "ecs:StopInstance", true),
        ] {
            assert_eq!(Pattern::new(pattern, Case::Ignore).matches(text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn an_arn_folds_acs_and_the_service_code_only() {
        let arn = "acs:polardb:cn-beijing:1:dbcluster/pc-A";
        for (pattern, expected) in [
            ("ACS:PolarDB:cn-beijing:1:dbcluster/pc-A", true),
            ("ACS:*", true),
            ("*:POLARDB:*", true),
            ("*", true),
            ("A*B:*", true),
            ("*pc-A", true),
            ("*pc-a", false),
            ("*:DBCLUSTER/pc-A", false),
            ("acs:polardb:CN-beijing:*", false),
            ("acs:POLAR??:*:1:dbcluster/pc-?", true),
        ] {
            assert_eq!(Pattern::new(pattern, Case::Arn).matches(arn), expected, "{pattern}");
        }
        assert!(!Pattern::new("FOO", Case::Arn).matches("foo"));
        assert!(Pattern::new("acs:oss:*", Case::Arn).matches("ACS:OSS:x:1:b"));
    }

    #[test]
    fn a_pattern_of_many_stars_is_no_trap() {
        let pattern = Pattern::new(&format!("{}b", "*a".repeat(500)), Case::Exact);
        assert!(!pattern.matches(&"a".repeat(5_000)));
    }
}
