//! Compares the engine with the reference evaluator on made-up worlds, for as long as it is asked to.
//!
//! ```text
//! cargo run --release --no-default-features --example differential -- [COMPARISONS [THREADS [FIRST_SEED]]]
//! ```
//!
//! It prints how many decisions were compared, and every disagreement made as small as will do. Any disagreement makes it
//! exit with status 1.
#![allow(clippy::indexing_slicing, reason = "all of it is made here")]

mod compare;
mod worlds;

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use compare::{Evaluator, Tally, compare, engine, explained, minimised, shown};

/// Questions to each world.
const QUESTIONS: usize = 2000;

struct Run {
    wanted: u64,
    compared: AtomicU64,
    next_seed: AtomicU64,
    mismatches: AtomicU64,
    tally: Mutex<Tally>,
}

impl Run {
    fn work(&self) {
        while self.compared.load(Ordering::Relaxed) < self.wanted {
            let seed = self.next_seed.fetch_add(1, Ordering::Relaxed);
            // Explanations are slow and are another way through the same evaluator: one world in sixteen is theirs.
            let evaluator: Evaluator = if seed.is_multiple_of(16) { explained } else { engine };
            let mut tally = Tally::default();
            if let Some(mismatch) = compare(seed, QUESTIONS, evaluator, &mut tally) {
                self.mismatches.fetch_add(1, Ordering::Relaxed);
                println!("mismatch in the world of seed {seed}: {}", shown(&minimised(*mismatch, evaluator)));
            }
            self.compared.fetch_add(tally.total(), Ordering::Relaxed);
            if let Ok(mut all) = self.tally.lock() {
                all.add(tally);
            }
        }
    }

    fn report(&self, since: Instant) {
        let compared = self.compared.load(Ordering::Relaxed);
        let seconds = since.elapsed().as_secs_f64();
        let (mismatches, tally) = (self.mismatches.load(Ordering::Relaxed), self.tally.lock().map(|tally| *tally));
        println!(
            "{compared} comparisons in {seconds:.0} s, {mismatches} mismatches; {}",
            tally.map_or_else(|_| String::new(), |tally| tally.to_string())
        );
    }
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let mut number = |default: u64| arguments.next().unwrap_or(Ok(default));
    let (Ok(wanted), Ok(threads), Ok(first_seed)) = (number(1_000_000), number(1), number(0)) else {
        eprintln!("usage: differential [COMPARISONS [THREADS [FIRST_SEED]]], all of them numbers");
        return ExitCode::from(2);
    };
    let run = Run {
        wanted,
        compared: AtomicU64::new(0),
        next_seed: AtomicU64::new(first_seed),
        mismatches: AtomicU64::new(0),
        tally: Mutex::default(),
    };
    let since = Instant::now();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(|| run.work())).collect();
        let mut reported = Instant::now();
        while workers.iter().any(|worker| !worker.is_finished()) {
            std::thread::sleep(Duration::from_millis(200));
            if reported.elapsed() > Duration::from_mins(1) {
                reported = Instant::now();
                run.report(since);
            }
        }
    });
    run.report(since);
    if run.mismatches.load(Ordering::Relaxed) == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
