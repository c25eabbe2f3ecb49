//! The gate as a process, doing everything, beside nginx and HAProxy that only pass calls on: one run, the same two
//! cores, the same upstream, the same requests.
//!
//! `benches/install` installs the rivals. `cargo bench --bench serving` measures; docs/benchmarks.md says what. With
//! `RAMGATE_PROGRAM=FILE` it measures a gate that was built before.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]

#[path = "serving/contenders.rs"]
mod contenders;
#[path = "serving/load.rs"]
mod load;
#[path = "serving/origin.rs"]
mod origin;

use std::time::Duration;

use contenders::Contenders;
use load::{Load, Requests};

/// Connections that calls are made over at once.
const CONNECTIONS: usize = 32;

/// How often every contender is measured, in turn with the others.
const ROUNDS: usize = 7;

/// How long one measurement takes.
const ROUND: Duration = Duration::from_millis(1500);

/// Connections that are held open to see what one costs.
const IDLE: usize = 2000;

fn main() {
    // `cargo test --benches` only wants to know that it builds and runs.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    // With a name, only those whose name holds it.
    let named = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let contenders = Contenders::start();
    let wanted = |name: &str| name == "ramgate" || name.contains(&named);
    let requests = Requests::signed(contenders.gate_host(), 400_000);

    println!("requests per second, {CONNECTIONS} connections, median of {ROUNDS} rounds of {ROUND:?} in turn\n");
    let mut rates: Vec<Vec<f64>> = vec![Vec::new(); contenders.all().len()];
    let mut costs = rates.clone();
    for round in 0..=ROUNDS {
        for (index, contender) in contenders.all().iter().enumerate().filter(|(_, contender)| wanted(contender.name)) {
            let verified = index == contenders.gate();
            let load =
                Load { address: contender.address, verified, connections: CONNECTIONS, duration: ROUND, pause: None };
            let before = contender.processor_time();
            let done = load.run(&requests);
            let taken = contender.processor_time() - before;
            assert_eq!(done.failed, 0, "{}: {:?}", contender.name, done.first_failure);
            // The first round warms everything up.
            if round > 0 {
                rates[index].push(done.latencies.len() as f64 / ROUND.as_secs_f64());
                costs[index].push(taken.as_secs_f64() * 1e6 / done.latencies.len() as f64);
            }
        }
    }
    let gate = median(&mut rates[contenders.gate()].clone());
    for ((contender, rates), costs) in contenders.all().iter().zip(&mut rates).zip(&mut costs) {
        if rates.is_empty() {
            continue;
        }
        let (rate, cost) = (median(rates), median(costs));
        println!(
            "{:24}{rate:>10.0}   ramgate is {:>5.2} x it{cost:>10.1} us of processor a call",
            contender.name,
            gate / rate
        );
    }
    if !named.is_empty() {
        return;
    }

    // The gate at half of what it can do, and the same number of calls without anything between.
    let pause = Duration::from_secs_f64(CONNECTIONS as f64 / (gate / 2.0));
    println!("\nlatency at {:.0} calls per second, median and 99th percentile in microseconds\n", gate / 2.0);
    let mut direct: Option<(f64, f64)> = None;
    for (index, contender) in contenders.all().iter().enumerate() {
        let duration = Duration::from_secs(4);
        let verified = index == contenders.gate();
        let load =
            Load { address: contender.address, verified, connections: CONNECTIONS, duration, pause: Some(pause) };
        let mut latencies: Vec<f64> =
            load.run(&requests).latencies.iter().map(|latency| latency.as_secs_f64() * 1e6).collect();
        let (middle, high) = (median(&mut latencies), percentile(&latencies, 0.99));
        let (first_middle, first_high) = *direct.get_or_insert((middle, high));
        println!(
            "{:24}{middle:>10.0}{high:>10.0}   {:>+8.0}{:>+8.0}",
            contender.name,
            middle - first_middle,
            high - first_high
        );
    }

    println!("\nmemory of an idle connection, from {IDLE} of them\n");
    for contender in contenders.all().iter().filter(|contender| contender.process.is_some()) {
        let before = contender.memory();
        let held: Vec<_> = (0..IDLE).map(|_| load::connect(contender.address)).collect();
        std::thread::sleep(Duration::from_secs(1));
        let taken = contender.memory().saturating_sub(before) as f64 / held.len() as f64;
        println!("{:24}{:>10.1} KiB", contender.name, taken / 1024.0);
    }
}

/// The middle of `values`, which are sorted by it.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    percentile(values, 0.5)
}

fn percentile(sorted: &[f64], part: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * part).round() as usize]
}
