//! A gate's world: up to 10,000 principals with over 1,000,000 attached statements, of 1,000 different policies; what it takes to load,
//! what it takes in memory, and what a reload takes after one policy was changed.
//!
//! Read the lines beside each other: ten times the principals with the same sets of policies, and twice the sets with the same
//! principals.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::cast_precision_loss)]

mod mix;

use std::fmt::Write;
use std::time::{Duration, Instant};

use mix::Mix;
use ramgate::authz::Authorizer;
use ramgate::identity::World;
use ramgate::json::SourceText;
use ramgate::policy::Dialect;
use ramgate::store::{WorldSources, load_sources, load_sources_after};

/// Different policies; each has as many statements as RAM's limit of a document lets in.
const POLICIES: usize = 1_000;

/// Policies that are attached to each principal.
const ATTACHED: usize = 3;

/// What something took: time, memory that it keeps, and what it is.
struct Taken<T> {
    time: Duration,
    bytes: i64,
    made: T,
}

fn taken<T>(work: impl FnOnce() -> T) -> Taken<T> {
    let (mut made, mut time) = (None, Duration::ZERO);
    let counted = allocation_counter::measure(|| {
        let start = Instant::now();
        made = Some(work());
        time = start.elapsed();
    });
    Taken { time, bytes: counted.bytes_current, made: made.unwrap() }
}

/// A world in which as many principals as this have one of `sets` sets of policies each.
fn sources(documents: &[String], principals: usize, sets: usize) -> WorldSources {
    let mut world = format!("[accounts.{}]\n", mix::ACCOUNT);
    for principal in 0..principals {
        let first = principal % sets;
        let attached: Vec<String> = (0..ATTACHED)
            .map(|number| format!("{{ policy = \"p-{}\" }}", (first + number * 37) % documents.len()))
            .collect();
        let (id, attached) = (2_000_000_000_000_000 + principal, attached.join(", "));
        let account = mix::ACCOUNT;
        writeln!(world, "[accounts.{account}.users.u-{principal}]\nid = \"{id}\"\nattachments = [{attached}]").unwrap();
    }
    let policy = |(number, text): (usize, &String)| {
        let path = format!("p-{number}.json");
        (path.clone(), SourceText::new(path, text.as_str()))
    };
    WorldSources {
        world: SourceText::new("world.toml", world),
        policies: documents.iter().enumerate().map(policy).collect(),
        limits: None,
        base: ".".into(),
    }
}

fn load(sources: &WorldSources) -> World {
    load_sources(sources, &Dialect::strict()).unwrap()
}

fn line(documents: &[String], principals: usize, sets: usize) {
    let mut files = sources(documents, principals, sets);
    let world = taken(|| load(&files));
    let authorizer = taken(|| Authorizer::new(&world.made).unwrap());
    let statements: usize = world.made.policies.iter().map(|policy| policy.document.statements().len()).sum();
    let attached = principals * ATTACHED * statements / documents.len();

    // One policy says something else.
    let changed = &mut files.policies[POLICIES.min(documents.len()) / 2].1;
    *changed = SourceText::new(changed.name(), changed.text().replacen("Allow", "Deny", 1));
    let reloaded = taken(|| {
        let again = load_sources_after(&files, &Dialect::strict(), &world.made.policies).unwrap();
        let start = Instant::now();
        let after = Authorizer::after(&again, &authorizer.made).unwrap();
        (after.reuse(), start.elapsed())
    });
    let (reuse, indexing) = reloaded.made;
    let made = reuse.made;
    assert!(made > 0 && made <= ATTACHED && reuse.kept == sets - made, "{reuse:?}");

    let mega = |bytes: i64| format!("{:.1} MB", bytes as f64 / 1e6);
    println!(
        "| {principals} | {attached} | {sets} | {:.0?} | {} | {:.0?} | {} | {:.0?} | {:.1?} | {made} |",
        world.time,
        mega(world.bytes),
        authorizer.time,
        mega(authorizer.bytes),
        reloaded.time,
        indexing,
    );
}

fn main() {
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    let measured = std::env::args().any(|argument| argument == "--bench");
    let (policies, sizes) = if measured {
        (POLICIES, [(1_000, 500), (10_000, 500), (10_000, 1_000)])
    } else {
        (20, [(40, 10), (400, 10), (400, 20)])
    };
    let mut documents = Mix::new(policies * 45).documents();
    documents.truncate(policies);
    assert_eq!(documents.len(), policies);
    println!(
        "\n| principals | attached statements | sets of policies | world read | it keeps | authorizer | it keeps | reload after one policy \
         changed | of it the authorizer | lists made |\n|---|---|---|---|---|---|---|---|---|---|"
    );
    for (principals, sets) in sizes {
        line(&documents, principals, sets);
    }
}
