//! Policies that apply together, and which of their statements can match a resource at all.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use aho_corasick::{AhoCorasick, MatchKind};

use crate::identity::PolicySource;
use crate::policy::{Pattern, Statement};

/// Statements up to which each of them is looked at: an index would not be faster.
const FEW: usize = 32;

/// Policies of one kind that apply to one principal at one level, in their order.
///
/// Of many statements most are about other resources. Each pattern of a resource has a piece of text that every resource it
/// matches must hold, and one pass over the resource tells which of all these pieces it holds. Only the statements of
/// those are looked at; they are judged as ever, so that the index decides nothing.
#[derive(Debug, Clone, Default)]
pub struct PolicyList {
    policies: Vec<Arc<PolicySource>>,
    index: OnceLock<Option<Index>>,
}

impl PolicyList {
    /// No policies.
    #[must_use]
    pub const fn new() -> Self {
        Self { policies: Vec::new(), index: OnceLock::new() }
    }

    /// Adds a policy at the end.
    pub fn push(&mut self, policy: Arc<PolicySource>) {
        self.policies.push(policy);
        self.index = OnceLock::new();
    }

    /// The policies.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<PolicySource>> {
        self.policies.iter()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.policies.is_empty()
    }

    /// Makes the index now, so that no decision has to.
    pub(super) fn prepare(&self) {
        self.index.get_or_init(|| Index::new(&self.policies));
    }

    /// Visits every statement that could match `resource`, in their order; with `every`, all the others too.
    pub(super) fn visit<'p>(
        &'p self,
        resource: &str,
        every: bool,
        mut visit: impl FnMut(&'p PolicySource, &'p Statement),
    ) {
        let index = if every { None } else { self.index.get_or_init(|| Index::new(&self.policies)).as_ref() };
        match index {
            None => {
                for policy in &self.policies {
                    policy.document.statements().iter().for_each(|statement| visit(policy, statement));
                }
            }
            Some(index) => index.candidates(resource, |policy, statement| {
                let found = self.policies.get(policy);
                let found = found.and_then(|policy| Some((policy, policy.document.statements().get(statement)?)));
                if let Some((policy, statement)) = found {
                    visit(policy, statement);
                }
            }),
        }
    }
}

/// No policies.
impl Default for &PolicyList {
    fn default() -> Self {
        static NONE: PolicyList = PolicyList::new();
        &NONE
    }
}

/// From pieces of text to the statements whose resources must hold them.
#[derive(Debug, Clone)]
struct Index {
    /// Of the policy in the list, and of the statement in the policy.
    statements: Vec<(usize, usize)>,
    pieces: AhoCorasick,
    /// For each piece, the statements of which one pattern must hold it.
    holding: Vec<Vec<usize>>,
    /// A bit for each statement: whether it is to be looked at whatever the resource holds.
    always: Vec<u64>,
}

impl Index {
    /// Nothing for few statements, or where no automaton of their pieces can be had.
    fn new(policies: &[Arc<PolicySource>]) -> Option<Self> {
        let mut statements = Vec::new();
        let mut always = Vec::new();
        let mut holding: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (policy, source) in policies.iter().enumerate() {
            for (number, statement) in source.document.statements().iter().enumerate() {
                let place = statements.len();
                statements.push((policy, number));
                match pieces(statement) {
                    Some(pieces) => {
                        for piece in pieces {
                            holding.entry(piece).or_default().push(place);
                        }
                    }
                    None => always.push(place),
                }
            }
        }
        if statements.len() <= FEW {
            return None;
        }
        let mut bits = vec![0; statements.len().div_ceil(64)];
        always.into_iter().for_each(|place| set(&mut bits, place));
        // A part of an ARN compares without regard to case (spec ram-policy-language 2.1). Where that does not hold, a
        // statement too many is looked at.
        let pieces = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .ascii_case_insensitive(true)
            .build(holding.keys())
            .ok()?;
        Some(Self { statements, pieces, holding: holding.into_values().collect(), always: bits })
    }

