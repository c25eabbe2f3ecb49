//! Contenders for one task, measured in one run, and how they compare.
//!
//! Times differ from machine to machine and from hour to hour; what one contender takes beside another in the same run
//! differs far less. So the ratios are what is to be read.

use std::cell::RefCell;
use std::fmt::Write;
use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, SamplingMode};

/// What each contender took for each task.
pub struct Ratios {
    contenders: &'static [&'static str],
    rows: Vec<(String, Vec<Option<f64>>)>,
}

impl Ratios {
    /// A table with one column for each contender; the others are compared with the first.
    pub fn new(contenders: &'static [&'static str]) -> Self {
        Self { contenders, rows: Vec::new() }
    }

    /// Measures `work` as what `contender` does for `task`: the median in seconds, where it was measured at all.
    pub fn measure<T>(
        &mut self,
        criterion: &mut Criterion,
        (task, size): (&str, &str),
        contender: &str,
        mut work: impl FnMut() -> T,
    ) -> Option<f64> {
        let samples = RefCell::new(Vec::new());
        let mut group = criterion.benchmark_group(task);
        group.sampling_mode(SamplingMode::Flat);
        group.bench_function(BenchmarkId::new(contender, size), |bencher| {
            bencher.iter_custom(|count| {
                let start = Instant::now();
                for _ in 0..count {
                    black_box(work());
                }
                let taken = start.elapsed();
                samples.borrow_mut().push(taken.as_secs_f64() / count as f64);
                taken
            });
        });
        group.finish();
        let label = format!("{task}/{size}");
        let column = self.contenders.iter().position(|known| *known == contender).expect("a contender of the table");
        let row = match self.rows.iter().position(|(known, _)| *known == label) {
            Some(row) => row,
            None => {
                self.rows.push((label, vec![None; self.contenders.len()]));
                self.rows.len() - 1
            }
        };
        let median = median(samples.into_inner());
        self.rows[row].1[column] = median;
        median
    }

    /// Prints the table, where anything was measured and not only tried out.
    pub fn print(&self) {
        if !measures() {
            return;
        }
        let first = self.contenders[0];
        let mut table = format!("\nMedian times of this run, and as multiples of `{first}`:\n\n{:28}", "");
        for contender in self.contenders {
            write!(table, "{contender:>24}").unwrap();
        }
        for (label, times) in self.rows.iter().filter(|(_, times)| times.iter().any(Option::is_some)) {
            write!(table, "\n{label:28}").unwrap();
            for (column, time) in times.iter().enumerate() {
                let Some(time) = time else {
                    write!(table, "{:>24}", "-").unwrap();
                    continue;
                };
                let shown = format!("{:.3?}", Duration::from_secs_f64(*time));
                match times[0].filter(|_| column > 0) {
                    Some(base) => write!(table, "{shown:>13} = {:>6.1} x", time / base).unwrap(),
                    None => write!(table, "{shown:>24}").unwrap(),
                }
            }
        }
        println!("{table}\n");
    }
}

/// Whether anything is measured and not only tried out.
pub fn measures() -> bool {
    let measured = |argument: &String| argument == "--bench";
    let tried = |argument: &String| argument == "--test" || argument == "--list";
    std::env::args().any(|argument| measured(&argument)) && !std::env::args().any(|argument| tried(&argument))
}

fn median(mut samples: Vec<f64>) -> Option<f64> {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied()
}

/// Criterion, set so that a run takes a minute and not many.
pub fn criterion() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800))
        .configure_from_args()
}
