//! How an index is made.

use std::collections::BTreeMap;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};

use super::literal::{Census, Literal, Place};
use super::run::{Numbered, Run, Runs, Table, short};
use super::text::{hash, join, service};
use super::{Automaton, Index, Many, Others, Sketch};
use crate::identity::PolicySource;
use crate::policy::{Pattern, Statement};

/// The most pairs of an action and a resource that one statement is kept under.
const PAIRS: usize = 64;

/// The most patterns under one key of actions for which there are no tries.
const FEW: usize = 12;

/// What the action of a request must have, for a statement to be about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Any,
    Service(u64),
    Action(u64),
}

impl Key {
    fn of(pattern: &Pattern) -> Self {
        let text = pattern.as_str();
        if !pattern.is_wild() {
            return Self::Action(hash(text.as_bytes()));
        }
        let head = text.split(['*', '?']).next().unwrap_or_default();
        service(head).map_or(Self::Any, |service| Self::Service(hash(service)))
    }
}

/// A statement with its number, the keys of its actions, and its resources; `None` where it is about all of them, or all
/// but some.
struct Entry<'p> {
    number: Numbered,
    keys: Vec<Key>,
    resources: Option<Vec<&'p Pattern>>,
}

impl<'p> Entry<'p> {
    fn new(number: Numbered, statement: &'p Statement) -> Self {
        let resources = statement.resource().filter(|resource| !resource.is_negated());
        let resources = resources.map(|clause| clause.patterns().map(|(pattern, _)| pattern).collect::<Vec<_>>());
        let actions = statement.action();
        let mut keys: Vec<Key> = if actions.is_negated() {
            vec![Key::Any]
        } else {
            actions.patterns().map(|(pattern, _)| Key::of(pattern)).collect()
        };
        let pairs = keys.len() * resources.as_ref().map_or(1, Vec::len);
        if keys.contains(&Key::Any) || (pairs > PAIRS && pairs > keys.len()) {
            keys = vec![Key::Any];
        }
        keys.sort_unstable();
        keys.dedup();
        Self { number, keys, resources }
    }
}

type Texts = Vec<(Box<[u8]>, Numbered)>;

/// The index of the statements of `policies`, numbered through.
pub(super) fn index(policies: &[Arc<PolicySource>]) -> Index {
    let statements = policies.iter().flat_map(|policy| policy.document.statements()).enumerate();
    let entries: Vec<Entry<'_>> = statements
        .filter_map(|(number, statement)| Some(Entry::new(Numbered::new(number, statement.effect())?, statement)))
        .collect();
    let mut census = Census::default();
    for pattern in entries.iter().filter_map(|entry| entry.resources.as_ref()).flatten() {
        if pattern.is_wild() {
            census.count(pattern);
        }
    }
    let mut index = Index::default();
    let mut exact: Vec<(u32, Numbered)> = Vec::new();
    let mut others: BTreeMap<Option<u32>, Vec<(Option<Literal>, Numbered)>> = BTreeMap::new();
    for Entry { number, keys, resources } in entries {
        let mut other = |key: &Key, literal: Option<Literal>| {
            let key = match key {
                Key::Any => None,
                Key::Service(key) | Key::Action(key) => Some(short(*key)),
            };
            others.entry(key).or_default().push((literal, number));
        };
        let Some(resources) = resources else {
            keys.iter().for_each(|key| other(key, None));
            continue;
        };
        for pattern in resources {
            if pattern.is_wild() {
                let literal = census.rarest(pattern);
                keys.iter().for_each(|key| other(key, literal.clone()));
                continue;
            }
            let resource = hash(pattern.as_str().as_bytes());
            for key in &keys {
                let key = if let Key::Action(action) = key {
                    index.one_action = true;
                    join(*action, resource)
                } else {
                    index.more_actions = true;
                    resource
                };
                exact.push((short(key), number));
            }
        }
    }
    exact.sort_unstable();
    exact.dedup();
    index.exact = table(&exact, &mut index.runs);
    index.keys.reserve(others.len());
    for (key, patterns) in others {
        let others = index.add(patterns);
        match key {
            None => index.any = Some(others),
            Some(key) => {
                index.keys.insert(key, others);
            }
        }
    }
    index.shrink();
    index
}

