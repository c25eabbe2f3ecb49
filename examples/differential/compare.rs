//! Holds an evaluator against the reference, and makes what it finds small.

use std::fmt::Write as _;

use ramgate::authz::{Authorizer, Decision, Outcome, Request, reference};
use ramgate::identity::World;
use serde_json::{Value, json};

use super::worlds::{Made, Maker, Question, Written, world_of};

/// Decides questions about one world.
pub type Decide<'w> = Box<dyn Fn(&Request<'_>) -> Decision + 'w>;

/// Makes the evaluator of a world, which is asked many questions; nothing where it cannot be had.
pub type Evaluator = fn(&World) -> Option<Decide<'_>>;

/// The engine.
pub fn engine(world: &World) -> Option<Decide<'_>> {
    let authorizer = Authorizer::new(world).ok()?;
    Some(Box::new(move |request| authorizer.decide(request).to_decision()))
}

/// As [`engine`], by way of the explanation.
pub fn explained(world: &World) -> Option<Decide<'_>> {
    let authorizer = Authorizer::new(world).ok()?;
    Some(Box::new(move |request| authorizer.trace(request).0))
}

/// How often each outcome was decided alike.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    pub allowed: u64,
    pub denied_explicitly: u64,
    pub denied_implicitly: u64,
}

impl Tally {
    pub fn total(&self) -> u64 {
        self.allowed + self.denied_explicitly + self.denied_implicitly
    }

    pub fn add(&mut self, other: Self) {
        self.allowed += other.allowed;
        self.denied_explicitly += other.denied_explicitly;
        self.denied_implicitly += other.denied_implicitly;
    }

    fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Allow => self.allowed += 1,
            Outcome::ExplicitDeny => self.denied_explicitly += 1,
            Outcome::ImplicitDeny => self.denied_implicitly += 1,
        }
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { allowed, denied_explicitly, denied_implicitly } = self;
        write!(f, "{allowed} Allow, {denied_explicitly} ExplicitDeny, {denied_implicitly} ImplicitDeny")
    }
}

/// What an evaluator and the reference disagree about.
#[derive(Debug, Clone)]
pub struct Mismatch {
    pub made: Made,
    pub question: Question,
    pub difference: String,
}

fn difference(world: &World, question: &Question, evaluator: Evaluator) -> Option<(String, Outcome)> {
    let answer = reference::decide_in(world, &question.request());
    let decision = evaluator(world).map(|decide| decide(&question.request()))?;
    answer.difference(&decision).map(|difference| (difference, answer.outcome))
}

/// Asks `questions` of the world of one seed; the first difference ends it.
pub fn compare(seed: u64, questions: usize, evaluator: Evaluator, tally: &mut Tally) -> Option<Box<Mismatch>> {
    compare_made(Maker::new(seed), questions, evaluator, tally)
}

/// As [`compare`], of the world that `maker` makes.
pub fn compare_made(
    mut maker: Maker,
    questions: usize,
    evaluator: Evaluator,
    tally: &mut Tally,
) -> Option<Box<Mismatch>> {
    let made = maker.world();
    let decide = evaluator(&made.world)?;
    for _ in 0..questions {
        let question = maker.question();
        let answer = reference::decide_in(&made.world, &question.request());
        match answer.difference(&decide(&question.request())) {
            None => tally.count(answer.outcome),
            Some(difference) => {
                drop(decide);
                return Some(Box::new(Mismatch { made, question, difference }));
            }
        }
    }
    None
}

/// The same disagreement with as few policies, statements, elements and values as will do.
pub fn minimised(mismatch: Mismatch, evaluator: Evaluator) -> Mismatch {
    let Mismatch { mut made, question, mut difference } = mismatch;
    let mut again = true;
    while again {
        again = false;
        for written in smaller(&made.written) {
            let Some(world) = world_of(&made, &written) else { continue };
            if let Some((found, _)) = self::difference(&world, &question, evaluator) {
                (made, difference, again) = (Made { world, written }, found, true);
                break;
            }
        }
    }
    Mismatch { made, question, difference }
}

/// Every way to leave one thing out.
fn smaller(written: &[Written]) -> Vec<Vec<Written>> {
    let mut ways = Vec::new();
    for at in 0..written.len() {
        let mut without = written.to_vec();
        without.remove(at);
        ways.push(without);
    }
    for (at, policy) in written.iter().enumerate() {
        let mut with = |statements: Vec<Value>| {
            let mut written = written.to_vec();
            written[at].statements = statements;
            ways.push(written);
        };
        for number in 0..policy.statements.len() {
            let mut statements = policy.statements.clone();
            statements.remove(number);
            if !statements.is_empty() {
                with(statements);
            }
            for statement in smaller_statement(&policy.statements[number]) {
                let mut statements = policy.statements.clone();
                statements[number] = statement;
                with(statements);
            }
        }
    }
    ways
}

fn smaller_statement(statement: &Value) -> Vec<Value> {
    let mut ways = Vec::new();
    let Some(members) = statement.as_object() else { return ways };
    let mut change = |change: &dyn Fn(&mut Value)| {
        let mut changed = statement.clone();
        change(&mut changed);
        if changed != *statement {
            ways.push(changed);
        }
    };
    for (name, value) in members {
        if let Some(list) = value.as_array().filter(|list| list.len() > 1) {
            for at in 0..list.len() {
                change(&|changed| drop(changed[name].as_array_mut().map(|list| list.remove(at))));
            }
        }
    }
    if let Some(operators) = members.get("Condition").and_then(Value::as_object) {
        change(&|changed| drop(changed.as_object_mut().map(|members| members.remove("Condition"))));
        for (operator, keys) in operators {
            change(&|changed| drop(changed["Condition"].as_object_mut().map(|operators| operators.remove(operator))));
            for (key, operands) in keys.as_object().into_iter().flatten() {
                for at in 0..operands.as_array().map_or(0, Vec::len) {
                    change(&|changed| {
                        let operands = changed["Condition"][operator][key].as_array_mut();
                        drop(operands.filter(|operands| operands.len() > 1).map(|operands| operands.remove(at)));
                    });
                }
            }
        }
    }
    ways
}

/// A disagreement as a person reads it.
pub fn shown(mismatch: &Mismatch) -> String {
    let Mismatch { made, question, difference } = mismatch;
    let mut text = format!("{difference}\n{question:#?}\n");
    for policy in &made.written {
        let dialect = if policy.lenient { "lenient" } else { "strict" };
        let document = json!({"Version": "1", "Statement": policy.statements});
        let _ = writeln!(text, "{} policy {} ({dialect}): {document}", policy.kind, policy.name);
    }
    for (id, account) in &made.world.accounts {
        let _ = writeln!(text, "account {id}: {account:?}");
    }
    let _ =
        writeln!(text, "directory: {:?}\nbucket policies: {:?}", made.world.directory, made.world.resource_policies);
    text
}
