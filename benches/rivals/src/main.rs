//! One decision over 10, 100, 1,000 and 10,000 statements of the mix, by ramgate and by three engines of their own languages, each
//! with the statements in the form that its authors would choose.
//!
//! ```text
//! cargo run --release --manifest-path benches/rivals/Cargo.toml
//! ```
//!
//! Before anything is measured, every rival has to decide every call as ramgate does. What is printed are the medians of one run,
//! how many times ramgate's each of them is, and how many times its own at 10 statements.

#[path = "../../mix/mod.rs"]
mod mix;
#[path = "../../mix/wildcards.rs"]
mod wildcards;

mod casbin;
mod cedar;
mod rego;
mod statement;

use std::fmt::Write;
use std::hint::black_box;
use std::time::{Duration, Instant};

use mix::{Call, Mix};
use ramgate::authz::{Outcome, PolicySet, Request};
use ramgate::policy::Context;

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];
/// Different calls that are decided in turn.
const CALLS: usize = 400;
/// Rounds in which all take turns, and how long each of them takes in one.
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(150);
/// A rival that takes longer to be held against ramgate in all calls, or to be made, is stopped.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a rival comes to.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Outcome(Outcome),
    /// It does not tell one denial from another.
    Allowed(bool),
}

impl Found {
    fn is(&self, outcome: Outcome) -> bool {
        match self {
            Self::Outcome(found) => *found == outcome,
            Self::Allowed(allowed) => *allowed == (outcome == Outcome::Allow),
        }
    }
}

/// An engine with the policies, and the calls in the form in which it takes them.
trait Rival {
    fn decide(&mut self, call: usize) -> Found;
}

struct Ramgate<'a> {
    policies: &'a PolicySet,
    requests: Vec<Request<'a>>,
}

impl Rival for Ramgate<'_> {
    fn decide(&mut self, call: usize) -> Found {
        Found::Outcome(self.policies.decide(&self.requests[call]).outcome)
    }
}

const NAMES: [&str; 4] = ["ramgate", "cedar-policy", "regorus", "casbin"];

/// A rival's median, or why it has none.
type Measured = Result<Duration, String>;

fn measure(size: usize) -> [Measured; NAMES.len()] {
    let mut mix = Mix::new(size);
    let documents = mix.documents();
    let policies = mix.policy_set();
    let principal = mix::principal();
    let decide = |call: &Call| policies.decide(&call.request(&principal, &call.context())).outcome;
    let calls = mix.calls(CALLS.min(size), decide);
    let outcomes: Vec<Outcome> = calls.iter().map(decide).collect();
    let contexts: Vec<Context> = calls.iter().map(Call::context).collect();
    let requests = calls.iter().zip(&contexts).map(|(call, context)| call.request(&principal, context)).collect();
    let statements = statement::read(&documents);
    assert_eq!(statements.len(), size);

    let mut rivals: [Result<Box<dyn Rival + '_>, String>; NAMES.len()] = [
        Ok(Box::new(Ramgate { policies: &policies, requests })),
        Ok(Box::new(cedar::Cedar::new(&statements, &calls))),
        Ok(Box::new(rego::Rego::new(&statements, &calls))),
        Ok(Box::new(casbin::Casbin::new(&statements, &calls))),
    ];
    for (name, slot) in NAMES.into_iter().zip(&mut rivals) {
        let since = Instant::now();
        if let Ok(rival) = slot {
            for (call, outcome) in outcomes.iter().enumerate() {
                let found = rival.decide(call);
                assert!(found.is(*outcome), "{name} finds {found:?} where ramgate finds {outcome}: {:?}", calls[call]);
                if since.elapsed() > PATIENCE {
                    *slot = Err(format!("stopped after {} of {} calls", call + 1, calls.len()));
                    break;
                }
            }
        }
        eprintln!(
            "{size} statements: {name} decides {} calls as ramgate does",
            if slot.is_ok() { "all" } else { "too few" }
        );
    }
    let mut times: [Vec<f64>; NAMES.len()] = Default::default();
    for _ in 0..ROUNDS {
        for (rival, times) in rivals.iter_mut().zip(&mut times) {
            if let Ok(rival) = rival {
                times.push(round(rival.as_mut(), calls.len()));
            }
        }
    }
    let mut times = times.into_iter();
    rivals.map(|rival| {
        let mut times = times.next().unwrap_or_default();
        rival?;
        times.sort_by(f64::total_cmp);
        Ok(Duration::from_secs_f64(times[times.len() / 2]))
    })
}

/// Seconds a decision, over all calls and as often as the round lasts.
fn round(rival: &mut dyn Rival, calls: usize) -> f64 {
    let (since, mut decided) = (Instant::now(), 0_u32);
    loop {
        for call in 0..calls {
            black_box(rival.decide(call));
        }
        decided += u32::try_from(calls).expect("few calls");
        if since.elapsed() > ROUND {
            return since.elapsed().as_secs_f64() / f64::from(decided);
        }
    }
}

fn main() {
    let rows: Vec<_> = SIZES.map(|size| (size, measure(size))).into_iter().collect();
    let mut table = "| statements |".to_owned();
    for name in NAMES {
        write!(table, " {name} |").expect("a text");
    }
    table.push_str("\n|---|");
    table.push_str(&"---|".repeat(NAMES.len()));
    for (size, measured) in &rows {
        write!(table, "\n| {size} |").expect("a text");
        let [ours, ..] = measured;
        for (column, one) in measured.iter().enumerate() {
            match one {
                Err(why) => write!(table, " {why} |"),
                Ok(time) => {
                    let ratio = |of: &Measured| {
                        of.as_ref()
                            .map_or(String::from("-"), |of| format!("{:.1}", time.as_secs_f64() / of.as_secs_f64()))
                    };
                    let growth = ratio(&rows[0].1[column]);
                    write!(table, " {time:.2?}, {} × ramgate, {growth} × at 10 |", ratio(ours))
                }
            }
            .expect("a text");
        }
    }
    println!(
        "Medians of this run, as multiples of ramgate's of the row, and of their own at {} statements:\n\n{table}",
        SIZES[0]
    );
}