    /// Visits the places of every statement that is to be looked at, in their order.
    fn candidates(&self, resource: &str, mut visit: impl FnMut(usize, usize)) {
        let mut bits = self.always.clone();
        for found in self.pieces.find_overlapping_iter(resource) {
            let holding = self.holding.get(found.pattern().as_usize());
            holding.into_iter().flatten().for_each(|place| set(&mut bits, *place));
        }
        for (word, mut rest) in bits.into_iter().enumerate() {
            while rest != 0 {
                let place = word * 64 + rest.trailing_zeros() as usize;
                rest &= rest - 1;
                if let Some((policy, statement)) = self.statements.get(place) {
                    visit(*policy, *statement);
                }
            }
        }
    }
}

fn set(bits: &mut [u64], place: usize) {
    if let Some(word) = bits.get_mut(place / 64) {
        *word |= 1 << (place % 64);
    }
}

/// One piece of text for each pattern of a statement's resources, which every resource that the pattern matches holds.
/// Nothing where there is no such piece for one of them.
fn pieces(statement: &Statement) -> Option<Vec<&str>> {
    let resource = statement.resource().filter(|resource| !resource.is_negated())?;
    resource.patterns().map(|(pattern, _)| piece(pattern)).collect()
}

/// The longest run of a pattern without wildcards.
fn piece(pattern: &Pattern) -> Option<&str> {
    let longest = pattern.as_str().split(['*', '?']).max_by_key(|piece| piece.len())?;
    (!longest.is_empty()).then_some(longest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::json::SourceText;
    use crate::policy::{Dialect, Document, PolicyKind};

    fn list(resources: &[String]) -> PolicyList {
        let mut list = PolicyList::new();
        for (number, chunk) in resources.chunks(7).enumerate() {
            let statement = |resource: &String| {
                let resource = serde_json::Value::from(resource.as_str());
                format!(r#"{{ "Effect": "Allow", "Action": "*", "Resource": {resource} }}"#)
            };
            let statements: Vec<String> = chunk.iter().map(statement).collect();
            let text = format!(r#"{{ "Version": "1", "Statement": [{}] }}"#, statements.join(", "));
            let document =
                Document::parse(&SourceText::new("p", text), PolicyKind::Identity, &Dialect::lenient()).unwrap();
            list.push(Arc::new(PolicySource { name: number.to_string(), document: Arc::new(document) }));
        }
        list
    }

    /// Places of the statements that match, found with the index or without.
    fn matching(list: &PolicyList, resource: &str, every: bool) -> Vec<(String, usize)> {
        let mut found = Vec::new();
        list.visit(resource, every, |policy, statement| {
            if statement.resource().is_some_and(|clause| clause.matches(resource)) {
                found.push((policy.name.clone(), statement.index()));
            }
        });
        found
    }

    proptest! {
        /// The index leaves out nothing that matches, and changes no order.
        #[test]
        fn what_matches_is_found_with_the_index_as_without(
            mut resources in prop::collection::vec("[aAbB*?:/]{1,8}|acs:[aA*]{1,3}:[*b]{0,2}:1:[ab*?/]{1,6}", 1..12),
            texts in prop::collection::vec("[aAbB:/]{0,10}|[aA]cs:[aA]{1,3}:b?:1:[abA/]{1,8}", 1..12),
        ) {
            // Enough that there is an index.
            resources.extend((0..FEW).map(|number| format!("acs:x:y:1:other/{number}")));
            let list = list(&resources);
            for text in &texts {
                prop_assert_eq!(matching(&list, text, false), matching(&list, text, true), "{}", text);
            }
        }
    }

    #[test]
    fn few_of_many_statements_are_looked_at() {
        let resources: Vec<String> =
            (0..1000).map(|number| format!("acs:polardb:*:*:dbcluster/pc-{number}x*")).collect();
        let list = list(&resources);
        let mut looked_at = 0;
        list.visit("acs:polardb:cn-beijing:1234567890123456:dbcluster/pc-77x1", false, |_, _| looked_at += 1);
        assert_eq!(looked_at, 1);
    }
}
