//! Whether one pattern matches all that another matches.
//!
//! The other pattern is made into one text that stands for all of its texts: each `?` a letter that occurs nowhere else,
//! each `*` a mark. A pattern covers it if it matches this text, where a `?` by itself takes no mark, and a run of
//! wildcards with a `*` takes any part of the text that has at least as many letters as the run has `?`.
//!
//! That is enough, plainly. It is also needed. Say the pattern matches the text for every filling of the marks. Fill one
//! mark with nothing, and with more of the strange letter than the pattern has symbols, the others alike. In the second
//! match some run with a `*` lies over the whole filling. If that run would have too few letters without the filling, then
//! in the first match it lies further left or further right, by at least one of its ends. What stands before that end in
//! the first match does not reach the mark, and what stands after the run in the second does not either: put together
//! they are a match in which the run has enough letters and the mark lies within it. So each mark in turn can be left
//! unfilled.

use super::super::{Case, Pattern};
use super::texts::PREFIX;
use super::{Language, Symbol};

/// Whether `wide` covers `narrow`, both of one case.
pub(super) fn covers(wide: &Pattern, narrow: &Pattern) -> bool {
    let (cover, covered) = (Cover::of(wide), Language::of(narrow).symbols);
    let whole = |folded| cover.matches(&covered.iter().map(|symbol| Mark::of(*symbol, folded)).collect::<Vec<_>>());
    match wide.case {
        Case::Exact => whole(false),
        Case::Ignore => whole(true),
        // Letter by letter it is so wherever the texts fold, and without any case it is the most that can be. Between
        // the two it depends on which texts there are.
        Case::Arn => {
            let mut splits = Splits { cover: &cover, built: Vec::new() };
            whole(false) || (whole(true) && splits.headless(&covered, &PREFIX) && splits.headed(&covered, &PREFIX))
        }
    }
}

/// One place of the text that stands for a pattern's texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// This letter, of any case where it is folded.
    Letter { letter: char, folded: bool },
    /// A letter that occurs nowhere else.
    Strange,
    /// What stands for a `*`.
    Star,
}

impl Mark {
    fn of(symbol: Symbol, folded: bool) -> Self {
        match symbol {
            Symbol::Char(letter) => Self::Letter { letter, folded },
            Symbol::One(_) => Self::Strange,
            Symbol::Run(_) => Self::Star,
        }
    }
}

/// The pattern that is to cover: pieces without `*`, between them runs of wildcards with a `*`.
struct Cover {
    first: Vec<Symbol>,
    /// How many letters the run before a piece takes at least, and the piece.
    rest: Vec<(usize, Vec<Symbol>)>,
}

impl Cover {
    fn of(pattern: &Pattern) -> Self {
        let mut pieces = vec![(0, Vec::new())];
        for symbol in Language::of(pattern).symbols {
            let Some((_, piece)) = pieces.last_mut() else { continue };
            if let Symbol::Run(_) = symbol {
                let letters = piece.iter().rev().take_while(|symbol| matches!(symbol, Symbol::One(_))).count();
                piece.truncate(piece.len().saturating_sub(letters));
                pieces.push((letters, Vec::new()));
            } else {
                piece.push(symbol);
            }
        }
        let (_, first) = pieces.remove(0);
        Self { first, rest: pieces }
    }

    /// Whether it matches; each piece is put as far left as it goes, so nothing is tried twice.
    fn matches(&self, text: &[Mark]) -> bool {
        let Some(((last_letters, last), between)) = self.rest.split_last() else {
            return self.first.len() == text.len() && fits(&self.first, text);
        };
        if !fits(&self.first, text) {
            return false;
        }
        let mut left = text.get(self.first.len()..).unwrap_or_default();
        for (letters, piece) in between {
            let Some(from) = without_letters(left, *letters) else { return false };
            let Some(at) = (0..=from.len()).find(|at| from.get(*at..).is_some_and(|from| fits(piece, from))) else {
                return false;
            };
            left = from.get(at + piece.len()..).unwrap_or_default();
        }
        let Some(left) = without_letters(left, *last_letters) else { return false };
        left.len().checked_sub(last.len()).and_then(|at| left.get(at..)).is_some_and(|end| fits(last, end))
    }
}

