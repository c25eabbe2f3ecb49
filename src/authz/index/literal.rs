//! The text by which a pattern of resources is found.

use std::collections::HashMap;

use crate::policy::Pattern;

/// Where in a resource the text must stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Place {
    /// At its beginning.
    Head,
    /// At its end.
    Tail,
    /// Somewhere; it begins with `:`, of which no resource has many.
    Part,
    /// Somewhere.
    Within,
}

/// A text in lower case that every resource which a pattern matches has at a place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Literal {
    pub(super) place: Place,
    pub(super) text: Box<[u8]>,
}

/// How many patterns have each literal.
#[derive(Debug, Default)]
pub(super) struct Census(HashMap<Literal, u32>);

/// From which length on a literal is told from most resources.
const LONG: usize = 8;

impl Census {
    pub(super) fn count(&mut self, pattern: &Pattern) {
        each(pattern, |literal| *self.0.entry(literal).or_default() += 1);
    }

    /// The literal of `pattern` that it shares with the fewest others; `None` where it has none.
    pub(super) fn rarest(&self, pattern: &Pattern) -> Option<Literal> {
        let mut best = None;
        each(pattern, |literal| {
            let sharing = self.0.get(&literal).copied().unwrap_or_default();
            let order = (sharing, literal.text.len() < LONG, literal.place, usize::MAX - literal.text.len());
            if best.as_ref().is_none_or(|(known, _)| order < *known) {
                best = Some((order, literal));
            }
        });
        best.map(|(_, literal)| literal)
    }
}

/// Every literal of a pattern with wildcards.
fn each(pattern: &Pattern, mut found: impl FnMut(Literal)) {
    let text = pattern.as_str().to_ascii_lowercase();
    let pieces: Vec<&str> = text.split(['*', '?']).collect();
    let last = pieces.len() - 1;
    for (number, piece) in pieces.into_iter().enumerate().filter(|(_, piece)| !piece.is_empty()) {
        let mut literal = |place, text: &str| found(Literal { place, text: text.as_bytes().into() });
        if number == 0 {
            literal(Place::Head, piece);
        } else if number == last {
            literal(Place::Tail, piece);
        } else {
            match piece.find(':').and_then(|at| piece.get(at..)) {
                Some(part) if part.len() > 1 => literal(Place::Part, part),
                _ => literal(Place::Within, piece),
            }
        }
    }
}
