//! A text that two languages have in common.

use std::collections::VecDeque;

use super::super::Case;
use super::texts::{Place, Texts};
use super::{Language, Symbol};

/// Whether the fixed beginnings or ends of two languages already say that no text is in both.
pub(super) fn apart(a: &Language, b: &Language) -> bool {
    fn differ<'s>(a: impl Iterator<Item = &'s Symbol>, b: impl Iterator<Item = &'s Symbol>) -> bool {
        let mut fixed = a.zip(b).map_while(|symbols| match symbols {
            (Symbol::Char(a), Symbol::Char(b)) => Some((a, b)),
            _ => None,
        });
        fixed.any(|(a, b)| !a.eq_ignore_ascii_case(b))
    }
    differ(a.symbols.iter(), b.symbols.iter()) || differ(a.symbols.iter().rev(), b.symbols.iter().rev())
}

/// Whether a text is in both.
pub(super) fn any(a: &Language, b: &Language) -> bool {
    found(a, b, Order::Deepest).next().is_some()
}

/// A shortest text that is in both.
pub(super) fn witness(a: &Language, b: &Language) -> Option<String> {
    found(a, b, Order::Shortest).min_by_key(|text| text.chars().count())
}

/// Of each part of the texts, one that is in both, if any is.
fn found(a: &Language, b: &Language, order: Order) -> impl Iterator<Item = String> {
    let parts = if apart(a, b) { &[] } else { Texts::parts([a.case, b.case]) };
    parts.iter().filter_map(move |texts| Search { a, b, texts: *texts }.run(order))
}

/// Which texts a search goes on with first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// The shortest, so that what is found first is a shortest.
    Shortest,
    /// That which was read last, so that what is found is found soon.
    Deepest,
}

/// What a part of the texts has in both, by going through both and the text at once.
struct Search<'a> {
    a: &'a Language,
    b: &'a Language,
    texts: Texts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Node {
    in_a: usize,
    in_b: usize,
    place: Place,
}

/// How a node was first reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Start,
    /// A `*` of the first was left behind.
    SkipA,
    /// A `*` of the second was left behind.
    SkipB,
    /// The letter of this number was read in this place, which left a symbol behind or not.
    Read {
        place: Place,
        letter: usize,
        left_a: bool,
        left_b: bool,
    },
}

impl Step {
    /// In one byte, for there may be many; never 0.
    fn packed(self) -> u8 {
        let packed = match self {
            Self::Start => 1,
            Self::SkipA => 2,
            Self::SkipB => 3,
            Self::Read { place, letter, left_a, left_b } => {
                place.number() * 16 + 4 + letter * 4 + usize::from(left_a) * 2 + usize::from(left_b)
            }
        };
        u8::try_from(packed).unwrap_or_default()
    }

    fn unpacked(packed: u8) -> Option<Self> {
        Some(match packed {
            1 => Self::Start,
            2 => Self::SkipA,
            3 => Self::SkipB,
            _ => {
                let read = (packed % 16).checked_sub(4)?;
                let place = *Place::ALL.get(usize::from(packed / 16))?;
                Self::Read { place, letter: usize::from(read / 4), left_a: read & 2 != 0, left_b: read & 1 != 0 }
            }
        })
    }
}

impl Search<'_> {
    fn run(&self, order: Order) -> Option<String> {
        let mut steps = vec![0_u8; (self.a.len() + 1) * (self.b.len() + 1) * Place::ALL.len()];
        let start = Node { in_a: 0, in_b: 0, place: self.texts.start() };
        // What can be left behind costs no letter and goes first.
        let mut queue = VecDeque::from([(start, Step::Start)]);
        let next = |queue: &mut VecDeque<_>| match order {
            Order::Shortest => queue.pop_front(),
            Order::Deepest => queue.pop_back(),
        };
        while let Some((node, step)) = next(&mut queue) {
            let known = steps.get_mut(self.number(node)).filter(|known| **known == 0);
            let Some(known) = known else { continue };
            *known = step.packed();
            let symbols = (self.a.symbols.get(node.in_a), self.b.symbols.get(node.in_b));
            if symbols == (None, None) && self.texts.ends(node.place) {
                return self.text(node, &steps);
            }
            if let Some(Symbol::Run(_)) = symbols.0 {
                queue.push_front((Node { in_a: node.in_a + 1, ..node }, Step::SkipA));
            }
            if let Some(Symbol::Run(_)) = symbols.1 {
                queue.push_front((Node { in_b: node.in_b + 1, ..node }, Step::SkipB));
            }
            let (Some(a), Some(b)) = symbols else { continue };
            let folds = |case: Case| self.texts.folds(node.place, case);
            let (left_a, left_b) = (!a.is_run(), !b.is_run());
            for (number, letter) in letters(*a, *b, node.place).into_iter().enumerate() {
                let next = letter.and_then(|letter| {
                    let both = a.takes(letter, folds(self.a.case)) && b.takes(letter, folds(self.b.case));
                    self.texts.after(node.place, letter).filter(|_| both)
                });
                if let Some(place) = next {
                    let (in_a, in_b) = (node.in_a + usize::from(left_a), node.in_b + usize::from(left_b));
                    let step = Step::Read { place: node.place, letter: number, left_a, left_b };
                    queue.push_back((Node { in_a, in_b, place }, step));
                }
            }
        }
        None
    }

    fn number(&self, node: Node) -> usize {
        (node.in_a * (self.b.len() + 1) + node.in_b) * Place::ALL.len() + node.place.number()
    }

    /// The letters on the way to `node`.
    fn text(&self, mut node: Node, steps: &[u8]) -> Option<String> {
        let mut text = Vec::new();
        loop {
            match Step::unpacked(*steps.get(self.number(node))?)? {
                Step::Start => return Some(text.into_iter().rev().collect()),
                Step::SkipA => node.in_a = node.in_a.checked_sub(1)?,
                Step::SkipB => node.in_b = node.in_b.checked_sub(1)?,
                Step::Read { place, letter, left_a, left_b } => {
                    node.in_a = node.in_a.checked_sub(usize::from(left_a))?;
                    node.in_b = node.in_b.checked_sub(usize::from(left_b))?;
                    node.place = place;
                    let (a, b) = (self.a.symbols.get(node.in_a)?, self.b.symbols.get(node.in_b)?);
                    text.push((*letters(*a, *b, place).get(letter)?)?);
                }
            }
        }
    }
}

/// The letters that can lead on from two symbols. Where both are wildcards: one that is in every class, and what
/// makes a difference in this place.
fn letters(a: Symbol, b: Symbol, place: Place) -> [Option<char>; 3] {
    match (a, b) {
        (Symbol::Char(letter), _) | (_, Symbol::Char(letter)) => {
            [Some(letter.to_ascii_lowercase()), Some(letter), Some(letter.to_ascii_uppercase())]
        }
        _ => [Some('x'), place.expects(), None],
    }
}
