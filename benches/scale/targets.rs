//! What is asked of the engine, beside what it takes.

use std::hash::BuildHasher;
use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use foldhash::fast::FixedState;
use ramgate::authz::{Authorizer, Request};
use ramgate::identity::{Account, Attachment, Scope, User, World};
use ramgate::json::SourceText;
use ramgate::policy::{Dialect, Document, PolicyKind};

use crate::mix::{self, Call, Mix};

/// What was measured at one size, in nanoseconds.
pub struct Measured {
    pub statements: usize,
    pub decision: f64,
    pub lookup: f64,
    pub text: f64,
    /// Not measured of the most statements.
    pub globsets: Option<f64>,
}

/// The most times the lookup that a decision may take, and the least times the decision that the sets of globs must.
const fn targets(statements: usize) -> (f64, f64) {
    match statements {
        ..=10 => (4.0, 4.0),
        11..=100 => (4.0, 5.0),
        101..=1_000 => (4.0, 6.0),
        1_001..=10_000 => (6.0, 11.0),
        _ => (12.0, 150.0),
    }
}

const fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "missed" }
}

pub fn print(measured: &[Measured]) {
    println!("\nA decision beside a lookup (L) and beside sets of globs (G):\n");
    println!(
        "| statements | decision | L | decision / L | target | L of one text | decision / it | target | G | G / decision | target |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for Measured { statements, decision, lookup, text, globsets } in measured {
        let (most, least) = targets(*statements);
        let (by_lookup, by_text) = (decision / lookup, decision / text);
        let beside_globsets = globsets.map(|globsets| {
            let times = globsets / decision;
            format!("{globsets:.0} ns | {times:.1} | {least}, {}", verdict(times >= least))
        });
        println!(
            "| {statements} | {decision:.0} ns | {lookup:.0} ns | {by_lookup:.1} | {most}, {} | {text:.0} ns | {by_text:.1} | {most}, {} | {} |",
            verdict(by_lookup <= most),
            verdict(by_text <= most),
            beside_globsets.unwrap_or_else(|| format!("- | - | {least}, not measured")),
        );
    }
    threads();
    reading();
    for statements in [1_000, 10_000] {
        memory(statements);
    }
}

/// The least of several times, since whatever else the machine does only adds.
fn least(mut work: impl FnMut()) -> Duration {
    let time = |_| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..15).map(time).min().unwrap()
}

/// How often two threads do what one does in the same time.
fn doubled(work: impl Fn() + Sync) -> f64 {
    let alone = least(&work);
    let together = least(|| {
        thread::scope(|scope| {
            scope.spawn(&work);
            scope.spawn(&work);
        });
    });
    2.0 * alone.as_secs_f64() / together.as_secs_f64()
}

/// Decisions of two threads; and hashes of short texts, which have nothing in common but the machine.
fn threads() {
    const ROUNDS: usize = 200;
    let mut mix = Mix::new(1_000);
    let policies = mix.policy_set();
    let principal = mix::principal();
    let calls: Vec<Call> = (0..1_000).map(|_| mix.any_call()).collect();
    let contexts: Vec<_> = calls.iter().map(Call::context).collect();
    let requests: Vec<Request<'_>> =
        calls.iter().zip(&contexts).map(|(call, context)| call.request(&principal, context)).collect();
    let decisions = doubled(|| {
        for request in requests.iter().cycle().take(ROUNDS * requests.len()) {
            black_box(policies.decide(black_box(request)));
        }
    });
    let hashing = FixedState::default();
    let hashes = doubled(|| {
        for call in calls.iter().cycle().take(4 * ROUNDS * calls.len()) {
            black_box(hashing.hash_one(black_box(&call.resource)));
        }
    });
    println!(
        "\nTwo threads make {decisions:.2} times the decisions of one: target 1.8, {}. Of hashes of a text they make {hashes:.2} times \
         as many.",
        verdict(decisions >= 1.8)
    );
}

/// Reading policies beside `serde_json::Value` of the same texts, and compiling them beside reading.
fn reading() {
    let texts = Mix::new(1_000).documents();
    let sources: Vec<SourceText> =
        texts.iter().enumerate().map(|(number, text)| SourceText::new(name(number), text.as_str())).collect();
    let values = least(|| {
        for text in &texts {
            black_box(serde_json::from_str::<serde_json::Value>(text).unwrap());
        }
    });
    let documents = least(|| {
        for source in &sources {
            black_box(document(source));
        }
    });
    let world = world(&sources);
    let compiled = least(|| drop(black_box(Authorizer::new(&world).unwrap())));
    let (reading, compiling) =
        (documents.as_secs_f64() / values.as_secs_f64(), compiled.as_secs_f64() / documents.as_secs_f64());
    println!(
        "Reading 1,000 statements takes {documents:.2?}, {reading:.1} times `serde_json::Value` ({values:.2?}): target 1, {}.",
        verdict(reading <= 1.0)
    );
    println!(
        "Compiling them takes {compiled:.2?}, {compiling:.2} times reading: target 1, {}.",
        verdict(compiling <= 1.0)
    );
}

/// Bytes a statement, beyond the text of the policies.
fn memory(statements: usize) {
    let texts = Mix::new(statements).documents();
    let sources: Vec<SourceText> =
        texts.iter().enumerate().map(|(number, text)| SourceText::new(name(number), text.as_str())).collect();
    let each = |bytes: i64| bytes as f64 / statements as f64;
    let mut kept = None;
    let read = allocation_counter::measure(|| kept = Some(world(&sources)));
    let world = kept.unwrap();
    let mut kept = None;
    let compiled = allocation_counter::measure(|| kept = Some(Authorizer::new(&world).unwrap()));
    let target = if statements <= 1_000 { 240.0 } else { 150.0 };
    let (read, compiled) = (each(read.bytes_current), each(compiled.bytes_current));
    println!(
        "Of {statements} statements the index takes {compiled:.0} bytes each: target {target}, {}. What was read of them, with the \
         place of every element, takes {read:.0} bytes each beside the {:.0} of the text: with it the target is {}.",
        verdict(compiled <= target),
        texts.iter().map(String::len).sum::<usize>() as f64 / statements as f64,
        verdict(compiled + read <= target),
    );
}

fn name(number: usize) -> String {
    format!("policy-{number}")
}

fn document(source: &SourceText) -> Document {
    Document::parse(source, PolicyKind::Identity, &Dialect::strict()).unwrap()
}

/// A world of one user with these policies.
fn world(sources: &[SourceText]) -> World {
    let mut world = World::default();
    let mut attachments = Vec::new();
    for source in sources {
        world.policies.insert(source.name(), document(source));
        attachments.push(Attachment { policy: source.name().to_owned(), system: false, scope: Scope::Account });
    }
    let user = User {
        id: "2234567890123456".to_owned(),
        groups: Vec::new(),
        attachments: attachments.into(),
        keys: Vec::new(),
    };
    let mut account = Account::default();
    account.users.insert("alice".to_owned(), user);
    world.accounts.insert(mix::ACCOUNT.to_owned(), account);
    world
}
