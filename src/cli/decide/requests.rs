//! Many requests, one a line, each with its answer in a line: as many at once as there are processors, and never more
//! in memory than a few thousand lines.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write, stdin, stdout};
use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;

use crate::authz::{
    Asked, CheckDecision, Decision, Mode, Observer, Outcome, Question, Request, Trace, decide_each, group_value,
    stated_group,
};
use crate::catalog::{Facts, Parameters};
use crate::cli::Exit;
use crate::cli::output;
use crate::cli::progress::{self, Progress};
use crate::cli::question::{self, By, Policies, Refusal};
use crate::identity::Principal;
use crate::policy::{ConditionTest, Context, ContextValue, TestOutcome};

/// How much is read before it is decided, in bytes.
const PORTION: usize = 1 << 20;

/// The longest line that is read, in bytes.
const LONGEST: usize = 1 << 20;

/// The most lines without an answer that are told one by one.
const TOLD: usize = 20;

/// What a line came to.
#[derive(Serialize)]
struct Answer {
    line: u64,
    #[serde(flatten)]
    outcome: Answered,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answered {
    Action {
        allowed: bool,
        decision: Box<Decision>,
        unknown_keys: BTreeSet<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        trace: Option<Box<Trace>>,
    },
    Call {
        allowed: bool,
        checks: Vec<CheckDecision>,
        unknown_keys: BTreeSet<String>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        traces: Vec<Trace>,
    },
    Refused {
        error: String,
    },
}

/// Answers every line of `path`, or of standard input where that is `-`.
pub(super) fn decide(by: &By, path: &Path) -> Result<Exit, Refusal> {
    let policies = by.read()?;
    let unread = |error| Refusal::Usage(format!("`{}` cannot be read: {error}", path.display()));
    let (mut lines, size): (Box<dyn BufRead>, _) = if path.as_os_str() == "-" {
        (Box::new(stdin().lock()), None)
    } else {
        let file = File::open(path).map_err(unread)?;
        let size = file
            .metadata()
            .ok()
            .filter(std::fs::Metadata::is_file)
            .map(|metadata| usize::try_from(metadata.len()).unwrap_or(usize::MAX));
        (Box::new(BufReader::with_capacity(PORTION, file)), size)
    };
    let answering = Answering { by, policies: &policies, facts: policies.facts() };
    let read = AtomicUsize::new(0);
    let shown = match size {
        Some(all) => Progress { all: Some(all), template: "{bar:40} {bytes}/{total_bytes}, {eta} to go" },
        None => Progress { all: None, template: "{spinner} {bytes}" },
    };
    progress::watch(&read, &shown, || answering.all(&mut lines, &read)).map_err(unread)
}

/// Lines as they were read, with the number of the first.
struct Portion {
    first: u64,
    lines: Vec<Vec<u8>>,
}

/// How the lines so far were answered.
#[derive(Default)]
struct Tally {
    denied: u64,
    refused: u64,
}

/// One thread's share of a portion, answered.
#[derive(Default)]
struct Share {
    text: Vec<u8>,
    denied: u64,
    refused: Vec<(u64, String)>,
}

struct Answering<'a> {
    by: &'a By,
    policies: &'a Policies,
    facts: Facts,
}

