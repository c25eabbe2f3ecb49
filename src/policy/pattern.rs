//! RAM's two wildcards: `*` is any text, `?` is one Unicode scalar; nothing else is special.
//!
//! A pattern covers the whole text, and `*` crosses `:` and `/` (spec ram-policy-language 2, 3, 4.3).
//!
//! Neither globset nor regex does the matching. What the tests beside this file found over all 87,067,561 pairs of
//! a pattern and a text up to length 5 of the alphabet `a . / 中 * ?`:
//!
//! - globset, its path rules as far off as they go, is wrong about 167,322 pairs, because its `?` is one byte and so
//!   no `中`. Its `GlobSet` is wrong about 171,331: it reads `*.` and `.*.` as the extensions of file names, and
//!   misses `a/..` and `..`. Outside this alphabet it also gives `[`, `{` and `\` a meaning.
//! - A regex of the pattern, `.*` for `*`, `.` for `?` and the rest escaped, is right about all of them. It cannot
//!   say [`Case::Arn`], where a letter's case matters or not by its place in the text, whatever part of the pattern
//!   comes to stand there; and one matcher for all three cases is less to trust than two.
//!
//! The matcher here is right about all of them too.

mod algebra;

use std::iter::successors;

pub use algebra::{ArnTemplate, COVERAGE_WORK, Coverage, Hole};

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
    /// One `*`, within: a text that begins with the `head` bytes before it and ends, after those, with what comes
    /// after it.
    Around { head: usize },
    /// Anything else: what ends with the `tail` bytes after the last wildcard, then piece by piece, going back to the
    /// last `*` only. Patterns of ARNs differ most often at their ends, and by far most of them do not match.
    General { tail: usize },
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
            _ => match text.split_once('*') {
                Some((head, tail)) if !wild(head) && !wild(tail) => Strategy::Around { head: head.len() },
                _ => Strategy::General { tail: text.rsplit(['*', '?']).next().map_or(0, str::len) },
            },
        };
        Self { text: text.into(), strategy, case }
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Which letters compare without case.
    #[must_use]
    pub fn case(&self) -> Case {
        self.case
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
        // What matches is nearly always written in the same letters: then their case need not be thought of.
        if self.matches_exactly(pattern, text.as_bytes()) {
            return true;
        }
        if self.case == Case::Exact && !matches!(self.strategy, Strategy::Contains | Strategy::General { .. }) {
            return false;
        }
        let subject = Subject { bytes: text.as_bytes(), folded: folded(text, self.case) };
        match (self.strategy, pattern) {
            (Strategy::Literal, _) => pattern.len() == text.len() && subject.has(0, pattern),
            (Strategy::Prefix, [literal @ .., _]) => subject.has(0, literal),
            (Strategy::Suffix, [_, literal @ ..]) => {
                text.len().checked_sub(literal.len()).is_some_and(|at| subject.has(at, literal))
            }
            (Strategy::Contains, [_, literal @ .., _]) => {
                let mut places = successors(subject.candidate(literal, 0), |at| subject.candidate(literal, at + 1));
                places.any(|at| subject.has(at, literal))
            }
            (Strategy::Around { head }, _) => {
                let tail = pattern.len().saturating_sub(head + 1);
                text.len() >= head + tail && subject.starts_with(pattern, head) && subject.ends_with(pattern, tail)
            }
            (Strategy::General { tail }, _) if !subject.ends_with(pattern, tail) => false,
            _ => general(pattern, &subject),
        }
    }

    /// Whether `text` matches in the very letters of the pattern; of what is told only piece by piece, never.
    #[inline]
    fn matches_exactly(&self, pattern: &[u8], text: &[u8]) -> bool {
        match (self.strategy, pattern) {
            (Strategy::Any, _) => true,
            (Strategy::Literal, _) => pattern == text,
            (Strategy::Prefix, [literal @ .., _]) => text.starts_with(literal),
            (Strategy::Suffix, [_, literal @ ..]) => text.ends_with(literal),
            (Strategy::Around { head }, _) => pattern.split_at_checked(head).is_some_and(|(head, tail)| {
                let tail = tail.get(1..).unwrap_or_default();
                text.len() >= head.len() + tail.len() && text.starts_with(head) && text.ends_with(tail)
            }),
            (Strategy::Prefix | Strategy::Suffix | Strategy::Contains | Strategy::General { .. }, _) => false,
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

    /// The first place of `from` and later from which the text may match `pattern`: one where its first letter stands, in
    /// whichever case.
    fn candidate(&self, pattern: &[u8], from: usize) -> Option<usize> {
        let Some(letter) = pattern.first().filter(|letter| !matches!(letter, b'*' | b'?')) else { return Some(from) };
        let rest = self.bytes.get(from..)?;
        memchr::memchr2(letter.to_ascii_lowercase(), letter.to_ascii_uppercase(), rest).map(|found| from + found)
    }

    /// The place after the scalar at `at`, if there is one.
    fn after_scalar(&self, at: usize) -> Option<usize> {
        let rest = self.bytes.get(at..).and_then(<[u8]>::split_first)?.1;
        let continued = rest.iter().take_while(|byte| matches!(byte, 0x80..=0xBF)).count();
        Some(at + 1 + continued)
    }

    /// Whether the text begins with the first `head` bytes of `pattern`.
    fn starts_with(&self, pattern: &[u8], head: usize) -> bool {
        pattern.get(..head).is_some_and(|literal| self.has(0, literal))
    }

    /// Whether the text ends with the last `tail` bytes of `pattern`.
    fn ends_with(&self, pattern: &[u8], tail: usize) -> bool {
        let literal = pattern.len().checked_sub(tail).and_then(|at| pattern.get(at..));
        let at = self.bytes.len().checked_sub(tail);
        literal.zip(at).is_some_and(|(literal, at)| self.has(at, literal))
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

/// Greedy matching, a piece without wildcards at a time, that goes back to the last `*` only: what an earlier `*` could
/// take, the last one can too.
fn general(mut pattern: &[u8], subject: &Subject<'_>) -> bool {
    let mut at = 0;
    // Where to go on when a piece fails: after the last `*`, and from the place in the text that was tried last.
    let mut retry: Option<(&[u8], usize)> = None;
    loop {
        let matched = match pattern {
            [] if at == subject.bytes.len() => return true,
            [] => None,
            [b'*'] => return true,
            [b'*', after @ ..] => {
                let Some(from) = subject.candidate(after, at) else { return false };
                retry = Some((after, from));
                Some((after, from))
            }
            [b'?', after @ ..] => match subject.after_scalar(at) {
                Some(next) => Some((after, next)),
                // More text is needed than there is, and from any later place too.
                None => return false,
            },
            _ => {
                let length = memchr::memchr2(b'*', b'?', pattern).unwrap_or(pattern.len());
                let Some((literal, after)) = pattern.split_at_checked(length) else { return false };
                if subject.bytes.len() - at < length {
                    return false;
                }
                subject.has(at, literal).then_some((after, at + length))
            }
        };
        (pattern, at) = match (matched, retry) {
            (Some(next), _) => next,
            (None, Some((after, from))) => {
                let Some(from) = subject.after_scalar(from).and_then(|from| subject.candidate(after, from)) else {
                    return false;
                };
                retry = Some((after, from));
                (after, from)
            }
            (None, None) => return false,
        };
    }
}

#[cfg(test)]
mod tests;
