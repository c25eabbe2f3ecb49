//! One decision by 10 to 100,000 statements, beside what a decision can hardly take less than: looking the whole request
//! up among as many decisions that were made before.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::cast_precision_loss, clippy::wildcard_imports)]

mod mix;
mod ratios;

use std::collections::HashMap;

use criterion::Criterion;
use mix::{Call, Mix};
use ramgate::authz::{Outcome, Request};
use ramgate::policy::Context;
use ratios::Ratios;

/// Different calls that are decided in turn.
const CALLS: usize = 1_000;

fn measure(criterion: &mut Criterion, ratios: &mut Ratios, size: &str, statements: usize) {
    let mut mix = Mix::new(statements);
    let policies = mix.policy_set();
    let principal = mix::principal();
    let calls =
        mix.calls(CALLS.min(statements), |call| policies.decide(&call.request(&principal, &call.context())).outcome);
    let contexts: Vec<Context> = calls.iter().map(Call::context).collect();
    let requests: Vec<Request<'_>> =
        calls.iter().zip(&contexts).map(|(call, context)| call.request(&principal, context)).collect();
    let cache = cache(&mut mix, &calls, statements);

    let task = ("mix", size);
    let mut turn = requests.iter().cycle();
    ratios.measure(criterion, task, "ramgate", || policies.decide(turn.next().unwrap()));
    let mut turn = calls.iter().cycle();
    ratios.measure(criterion, task, "lookup", || cache.get(turn.next().unwrap()));
}

/// As many decisions as there are statements, those about `calls` among them.
fn cache(mix: &mut Mix, calls: &[Call], statements: usize) -> HashMap<Call, Outcome> {
    let others = std::iter::from_fn(|| Some(mix.any_call()));
    let all = calls.iter().cloned().chain(others).take(statements.max(calls.len()));
    all.map(|call| (call, Outcome::ImplicitDeny)).collect()
}

fn main() {
    let mut criterion = ratios::criterion();
    let mut ratios = Ratios::new(&["ramgate", "lookup"]);
    for (statements, size) in [(10, "10"), (100, "100"), (1_000, "1,000"), (10_000, "10,000"), (100_000, "100,000")] {
        measure(&mut criterion, &mut ratios, size, statements);
    }
    criterion.final_summary();
    ratios.print();
}