impl Answering<'_> {
    fn all(&self, lines: &mut dyn BufRead, read: &AtomicUsize) -> std::io::Result<Exit> {
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        let mut tally = Tally::default();
        let mut first = 1;
        let mut known: Vec<HashMap<String, Principal>> = vec![HashMap::new(); threads];
        loop {
            let portion = portion(lines, first, read)?;
            if portion.lines.is_empty() {
                break;
            }
            first += portion.lines.len() as u64;
            let size = portion.lines.len().div_ceil(threads);
            let shares: Vec<Share> = std::thread::scope(|scope| {
                let parts = portion.lines.chunks(size).enumerate().zip(&mut known);
                let working: Vec<_> = parts
                    .map(|((number, part), known)| {
                        let first = portion.first + (number * size) as u64;
                        scope.spawn(move || self.share(first, part, known))
                    })
                    .collect();
                // What panics in a thread of its own panics here.
                working
                    .into_iter()
                    .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                    .collect()
            });
            for share in shares {
                tally.denied += share.denied;
                for (line, error) in share.refused {
                    tally.refused += 1;
                    if tally.refused <= TOLD as u64 {
                        output::complain(format_args!("line {line}: {error}"));
                    }
                }
                if stdout().lock().write_all(&share.text).is_err() {
                    // A reader that has gone away wants no more.
                    return Ok(tally.exit());
                }
            }
        }
        Ok(tally.exit())
    }

    fn share(&self, first: u64, lines: &[Vec<u8>], known: &mut HashMap<String, Principal>) -> Share {
        let mut share = Share::default();
        for (line, text) in (first..).zip(lines) {
            if text.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let outcome = self.answer(text, known).unwrap_or_else(|error| {
                share.refused.push((line, error.clone()));
                Answered::Refused { error }
            });
            if matches!(&outcome, Answered::Action { allowed: false, .. } | Answered::Call { allowed: false, .. }) {
                share.denied += 1;
            }
            // Into memory, and of values that have a form in JSON.
            if serde_json::to_writer(&mut share.text, &Answer { line, outcome }).is_ok() {
                share.text.push(b'\n');
            }
        }
        share
    }

    fn answer(&self, text: &[u8], known: &mut HashMap<String, Principal>) -> Result<Answered, String> {
        if text.len() > LONGEST {
            return Err(format!("it is longer than {LONGEST} bytes"));
        }
        let question: Question = serde_json::from_slice(text).map_err(|error| format!("it is no request: {error}"))?;
        let principal = match (question.principal(), self.policies.world()) {
            (Some(name), Some(world)) => {
                if !known.contains_key(name) {
                    known.insert(name.to_owned(), world.principal(name).map_err(|error| error.to_string())?);
                }
                known.get(name).map(Cow::Borrowed)
            }
            (Some(name), None) => Some(Cow::Owned(self.by.named(name, None)?)),
            (None, None) if !self.by.need_a_principal() => None,
            (None, _) => return Err("say who asks by `principal`".to_owned()),
        };
        match question.asked().map_err(|error| error.to_string())? {
            Asked::Call { operation, parameters } => {
                let principal = principal.ok_or("a call is somebody's: say whose by `principal`")?;
                self.call(&question, &principal, operation, parameters)
            }
            Asked::Action { action, resource, resource_group } => {
                let group = stated_group(resource_group);
                let mut context = keys(&question, &ACTION_FOLLOWS)?;
                context.set_value("acs:ResourceGroupId", group_value(&group));
                if let Some(principal) = &principal {
                    context.set("acs:PrincipalARN", principal.arn());
                }
                let principal = principal.unwrap_or_else(|| Cow::Owned(self.by.somebody(resource)));
                let (decision, unknown_keys, trace) = self.ask(
                    &question,
                    &Request {
                        principal: &principal,
                        action,
                        resource,
                        owner: None,
                        resource_group: &group,
                        context: &context,
                        mode: Mode::of_action(action),
                    },
                );
                Ok(Answered::Action {
                    allowed: decision.outcome == Outcome::Allow,
                    decision: Box::new(decision),
                    unknown_keys,
                    trace: trace.map(Box::new),
                })
            }
        }
    }

    fn call(
        &self,
        question: &Question,
        principal: &Principal,
        operation: &str,
        given: &[(String, String)],
    ) -> Result<Answered, String> {
        let mut parameters = Parameters::new();
        for (name, value) in given {
            parameters.insert(name, value).map_err(|error| error.to_string())?;
        }
        let world = self.policies.world();
        let checks = question::checks(operation, &parameters, None, world, &self.facts, principal)?;
        let context = keys(question, &question::call_follows("`principal`", world.is_some()))?;
        let mut unknown_keys = BTreeSet::new();
        let mut traces = Vec::new();
        let verdict = decide_each(principal, &checks, &context, |_, request| {
            let (decision, unknown, trace) = self.ask(question, request);
            unknown_keys.extend(unknown);
            traces.extend(trace);
            decision
        });
        Ok(Answered::Call { allowed: verdict.is_allowed(), checks: verdict.decisions, unknown_keys, traces })
    }

    fn ask(&self, question: &Question, request: &Request<'_>) -> (Decision, BTreeSet<String>, Option<Trace>) {
        if question.wants_trace() {
            let explanation = self.policies.explain(request);
            let unknown = explanation.unknown_keys().into_iter().map(str::to_owned).collect();
            return (explanation.decision(), unknown, Some(explanation.to_trace()));
        }
        let mut unknown = UnknownKeys::default();
        let decision = self.policies.observe(request, &mut unknown);
        (decision, unknown.0, None)
    }
}

/// The keys that tests looked at and of which nothing is known, as policies write them.
#[derive(Default)]
struct UnknownKeys(BTreeSet<String>);

impl Observer<'_> for UnknownKeys {
    fn test(&mut self, test: &ConditionTest, value: &ContextValue, _outcome: TestOutcome) {
        if *value == ContextValue::Unknown {
            self.0.insert(test.written_key().text.to_string());
        }
    }
}

/// What follows from the rest of a request for an action.
const ACTION_FOLLOWS: [(&str, &str); 2] =
    [("acs:PrincipalARN", "`principal`"), ("acs:ResourceGroupId", "`resource_group`")];

fn keys(question: &Question, follow: &[(&str, &str)]) -> Result<Context, String> {
    let keys = question.keys().map_err(|error| error.to_string())?;
    keys.context(follow).map_err(|error| error.to_string())
}

impl Tally {
    fn exit(&self) -> Exit {
        if let Some(further) = self.refused.checked_sub(TOLD as u64).filter(|further| *further > 0) {
            output::complain(format_args!("{further} more lines have no answer"));
        }
        match (self.refused, self.denied) {
            (0, 0) => Exit::Success,
            (0, _) => Exit::Finding,
            _ => Exit::Usage,
        }
    }
}

/// The next lines, up to [`PORTION`] bytes; of a line that is too long, only as much as shows that it is.
fn portion(source: &mut dyn BufRead, first: u64, read: &AtomicUsize) -> std::io::Result<Portion> {
    let mut portion = Portion { first, lines: Vec::new() };
    let mut size = 0;
    while size < PORTION {
        let mut line = Vec::new();
        let bytes = source.take(LONGEST as u64 + 1).read_until(b'\n', &mut line)?;
        if bytes == 0 {
            break;
        }
        if line.len() > LONGEST && line.last() != Some(&b'\n') {
            source.skip_until(b'\n')?;
        }
        size += bytes;
        read.fetch_add(bytes, Ordering::Relaxed);
        portion.lines.push(line);
    }
    Ok(portion)
}