/// A table of what is in order.
fn table(pairs: &[(u32, Numbered)], runs: &mut Runs) -> Table<Run> {
    let groups = || pairs.chunk_by(|(a, _), (b, _)| a == b);
    let mut table = Table::with_capacity_and_hasher(groups().count(), Default::default());
    for group in groups() {
        let numbers: Vec<Numbered> = group.iter().map(|(_, number)| *number).collect();
        if let Some((key, _)) = group.first() {
            table.insert(*key, runs.add(&numbers));
        }
    }
    table
}

impl Index {
    fn add(&mut self, patterns: Vec<(Option<Literal>, Numbered)>) -> Others {
        let mut known: Vec<(Literal, Numbered)> = Vec::new();
        let mut rest: Vec<Numbered> = Vec::new();
        for (literal, number) in patterns {
            match literal {
                Some(literal) => known.push((literal, number)),
                None => rest.push(number),
            }
        }
        if known.len() <= FEW {
            return self.few(&known, rest);
        }
        let many = self.tries_of(known, rest);
        self.many.push(many);
        Others::Many(u32::try_from(self.many.len() - 1).unwrap_or(u32::MAX))
    }

    fn few(&mut self, known: &[(Literal, Numbered)], rest: Vec<Numbered>) -> Others {
        let first = self.sketches.len();
        for (literal, number) in known {
            let run = self.runs.add(&[*number]);
            self.sketches.push(Sketch::new(Some(literal), run));
        }
        if let Some(run) = self.run(rest) {
            self.sketches.push(Sketch::new(None, run));
        }
        let count = u8::try_from(self.sketches.len() - first).unwrap_or(u8::MAX);
        Others::Few { first: u32::try_from(first).unwrap_or(u32::MAX), count }
    }

    fn tries_of(&mut self, known: Vec<(Literal, Numbered)>, mut rest: Vec<Numbered>) -> Many {
        let (mut heads, mut parts, mut tails) = (Texts::new(), Texts::new(), Texts::new());
        let mut within: BTreeMap<Box<[u8]>, Vec<Numbered>> = BTreeMap::new();
        for (Literal { place, text }, number) in known {
            match place {
                Place::Head => heads.push((text, number)),
                Place::Part => parts.push((text, number)),
                Place::Tail => tails.push((text.iter().rev().copied().collect(), number)),
                Place::Within => within.entry(text).or_default().push(number),
            }
        }
        let mut trie = |mut texts: Texts| {
            texts.sort_unstable();
            texts.dedup();
            self.tries.add(&texts, &mut self.runs)
        };
        let (heads, parts, tails) = (trie(heads), trie(parts), trie(tails));
        let automaton = if within.is_empty() { None } else { automaton(&within, &mut self.runs) };
        let within = if let Some(automaton) = automaton {
            self.automata.push(automaton);
            u32::try_from(self.automata.len() - 1).ok()
        } else {
            rest.extend(within.into_values().flatten());
            None
        };
        Many { heads, parts, tails, within, rest: self.run(rest) }
    }

    /// A run of these, where there are any.
    fn run(&mut self, mut numbers: Vec<Numbered>) -> Option<Run> {
        numbers.sort_unstable();
        numbers.dedup();
        (!numbers.is_empty()).then(|| self.runs.add(&numbers))
    }

    fn shrink(&mut self) {
        self.sketches.shrink_to_fit();
        self.many.shrink_to_fit();
        self.tries.shrink();
        self.automata.shrink_to_fit();
        self.runs.shrink();
    }
}

/// `None` where no automaton of so many pieces can be had.
fn automaton(within: &BTreeMap<Box<[u8]>, Vec<Numbered>>, runs: &mut Runs) -> Option<Automaton> {
    let mut builder = AhoCorasick::builder();
    let pieces = builder.match_kind(MatchKind::Standard).ascii_case_insensitive(true).build(within.keys()).ok()?;
    Some(Automaton { pieces, holding: within.values().map(|numbers| runs.add(numbers)).collect() })
}
