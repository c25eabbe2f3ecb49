//! What it takes to have a decision explained, beside the decision.
//!
//! - `decide` is the decision alone;
//! - `explain` is an explanation, which refers to the policies;
//! - `told` is an explanation put into words, with places, to be kept;
//! - `every` is a look at every statement, in words.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::cast_precision_loss, clippy::wildcard_imports)]

mod mix;
mod ratios;

use criterion::Criterion;
use mix::Mix;
use ramgate::authz::Request;
use ratios::Ratios;

/// As the command has it: what it takes to have and to give back memory is a part of an explanation.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Different calls that are explained in turn.
const CALLS: usize = 1_000;

fn measure(criterion: &mut Criterion, ratios: &mut Ratios, size: &str, statements: usize) {
    let mut mix = Mix::new(statements);
    let policies = mix.policy_set();
    let principal = mix::principal();
    let decide = |call: &mix::Call| policies.decide(&call.request(&principal, &call.context())).outcome;
    let calls = mix.calls(CALLS.min(statements), decide);
    let contexts: Vec<_> = calls.iter().map(mix::Call::context).collect();
    let requests: Vec<Request<'_>> =
        calls.iter().zip(&contexts).map(|(call, context)| call.request(&principal, context)).collect();
    for request in &requests {
        let decision = policies.decide(request).to_decision();
        assert!(policies.explain(request).decision() == decision, "{request:?}");
    }

    let task = ("explain", size);
    let mut turn = requests.iter().cycle();
    ratios.measure(criterion, task, "decide", || policies.decide(turn.next().unwrap()));
    let mut turn = requests.iter().cycle();
    ratios.measure(criterion, task, "explain", || policies.explain(turn.next().unwrap()));
    let mut turn = requests.iter().cycle();
    ratios.measure(criterion, task, "told", || policies.explain(turn.next().unwrap()).to_trace());
    let mut turn = requests.iter().cycle();
    ratios.measure(criterion, task, "every", || policies.trace(turn.next().unwrap()));
}

fn main() {
    let mut criterion = ratios::criterion();
    let mut ratios = Ratios::new(&["decide", "explain", "told", "every"]);
    for (statements, size) in [(10, "10"), (100, "100"), (1_000, "1,000"), (10_000, "10,000")] {
        measure(&mut criterion, &mut ratios, size, statements);
    }
    criterion.final_summary();
    ratios.print();
}