/// Whether `text` begins with what the piece matches.
fn fits(piece: &[Symbol], text: &[Mark]) -> bool {
    text.len() >= piece.len()
        && piece.iter().zip(text).all(|(symbol, mark)| match (*symbol, *mark) {
            (_, Mark::Star) | (Symbol::Char(_), Mark::Strange) | (Symbol::Run(_), _) => false,
            (Symbol::One(_), _) => true,
            (symbol, Mark::Letter { letter, folded }) => symbol.takes(letter, folded),
        })
}

/// The text after so many letters; what stands for a `*` may be empty and is none.
fn without_letters(text: &[Mark], letters: usize) -> Option<&[Mark]> {
    let mut ends = text.iter().enumerate().filter(|(_, mark)| **mark != Mark::Star).map(|(at, _)| at + 1);
    match letters.checked_sub(1) {
        None => Some(text),
        Some(before) => ends.nth(before).and_then(|end| text.get(end..)),
    }
}

/// The ways in which the texts of a pattern can have the head of an ARN, or not have it, each a text with marks of its own.
/// The pattern is one whose text is not covered letter by letter.
struct Splits<'a> {
    cover: &'a Cover,
    built: Vec<Mark>,
}

impl Splits<'_> {
    /// Whether every text without a head is covered that begins as built and goes on with `symbols`, where `left` of `acs:`
    /// would make a head of it.
    fn headless(&mut self, symbols: &[Symbol], left: &[char]) -> bool {
        // Where there is no further `:`, no text that stands for those of the pattern has a head; one is not covered.
        let Some((wanted, further)) = left.split_first() else { return symbols.contains(&Symbol::Char(':')) };
        match symbols.split_first() {
            None => false,
            Some((Symbol::Char(letter), after)) if letter.eq_ignore_ascii_case(wanted) => {
                self.with(Mark::Letter { letter: *letter, folded: false }, |splits| splits.headless(after, further))
            }
            Some((Symbol::Run(_), after)) => {
                self.headless(after, left) && self.with(Mark::Strange, |splits| splits.exactly(symbols))
            }
            // What covers a strange letter covers those of `acs:` as well.
            Some((Symbol::Char(_) | Symbol::One(_), _)) => self.exactly(symbols),
        }
    }

    /// Whether every text with a head is covered that begins as built and goes on with `left` of `acs:`, as `symbols` do.
    fn headed(&mut self, symbols: &[Symbol], left: &[char]) -> bool {
        let Some((wanted, further)) = left.split_first() else { return self.service(symbols) };
        let Some((symbol, after)) = symbols.split_first() else { return true };
        let mark = Mark::Letter { letter: *wanted, folded: true };
        match symbol {
            Symbol::Run(_) => self.headed(after, left) && self.with(mark, |splits| splits.headed(symbols, further)),
            _ => !symbol.takes(*wanted, true) || self.with(mark, |splits| splits.headed(after, further)),
        }
    }

    /// The same after `acs:`.
    fn service(&mut self, symbols: &[Symbol]) -> bool {
        let length = self.built.len();
        let covered = self.service_from(symbols);
        self.built.truncate(length);
        covered
    }

    fn service_from(&mut self, symbols: &[Symbol]) -> bool {
        let colon = Mark::Letter { letter: ':', folded: true };
        let mut left = symbols;
        while let Some((symbol, after)) = left.split_first() {
            let covered = match symbol {
                Symbol::Char(':') => return self.with(colon, |splits| splits.exactly(after)),
                Symbol::Char(_) => true,
                Symbol::One(_) => self.with(colon, |splits| splits.exactly(after)),
                // The `*` has some of the service code, the `:`, and may have more.
                Symbol::Run(_) => self.with(Mark::Star, |splits| splits.with(colon, |splits| splits.exactly(left))),
            };
            if !covered {
                return false;
            }
            self.built.push(Mark::of(*symbol, true));
            left = after;
        }
        true
    }

    /// Whether all is covered that begins as built and goes on with `symbols`, whose case counts.
    fn exactly(&mut self, symbols: &[Symbol]) -> bool {
        let length = self.built.len();
        self.built.extend(symbols.iter().map(|symbol| Mark::of(*symbol, false)));
        let covered = self.cover.matches(&self.built);
        self.built.truncate(length);
        covered
    }

    /// With one more mark.
    fn with(&mut self, mark: Mark, covered: impl FnOnce(&mut Self) -> bool) -> bool {
        self.built.push(mark);
        let covered = covered(self);
        self.built.pop();
        covered
    }
}
