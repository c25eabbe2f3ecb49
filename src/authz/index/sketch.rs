//! A few letters of a pattern, by which most resources are told from those it matches.

use super::literal::{Literal, Place};
use super::run::Run;

/// How many letters are kept.
const LETTERS: usize = 4;

/// A pattern as its length and a few of its letters, and the statements it stands for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sketch {
    letters: [u8; LETTERS],
    /// How many of the letters count.
    count: u8,
    /// Whether they end the resource; otherwise they stand before the place `length`.
    at_end: bool,
    /// How long the literal is.
    length: u16,
    run: Run,
}

impl Sketch {
    /// Of what is no beginning and no end nothing is kept.
    pub(super) fn new(literal: Option<&Literal>, run: Run) -> Self {
        let nothing = Self { letters: [0; LETTERS], count: 0, at_end: false, length: 0, run };
        let Some(Literal { place: place @ (Place::Head | Place::Tail), text }) = literal else { return nothing };
        let Ok(length) = u16::try_from(text.len()) else { return nothing };
        let count = text.len().min(LETTERS);
        let mut letters = [0; LETTERS];
        letters.iter_mut().zip(text.iter().skip(text.len() - count)).for_each(|(to, from)| *to = *from);
        Self { letters, count: u8::try_from(count).unwrap_or(0), at_end: *place == Place::Tail, length, run }
    }

    /// Whether a resource can match.
    pub(super) fn can_match(&self, text: &[u8]) -> bool {
        let length = usize::from(self.length);
        let end = if self.at_end { text.len() } else { length };
        let count = usize::from(self.count);
        text.len() >= length
            && text.get(end - count..end).is_some_and(|found| {
                found.iter().zip(self.letters).all(|(found, letter)| found.to_ascii_lowercase() == letter)
            })
    }

    pub(super) const fn run(&self) -> Run {
        self.run
    }
}
