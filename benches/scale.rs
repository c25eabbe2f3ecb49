//! One decision by 10 to 100,000 statements, beside what a decision can hardly take less than, and beside the engine that
//! comes to mind first; and what else is asked of the engine. It ends with a table of all of it and the targets.
//!
//! - **L** looks the whole request up among as many decisions that were made before, by a fast hash: the request as a
//!   decision takes it, in its parts; and again as one text that was put together beforehand, which nobody who decides has.
//! - **G** has one set of globs for the actions and one for the resources, and judges the condition of what is in both.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::cast_precision_loss)]

#[path = "scale/globsets.rs"]
mod globsets;
mod mix;
mod ratios;
#[path = "scale/targets.rs"]
mod targets;

use std::collections::HashMap;

use criterion::Criterion;
use foldhash::fast::RandomState;
use globsets::Globsets;
use mix::{Call, Mix};
use ramgate::authz::{Outcome, Request};
use ramgate::policy::Context;
use ratios::Ratios;
use targets::Measured;

/// Different calls that are decided in turn.
const CALLS: usize = 1_000;

/// Beyond this the globs that are regular expressions outgrow the lazy automaton of their crate, which then turns to one that
/// wants more than 20 GB.
const MOST_GLOBS: usize = 10_000;

fn measure(criterion: &mut Criterion, ratios: &mut Ratios, size: &str, statements: usize) -> Option<Measured> {
    let mut mix = Mix::new(statements);
    let policies = mix.policy_set();
    let principal = mix::principal();
    let calls =
        mix.calls(CALLS.min(statements), |call| policies.decide(&call.request(&principal, &call.context())).outcome);
    let contexts: Vec<Context> = calls.iter().map(Call::context).collect();
    let requests: Vec<Request<'_>> =
        calls.iter().zip(&contexts).map(|(call, context)| call.request(&principal, context)).collect();
    let globsets = (statements <= MOST_GLOBS).then(|| Globsets::new(&mix.documents()));
    for ((call, context), request) in calls.iter().zip(&contexts).zip(&requests) {
        if let Some(globsets) = &globsets {
            assert_eq!(globsets.decide(call, context), policies.decide(request).outcome, "{call:?}");
        }
    }
    let cache = cache(&mut mix, &calls, statements);
    let texts: Vec<Vec<u8>> = calls.iter().map(text).collect();
    let cache_of_texts: HashMap<Vec<u8>, Outcome, RandomState> =
        cache.iter().map(|(call, outcome)| (text(call), *outcome)).collect();

    let task = ("mix", size);
    let mut turn = requests.iter().cycle();
    let decision = ratios.measure(criterion, task, "ramgate", || policies.decide(turn.next().unwrap()));
    let mut turn = calls.iter().cycle();
    let lookup = ratios.measure(criterion, task, "lookup", || cache.get(turn.next().unwrap()));
    let mut turn = texts.iter().cycle();
    let text = ratios.measure(criterion, task, "lookup of a text", || cache_of_texts.get(turn.next().unwrap()));
    let mut turn = calls.iter().zip(&contexts).cycle();
    let globsets = globsets.and_then(|globsets| {
        ratios.measure(criterion, task, "globsets", || {
            let (call, context) = turn.next().unwrap();
            globsets.decide(call, context)
        })
    });
    let nanoseconds = |seconds: Option<f64>| Some(seconds? * 1e9);
    Some(Measured {
        statements,
        decision: nanoseconds(decision)?,
        lookup: nanoseconds(lookup)?,
        text: nanoseconds(text)?,
        globsets: nanoseconds(globsets),
    })
}

/// As many decisions as there are statements, those about `calls` among them.
fn cache(mix: &mut Mix, calls: &[Call], statements: usize) -> HashMap<Call, Outcome, RandomState> {
    let others = std::iter::from_fn(|| Some(mix.any_call()));
    let all = calls.iter().cloned().chain(others).take(statements.max(calls.len()));
    all.map(|call| (call, Outcome::ImplicitDeny)).collect()
}

/// All of a call in one piece.
fn text(Call { action, resource, context }: &Call) -> Vec<u8> {
    let keys = context.iter().map(|(key, value)| format!("\n{key}={value}"));
    format!("{action}\n{resource}{}", keys.collect::<String>()).into_bytes()
}

fn main() {
    let mut criterion = ratios::criterion();
    let mut ratios = Ratios::new(&["ramgate", "lookup", "lookup of a text", "globsets"]);
    let mut measured = Vec::new();
    for (statements, size) in [(10, "10"), (100, "100"), (1_000, "1,000"), (10_000, "10,000"), (100_000, "100,000")] {
        measured.extend(measure(&mut criterion, &mut ratios, size, statements));
    }
    criterion.final_summary();
    ratios.print();
    if ratios::measures() && !measured.is_empty() {
        targets::print(&measured);
    }
}
