//! From a request to the few statements that can be about it, however many there are.
//!
//! A statement stands under what its actions and its resources must be, taken together:
//!
//! | action | | resource | |
//! |---|---|---|---|
//! | one action | its hash | one ARN | its hash, with that of the action |
//! | `ecs:Describe*` | hash of the service code | a beginning, an end, text from a `:` on | a trie for each key of actions |
//! | the rest | none | text anywhere within | an automaton for each key of actions |
//! | | | the rest | a list for each key of actions |
//!
//! Where few statements stand under a key of actions there are no tries: four letters of each pattern say whether it is
//! worth a look. A request is looked up under at most three keys of actions, so that what it takes grows with the depth of
//! the tries and with the statements that are found, and it is about as many places of memory.
//!
//! All of it compares without letter case and by hashes: it finds each statement that matches, and some that do not. What is
//! found is judged as ever, so that the index decides nothing. Numbers of statements say which of them deny, so that a Deny
//! is found without a judgement of what allows.

mod build;
mod literal;
mod run;
mod sketch;
mod text;
mod trie;

use std::sync::Arc;

use aho_corasick::AhoCorasick;

use run::{Run, Runs, Table, short};
use sketch::Sketch;
pub(super) use text::Lookup;
use text::{Letters, join};
use trie::{Node, Trie};

use crate::identity::PolicySource;
use crate::policy::Effect;

/// Which statements there are, by number in the order of a list of policies.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    /// Of statements about one ARN, by the hash of the ARN, with that of the action where it is one.
    exact: Table<Run>,
    /// Whether any of these is about one action, and whether any is not.
    one_action: bool,
    more_actions: bool,
    /// Of the others, by the key of the action.
    keys: Table<Others>,
    /// Of those about any action.
    any: Option<Others>,
    sketches: Vec<Sketch>,
    many: Vec<Many>,
    tries: Trie,
    automata: Vec<Automaton>,
    runs: Runs,
}

/// Statements under one key of actions whose resources are more than one ARN.
#[derive(Debug, Clone, Copy)]
enum Others {
    /// So many from a place in `sketches` on.
    Few { first: u32, count: u8 },
    /// At a place in `many`.
    Many(u32),
}

/// Many statements under one key of actions.
#[derive(Debug, Clone, Copy, Default)]
struct Many {
    /// Tries of what their resources begin with, hold from a `:` on, and end with, backwards.
    heads: Option<Node>,
    parts: Option<Node>,
    tails: Option<Node>,
    /// What their resources hold anywhere: a place in `automata`.
    within: Option<u32>,
    /// Those of which no text is known.
    rest: Option<Run>,
}

/// Pieces of text and the statements whose resources must hold them.
#[derive(Debug, Clone)]
struct Automaton {
    pieces: AhoCorasick,
    holding: Vec<Run>,
}

impl Index {
    /// The index of the statements of `policies`, numbered through.
    pub(super) fn new(policies: &[Arc<PolicySource>]) -> Self {
        build::index(policies)
    }

    /// Visits the number of every statement that can match and its effect, in no order, some more than once.
    #[inline]
    pub(super) fn candidates(&self, lookup: &Lookup<'_>, visit: &mut impl FnMut(u32, Effect)) {
        let mut found = |run: Run| self.runs.each(run, visit);
        let mut exact = |key: u64| {
            if let Some(run) = self.exact.get(&short(key)) {
                found(*run);
            }
        };
        if self.one_action {
            exact(join(lookup.action, lookup.resource));
        }
        if self.more_actions {
            exact(lookup.resource);
        }
        if !self.keys.is_empty() {
            for key in [Some(lookup.action), lookup.service].into_iter().flatten() {
                if let Some(others) = self.keys.get(&short(key)) {
                    self.others(*others, lookup.text, &mut found);
                }
            }
        }
        if let Some(any) = self.any {
            self.others(any, lookup.text, &mut found);
        }
    }

    fn others(&self, others: Others, text: &[u8], found: &mut impl FnMut(Run)) {
        match others {
            Others::Few { first, count } => {
                let first = first as usize;
                let sketches = self.sketches.get(first..first + usize::from(count)).unwrap_or_default();
                sketches.iter().filter(|sketch| sketch.can_match(text)).for_each(|sketch| found(sketch.run()));
            }
            Others::Many(many) => {
                if let Some(many) = self.many.get(many as usize) {
                    self.many(*many, text, found);
                }
            }
        }
    }

    fn many(&self, Many { heads, parts, tails, within, rest }: Many, text: &[u8], found: &mut impl FnMut(Run)) {
        if let Some(root) = heads {
            self.tries.walk(root, &Letters::from(text, 0), found);
        }
        if let Some(root) = tails {
            self.tries.walk(root, &Letters::backwards(text), found);
        }
        if let Some(root) = parts {
            for (at, _) in text.iter().enumerate().filter(|(_, byte)| **byte == b':') {
                self.tries.walk(root, &Letters::from(text, at), found);
            }
        }
        if let Some(Automaton { pieces, holding }) = within.and_then(|place| self.automata.get(place as usize)) {
            for piece in pieces.find_overlapping_iter(text) {
                holding.get(piece.pattern().as_usize()).into_iter().for_each(|run| found(*run));
            }
        }
        if let Some(run) = rest {
            found(run);
        }
    }
}

#[cfg(test)]
mod tests;
