//! What came of a soak, as Markdown.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::Sample;
use super::calls::Kind;
use super::ledger::Ledger;
use super::process::Ended;
use super::records::Left;
use super::weather::{Fault, Weather};

/// How much more memory the gate may take at the end than after its first quiet time: the part of it, and as much
/// besides as allocators keep back now and then.
const MORE_MEMORY: f64 = 0.25;
const MORE_BYTES: u64 = 12 << 20;

/// How many more descriptors it may have open.
const MORE_DESCRIPTORS: usize = 4;

/// Rows of a table of what the gate took over time.
const ROWS: usize = 30;

/// Everything there is to tell.
pub struct Report {
    pub options: String,
    pub faketime: bool,
    pub began: Instant,
    /// Calls that the gate counted itself.
    pub counted: u64,
    pub ended: Ended,
    pub left: Left,
    pub samples: Vec<Sample>,
    pub weather: Weather,
    pub ledger: Arc<Ledger>,
}

/// Something that has to hold, whether it does, and by which numbers.
struct Check {
    what: &'static str,
    holds: bool,
    numbers: String,
}

impl Report {
    pub fn is_good(&self) -> bool {
        self.checks().iter().all(|check| check.holds)
    }

    fn checks(&self) -> Vec<Check> {
        let ledger = &self.ledger;
        let mistakes = ledger.mistakes();
        let mistaken =
            |names: &[&str]| names.iter().filter_map(|name| mistakes.get(name)).map(|(count, _)| count).sum();
        let none = |what, names: &[&str]| {
            let count: u64 = mistaken(names);
            Check { what, holds: count == 0, numbers: count.to_string() }
        };
        let known = [
            "wrong allow",
            "call forwarded twice",
            "unreadable call forwarded",
            "another call forwarded",
            "wrong signature towards the upstream",
            "wrong deny",
            "bad files put in force",
            "good files refused",
            "call without an answer",
            "no connection",
            "refusal that nothing explains",
        ];
        let others: Vec<&str> = mistakes.keys().copied().filter(|name| !known.contains(name)).collect();
        let arrived = ledger.arrived.load(Ordering::Relaxed);
        let writes = ledger.arrived_writes.load(Ordering::Relaxed);
        let unanswered = ledger.unanswered.load(Ordering::Relaxed);
        let (sum, left) = (self.left.sum, &self.left);
        let (dropped, dropped_intents) = self.ended.dropped;
        let quiet: Vec<&Sample> = self.samples.iter().filter(|sample| sample.quiet).collect();
        // After the first time through all faults, where there was more than one.
        let first = quiet.get(usize::from(quiet.len() > 2)).map(|sample| sample.taken);
        let last = quiet.last().map(|sample| sample.taken);
        let taken = first.zip(last);
        vec![
            none(
                "no wrong allow: nothing reached the upstream but what was allowed then, once, and as it was decided",
                &known[..5],
            ),
            none("no wrong deny", &known[5..6]),
            none("a bad set of files is never put in force, a good one always", &known[6..8]),
            none("every accepted call is answered", &known[8..10]),
            none("every refusal is explained by its call or by a fault", &known[10..]),
            none("nothing else is odd", &others),
            Check {
                what: "no crash: it ends by SIGTERM with status 0, and nothing panicked",
                holds: self.ended.status.success() && self.ended.panics.is_empty(),
                numbers: format!("{}, {} panics", self.ended.status, self.ended.panics.len()),
            },
            Check {
                what: "records plus counted drops equal the calls that the gate counted",
                holds: sum.decisions + dropped == self.counted,
                numbers: format!("{} + {dropped} = {}", sum.decisions, self.counted),
            },
            Check {
                what: "drops that the log tells of are those that the gate counted",
                holds: (sum.dropped_decisions, sum.dropped_intents) == (dropped, dropped_intents),
                numbers: format!("{} and {dropped}", sum.dropped_decisions),
            },
            Check {
                what: "every answer has a record, but for those that were dropped",
                holds: left.awaited as u64 <= dropped,
                numbers: format!("{} answers without one", left.awaited),
            },
            Check {
                what: "every record has an answer, but for clients that did not wait for one",
                holds: left.unclaimed as u64 <= unanswered,
                numbers: format!("{} records, {unanswered} such requests", left.unclaimed),
            },
            Check {
                what: "every call that the upstream saw is on record as forwarded, or dropped",
                holds: sum.forwarded + dropped >= arrived,
                numbers: format!("{arrived} seen, {} on record", sum.forwarded),
            },
            Check {
                what: "every write that was forwarded has an intent, and every intent a decision",
                holds: left.open == 0 && left.unintended == 0 && writes <= sum.intents,
                numbers: format!("{writes} writes seen, {} intents, {} open", sum.intents, left.open),
            },
            Check {
                what: "memory is flat between quiet times",
                holds: taken.is_some_and(|(first, last)| {
                    let most = first.memory + (first.memory as f64 * MORE_MEMORY) as u64 + MORE_BYTES;
                    last.memory <= most
                }),
                numbers: taken
                    .map(|(first, last)| format!("{} → {}", mebibytes(first.memory), mebibytes(last.memory)))
                    .unwrap_or_default(),
            },
            Check {
                what: "descriptors are flat between quiet times",
                holds: taken.is_some_and(|(first, last)| last.descriptors <= first.descriptors + MORE_DESCRIPTORS),
                numbers: taken
                    .map(|(first, last)| format!("{} → {}", first.descriptors, last.descriptors))
                    .unwrap_or_default(),
            },
        ]
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let answered = self.ledger.answered.load(Ordering::Relaxed);
        writeln!(f, "# Soak: {}\n", self.options)?;
        let seconds = self.began.elapsed().as_secs_f64();
        let rate = answered as f64 / seconds;
        writeln!(
            f,
            "{answered} calls were answered in {seconds:.0} s, {rate:.0} in a second with faults and quiet times in it; the slowest \
             took {:.1} s.\n",
            self.ledger.slowest().as_secs_f64()
        )?;
        writeln!(f, "| what has to hold | | numbers |\n|---|---|---|")?;
        for Check { what, holds, numbers } in self.checks() {
            writeln!(f, "| {what} | {} | {numbers} |", if holds { "yes" } else { "**no**" })?;
        }
        writeln!(f, "\n| calls | came to | how many |\n|---|---|---|")?;
        let order = |kind: &str| Kind::ALL.iter().position(|known| known.name() == kind).unwrap_or(usize::MAX);
        let mut outcomes: Vec<_> = self.ledger.outcomes().into_iter().collect();
        outcomes.sort_by_key(|((kind, _), _)| order(kind));
        for ((kind, outcome), count) in outcomes {
            writeln!(f, "| {kind} | {outcome} | {count} |")?;
        }
        writeln!(f, "\n| fault | times |\n|---|---|")?;
        for fault in Fault::ALL {
            if fault == Fault::Clock && !self.faketime {
                writeln!(f, "| {} | left out: `--faketime` was not given |", fault.name())?;
            } else {
                writeln!(f, "| {} | {} |", fault.name(), self.weather.times(fault))?;
            }
        }
        let sum = self.left.sum;
        writeln!(f, "\nThe audit log had {} files of {} together.\n", sum.files, mebibytes(sum.bytes))?;
        writeln!(f, "| at | calls | memory | descriptors | threads | |\n|---|---|---|---|---|---|")?;
        let every = self.samples.len().div_ceil(ROWS).max(1);
        for (index, Sample { at, answered, taken, quiet }) in self.samples.iter().enumerate() {
            if *quiet || index % every == 0 {
                writeln!(
                    f,
                    "| {} s | {answered} | {} | {} | {} | {} |",
                    at.as_secs(),
                    mebibytes(taken.memory),
                    taken.descriptors,
                    taken.threads,
                    if *quiet { "quiet" } else { "" }
                )?;
            }
        }
        for (mistake, (count, told)) in self.ledger.mistakes() {
            writeln!(f, "\n{mistake}: {count}\n")?;
            for what in told {
                writeln!(f, "- {what}")?;
            }
        }
        if !self.is_good() {
            writeln!(f, "\nThe last that the gate said:\n")?;
            for line in self.ended.panics.iter().chain(self.ended.said.iter().rev().take(60).rev()) {
                writeln!(f, "    {line}")?;
            }
        }
        Ok(())
    }
}

fn mebibytes(bytes: u64) -> String {
    let mebibytes = bytes as f64 / f64::from(1 << 20);
    format!("{mebibytes:.1} MiB")
}
