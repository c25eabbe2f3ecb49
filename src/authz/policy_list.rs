//! Policies that apply together.

use std::sync::{Arc, OnceLock};

use super::index::{Index, Lookup};
use crate::identity::PolicySource;
use crate::policy::{Effect, Statement};

/// A statement and the policy it is of.
pub(super) type Placed<'p> = (&'p PolicySource, &'p Statement);

/// Policies of one kind that apply to one principal at one level, in their order.
///
/// Of many statements few are about what is asked for, and an index finds these. It is made when the list is prepared,
/// or before the first decision. A clone is the same list, and has the same index.
#[derive(Debug, Clone, Default)]
pub struct PolicyList(Option<Arc<Listed>>);

#[derive(Debug, Default)]
struct Listed {
    policies: Vec<Arc<PolicySource>>,
    compiled: OnceLock<Compiled>,
}

#[derive(Debug)]
struct Compiled {
    index: Index,
    /// Of each statement by its number: the policy in the list, and the statement in the policy.
    places: Vec<(u32, u32)>,
    /// The statements of each policy, at hand.
    statements: Vec<Arc<[Statement]>>,
}

/// How many statements that allow are judged only when it is known that none denies.
const WAITING: usize = 8;

impl PolicyList {
    /// No policies.
    #[must_use]
    pub const fn new() -> Self {
        Self(None)
    }

    /// Adds a policy at the end.
    pub fn push(&mut self, policy: Arc<PolicySource>) {
        let policies = match self.0.take().map(Arc::try_unwrap) {
            None => Vec::new(),
            Some(Ok(alone)) => alone.policies,
            Some(Err(shared)) => shared.policies.clone(),
        };
        *self = policies.into_iter().chain([policy]).collect();
    }

    /// The policies.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<PolicySource>> {
        self.0.iter().flat_map(|listed| &listed.policies)
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Whether it is the same list, and not only one like it.
    #[cfg(test)]
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(own), Some(other)) => Arc::ptr_eq(own, other),
            (own, other) => own.is_none() && other.is_none(),
        }
    }

    /// Every statement, in their order.
    pub(super) fn statements(&self) -> impl Iterator<Item = Placed<'_>> {
        self.iter().flat_map(|policy| policy.document.statements().iter().map(move |statement| (&**policy, statement)))
    }

    /// Makes the index now, so that no decision has to.
    pub(super) fn prepare(&self) {
        if let Some(listed) = &self.0 {
            listed.compiled();
        }
    }

    /// How many statements there are.
    pub(super) fn statement_count(&self) -> usize {
        self.0.as_ref().map_or(0, |listed| listed.compiled().places.len())
    }

    /// Every statement that can be about what `lookup` is made of, in their order.
    pub(super) fn candidates(&self, lookup: &Lookup<'_>) -> impl Iterator<Item = Placed<'_>> {
        let mut numbers = Vec::new();
        if let Some(listed) = &self.0 {
            listed.compiled().index.candidates(lookup, &mut |number, _| numbers.push(number));
        }
        numbers.sort_unstable();
        numbers.dedup();
        numbers.into_iter().filter_map(|number| self.0.as_ref()?.placed(number))
    }

    /// Of the statements that are about what `lookup` is made of and of which `applies` holds, the first that denies;
    /// where none does, the first that allows.
    pub(super) fn deciding<'p>(
        &'p self,
        lookup: &Lookup<'_>,
        mut applies: impl FnMut(&'p Statement) -> bool,
    ) -> Option<Placed<'p>> {
        let listed = self.0.as_ref()?;
        let compiled = listed.compiled();
        let mut holds = |number, first: &mut Option<u32>| {
            let sooner = first.is_none_or(|known| number < known);
            if sooner && compiled.statement(number).is_some_and(|(_, statement)| applies(statement)) {
                *first = Some(number);
            }
        };
        let (mut deny, mut allow) = (None, None);
        let mut allowing = [0; WAITING];
        let mut waiting = 0;
        compiled.index.candidates(lookup, &mut |number, effect| match effect {
            Effect::Deny => holds(number, &mut deny),
            Effect::Allow if deny.is_some() => {}
            Effect::Allow => match allowing.get_mut(waiting) {
                Some(place) => {
                    *place = number;
                    waiting += 1;
                }
                None => holds(number, &mut allow),
            },
        });
        if deny.is_none() {
            allowing.iter().take(waiting).for_each(|number| holds(*number, &mut allow));
        }
        listed.placed(deny.or(allow)?)
    }
}

impl FromIterator<Arc<PolicySource>> for PolicyList {
    fn from_iter<T: IntoIterator<Item = Arc<PolicySource>>>(policies: T) -> Self {
        let policies: Vec<_> = policies.into_iter().collect();
        let some = !policies.is_empty();
        Self(some.then(|| Arc::new(Listed { policies, compiled: OnceLock::new() })))
    }
}

impl Listed {
    fn compiled(&self) -> &Compiled {
        self.compiled.get_or_init(|| Compiled::new(&self.policies))
    }

    fn placed(&self, number: u32) -> Option<Placed<'_>> {
        let (policy, statement) = self.compiled().statement(number)?;
        Some((self.policies.get(policy)?, statement))
    }
}

impl Compiled {
    fn new(policies: &[Arc<PolicySource>]) -> Self {
        let statements = policies.iter().map(|policy| Arc::clone(policy.document.shared_statements()));
        let statements: Vec<Arc<[Statement]>> = statements.collect();
        let mut places = Vec::with_capacity(statements.iter().map(|statements| statements.len()).sum());
        for (policy, statements) in (0..).zip(&statements) {
            places.extend((0..).zip(statements.iter()).map(|(statement, _)| (policy, statement)));
        }
        Self { index: Index::new(policies), places, statements }
    }

    /// The statement with this number, and the place of its policy.
    fn statement(&self, number: u32) -> Option<(usize, &Statement)> {
        let (policy, statement) = self.places.get(number as usize)?;
        let policy = *policy as usize;
        Some((policy, self.statements.get(policy)?.get(*statement as usize)?))
    }
}

/// No policies.
impl Default for &PolicyList {
    fn default() -> Self {
        static NONE: PolicyList = PolicyList::new();
        &NONE
    }
}
