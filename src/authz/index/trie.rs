//! Texts that others may begin with, found at once.

use super::run::{Numbered, Run, Runs};
use super::text::Letters;

/// Tries over texts in lower case, many of them in one place.
///
/// A node stands for a text and knows only how long it is, and the letters by which the longer ones differ after it. A
/// walk therefore looks at no more letters than there are nodes on its way, and finds every text that the given one begins
/// with, and some more.
#[derive(Debug, Clone, Default)]
pub(super) struct Trie {
    nodes: Vec<Inner>,
    /// The letter that leads to each node from the one above it.
    letters: Vec<u8>,
}

/// A node by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node(u32);

#[derive(Debug, Clone, Copy)]
struct Inner {
    /// How long its text is.
    length: u32,
    /// What stands under its text.
    run: Option<Run>,
    /// The nodes below it, ordered by their letters.
    first: u32,
    count: u16,
}

impl Trie {
    /// A trie of `texts`, which are in order, with the statements that stand under each. `None` for no texts.
    pub(super) fn add(&mut self, texts: &[(Box<[u8]>, Numbered)], runs: &mut Runs) -> Option<Node> {
        if texts.is_empty() {
            return None;
        }
        let root = self.place(1);
        self.fill(root, 0, texts, runs);
        Some(Node(u32::try_from(root).ok()?))
    }

    /// Room for `count` nodes side by side.
    fn place(&mut self, count: usize) -> usize {
        let first = self.nodes.len();
        let empty = Inner { length: 0, run: None, first: 0, count: 0 };
        self.nodes.resize(first + count, empty);
        self.letters.resize(first + count, 0);
        first
    }

    /// Makes the node `at` that of `texts`, the first `known` letters of which are the same.
    fn fill(&mut self, at: usize, known: usize, texts: &[(Box<[u8]>, Numbered)], runs: &mut Runs) {
        // Being in order, all begin as the first and the last both do.
        let length = match (texts.first(), texts.last()) {
            (Some((first, _)), Some((last, _))) => {
                let same = first.iter().zip(last).skip(known).take_while(|(a, b)| a == b).count();
                known.min(first.len()) + same
            }
            _ => return,
        };
        let (here, below) = texts.split_at(texts.partition_point(|(text, _)| text.len() <= length));
        let numbers: Vec<Numbered> = here.iter().map(|(_, number)| *number).collect();
        let run = (!numbers.is_empty()).then(|| runs.add(&numbers));
        let groups: Vec<_> = below.chunk_by(|(a, _), (b, _)| a.get(length) == b.get(length)).collect();
        let first = self.place(groups.len());
        if let Some(node) = self.nodes.get_mut(at) {
            let number = |number| u32::try_from(number).unwrap_or(u32::MAX);
            let count = u16::try_from(groups.len()).unwrap_or(u16::MAX);
            *node = Inner { length: number(length), run, first: number(first), count };
        }
        for (child, group) in (first..).zip(groups) {
            let letter = group.first().and_then(|(text, _)| text.get(length));
            if let Some((place, letter)) = self.letters.get_mut(child).zip(letter) {
                *place = *letter;
            }
            self.fill(child, length + 1, group, runs);
        }
    }

    pub(super) fn shrink(&mut self) {
        self.nodes.shrink_to_fit();
        self.letters.shrink_to_fit();
    }

    /// Finds what stands under the texts below `root` that `letters` begin with.
    pub(super) fn walk(&self, Node(root): Node, letters: &Letters<'_>, found: &mut impl FnMut(Run)) {
        let mut at = root as usize;
        while let Some(Inner { length, run, first, count }) = self.nodes.get(at) {
            let (length, first) = (*length as usize, *first as usize);
            if length > letters.len() {
                return;
            }
            if let Some(run) = run {
                found(*run);
            }
            let Some(letter) = letters.at(length) else { return };
            let below = self.letters.get(first..first + usize::from(*count)).unwrap_or_default();
            let Some(next) = below.iter().position(|known| *known == letter) else { return };
            at = first + next;
        }
    }
}
