//! The obvious engine: one set of globs for the actions, one for the resources, and what is in both judged by its condition.

use std::cell::RefCell;

use globset::{Candidate, Glob, GlobSet, GlobSetBuilder};
use ramgate::authz::Outcome;
use ramgate::json::SourceText;
use ramgate::policy::{Context, Dialect, Document, Effect, Pattern, PolicyKind, Statement, TestOutcome};

use crate::mix::Call;

/// Statements by the globs of their elements.
pub struct Globsets {
    documents: Vec<Document>,
    /// The document of each statement, and its number there.
    places: Vec<(usize, usize)>,
    actions: Element,
    resources: Element,
    room: RefCell<Room>,
}

/// What a decision writes to, kept for the next one: it needs hardly any memory of its own.
#[derive(Default)]
struct Room {
    action: String,
    actions: Vec<usize>,
    resources: Vec<usize>,
}

/// One element of all statements.
struct Element {
    globs: GlobSet,
    /// The first glob of each statement, and whether it is about what they do not match.
    statements: Vec<(usize, bool)>,
    /// The statement of each glob.
    owners: Vec<usize>,
}

impl Globsets {
    pub fn new(documents: &[String]) -> Self {
        let parse = |text: &String| {
            Document::parse(&SourceText::new("policy.json", text.as_str()), PolicyKind::Identity, &Dialect::strict())
        };
        let documents: Vec<Document> = documents.iter().map(|text| parse(text).unwrap()).collect();
        let statements = || documents.iter().flat_map(Document::statements);
        // Actions have no letter case: they are lower on both sides. Resources of the mix are written in one case.
        let actions = statements().map(|statement| {
            let clause = statement.action();
            (clause.is_negated(), clause.patterns().map(|(pattern, _)| pattern.as_str().to_lowercase()).collect())
        });
        let resources = statements().map(|statement| {
            let clause = statement.resource().unwrap();
            let text = |(pattern, _): (&Pattern, _)| pattern.as_str().to_owned();
            (clause.is_negated(), clause.patterns().map(text).collect())
        });
        let (actions, resources) = (Element::new(actions), Element::new(resources));
        let places = documents.iter().enumerate();
        let places = places.flat_map(|(number, document)| (0..document.statements().len()).map(move |at| (number, at)));
        Self { places: places.collect(), actions, resources, documents, room: RefCell::default() }
    }

    pub fn decide(&self, call: &Call, context: &Context) -> Outcome {
        let Room { action, actions, resources } = &mut *self.room.borrow_mut();
        action.clone_from(&call.action);
        action.make_ascii_lowercase();
        self.actions.globs.matches_candidate_into(&Candidate::new(action.as_str()), actions);
        self.resources.globs.matches_candidate_into(&Candidate::new(&call.resource), resources);
        let mut outcome = Outcome::ImplicitDeny;
        for glob in resources {
            let number = self.resources.owners[*glob];
            if !self.actions.covers(number, actions) {
                continue;
            }
            let (document, at) = self.places[number];
            let statement = &self.documents[document].statements()[at];
            if applies(statement, context) {
                match statement.effect() {
                    Effect::Deny => return Outcome::ExplicitDeny,
                    Effect::Allow => outcome = Outcome::Allow,
                }
            }
        }
        outcome
    }
}

impl Element {
    fn new(said: impl Iterator<Item = (bool, Vec<String>)>) -> Self {
        let mut builder = GlobSetBuilder::new();
        let (mut statements, mut owners) = (Vec::new(), Vec::new());
        for (number, (negated, patterns)) in said.enumerate() {
            statements.push((owners.len(), negated));
            for pattern in patterns {
                builder.add(Glob::new(&pattern).unwrap());
                owners.push(number);
            }
        }
        Self { globs: builder.build().unwrap(), statements, owners }
    }

    /// Whether a statement is about what matched these globs, which are in order.
    fn covers(&self, number: usize, globs: &[usize]) -> bool {
        let (first, negated) = self.statements[number];
        let matched = globs.get(globs.partition_point(|glob| *glob < first));
        matched.is_some_and(|glob| self.owners[*glob] == number) != negated
    }
}

fn applies(statement: &Statement, context: &Context) -> bool {
    statement.condition().iter().all(|test| match test.evaluate(context.value_for(test)) {
        TestOutcome::Met => true,
        TestOutcome::Unreadable => statement.effect() == Effect::Deny,
        TestOutcome::Unmet => false,
    })
}
