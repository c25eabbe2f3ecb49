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
use super::texts::{Place, Texts};
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
            whole(false)
                || (whole(true)
                    && [Texts::Headed, Texts::Headless].into_iter().all(|texts| {
                        let mut splits = Splits { texts, cover: &cover, built: Vec::new() };
                        splits.covered(&covered, texts.start())
                    }))
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

/// The ways in which a pattern's texts can have the head of an ARN, or not have it, each a text with marks of its own.
struct Splits<'a> {
    texts: Texts,
    cover: &'a Cover,
    built: Vec<Mark>,
}

impl Splits<'_> {
    /// Whether every text of this part that begins as built and goes on with `symbols` is covered.
    fn covered(&mut self, symbols: &[Symbol], place: Place) -> bool {
        match place {
            Place::Prefix(_) => self.prefix(symbols, place),
            Place::Service => self.service(symbols),
            Place::Anywhere | Place::Rest | Place::Free => {
                let length = self.built.len();
                self.built.extend(symbols.iter().map(|symbol| Mark::of(*symbol, false)));
                let covered = self.cover.matches(&self.built);
                self.built.truncate(length);
                covered
            }
        }
    }

    fn headed(&self) -> bool {
        self.texts == Texts::Headed
    }

    /// With one more mark, and at the place to which it leads.
    fn with(&mut self, mark: Mark, symbols: &[Symbol], place: Place) -> bool {
        self.built.push(mark);
        let covered = self.covered(symbols, place);
        self.built.pop();
        covered
    }

    fn prefix(&mut self, symbols: &[Symbol], place: Place) -> bool {
        let (texts, folded) = (self.texts, self.headed());
        let Some((symbol, after)) = symbols.split_first() else {
            return !texts.ends(place) || self.cover.matches(&self.built);
        };
        // Where a wildcard stands for a letter of `acs:`: in either case, if that makes a difference.
        let expected = place.expects().unwrap_or(':');
        let cases = [expected, expected.to_ascii_uppercase()];
        let cases = if folded || expected == ':' { cases.get(..1) } else { cases.get(..) }.unwrap_or_default();
        let wildcard = |splits: &mut Self, then: &[Symbol]| {
            let as_expected = cases.iter().all(|letter| {
                texts
                    .after(place, *letter)
                    .is_none_or(|next| splits.with(Mark::Letter { letter: *letter, folded }, then, next))
            });
            as_expected && (folded || splits.with(Mark::Strange, then, Place::Free))
        };
        match *symbol {
            Symbol::Char(letter) => {
                let next = texts.after(place, letter);
                next.is_none_or(|next| self.with(Mark::Letter { letter, folded }, after, next))
            }
            Symbol::One(_) => wildcard(self, after),
            Symbol::Run(_) => self.covered(after, place) && wildcard(self, symbols),
        }
    }

    fn service(&mut self, symbols: &[Symbol]) -> bool {
        let length = self.built.len();
        let covered = self.service_from(symbols);
        self.built.truncate(length);
        covered
    }

    fn service_from(&mut self, symbols: &[Symbol]) -> bool {
        let folded = self.headed();
        let colon = Mark::Letter { letter: ':', folded };
        for (at, symbol) in symbols.iter().enumerate() {
            let from = symbols.get(at..).unwrap_or_default();
            let after = symbols.get(at + 1..).unwrap_or_default();
            let covered = match *symbol {
                Symbol::Char(':') => return !folded || self.with(colon, after, Place::Rest),
                Symbol::Char(_) => true,
                Symbol::One(_) => !folded || self.with(colon, after, Place::Rest),
                // The `*` has some of the service code, the `:`, and may have more.
                Symbol::Run(_) => {
                    self.built.push(Mark::Star);
                    let covered = !folded || self.with(colon, from, Place::Rest);
                    self.built.pop();
                    covered
                }
            };
            if !covered {
                return false;
            }
            self.built.push(Mark::of(*symbol, folded));
        }
        folded || self.cover.matches(&self.built)
    }
}
