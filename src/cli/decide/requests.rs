//! Many requests, one a line, each with its answer in a line: as many at once as there are processors, and never more
//! in memory than a few thousand lines.

mod answers;
mod portions;

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write, stdin, stdout};
use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::AtomicUsize;

use foldhash::fast::RandomState;

use self::answers::{Answers, Decisions};
use self::portions::{Lines, PORTION, Portion};
use crate::authz::{Asked, Mode, Question, Request, decide_each, group_value, stated_group};
use crate::catalog::{Facts, Parameters};
use crate::cli::Exit;
use crate::cli::output;
use crate::cli::progress::{self, Progress};
use crate::cli::question::{self, By, Policies, Refusal};
use crate::identity::Principal;

/// The longest line that is read, in bytes.
const LONGEST: usize = 1 << 20;

/// The most lines without an answer that are told one by one.
const TOLD: usize = 20;

/// How many principals are remembered by their names.
const REMEMBERED: usize = 10_000;

/// Answers every line of `path`, or of standard input where that is `-`.
pub(super) fn decide(by: &By, path: &Path) -> Result<Exit, Refusal> {
    let policies = by.read()?;
    let unread = |error| Refusal::Usage(format!("`{}` cannot be read: {error}", path.display()));
    let (source, size): (Box<dyn BufRead>, _) = if path.as_os_str() == "-" {
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
    let asked = Requests { by, policies: &policies, facts: policies.facts() };
    let read = AtomicUsize::new(0);
    let lines = Lines::new(source, LONGEST, &read);
    let shown = match size {
        Some(all) => Progress { all: Some(all), template: "{bar:40} {bytes}/{total_bytes}, {eta} to go" },
        None => Progress { all: None, template: "{spinner} {bytes}" },
    };
    progress::watch(&read, &shown, || asked.answer(lines)).map_err(unread)
}

/// How the lines so far were answered.
#[derive(Default)]
struct Tally {
    denied: u64,
    refused: u64,
}

/// What is the same for every line.
struct Requests<'a> {
    by: &'a By,
    policies: &'a Policies,
    facts: Facts,
}

/// What one thread keeps from line to line.
struct Answering<'a> {
    requests: &'a Requests<'a>,
    names: Names,
    decisions: Decisions<'a>,
}

/// Principals by what they are called.
#[derive(Default)]
struct Names(HashMap<String, Somebody, RandomState>);

/// Who asks, and the ARN by which conditions know it.
struct Somebody {
    principal: Principal,
    arn: String,
}

impl Requests<'_> {
    fn answer(&self, lines: Lines<'_>) -> std::io::Result<Exit> {
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        let mut tally = Tally::default();
        let mut output = stdout().lock();
        let work = || {
            let (names, decisions) = (Names::default(), Decisions::new(self.policies));
            let mut answering = Answering { requests: self, names, decisions };
            move |portion: &Portion, answers: &mut Answers| answering.portion(portion, answers)
        };
        lines.work(threads, work, |answers: &mut Answers| {
            tally.denied += answers.denied;
            for (line, error) in &answers.refused {
                tally.refused += 1;
                if tally.refused <= TOLD as u64 {
                    output::complain(format_args!("line {line}: {error}"));
                }
            }
            // A reader that has gone away wants no more.
            output.write_all(&answers.text).is_ok()
        })?;
        Ok(tally.exit())
    }
}

impl Answering<'_> {
    fn portion(&mut self, portion: &Portion, answers: &mut Answers) {
        answers.clear();
        for (number, line) in portion.lines().filter(|(_, line)| !line.iter().all(u8::is_ascii_whitespace)) {
            if let Err(error) = self.line(number, line, answers) {
                answers.refuse(number, error);
            }
        }
    }

    fn line(&mut self, number: u64, line: &[u8], answers: &mut Answers) -> Result<(), String> {
        if line.len() > LONGEST {
            return Err(format!("it is longer than {LONGEST} bytes"));
        }
        // A line is checked as a whole, which takes less than each of its strings by itself.
        let question: serde_json::Result<Question<'_>> = match std::str::from_utf8(line) {
            Ok(line) => serde_json::from_str(line),
            Err(_) => serde_json::from_slice(line),
        };
        let question = question.map_err(|error| format!("it is no request: {error}"))?;
        let Self { requests, names, decisions } = self;
        let somebody = match question.principal() {
            Some(name) => Some(names.find(name, requests)?),
            None if requests.policies.world().is_none() && !requests.by.need_a_principal() => None,
            None => return Err("say who asks by `principal`".to_owned()),
        };
        match question.asked().map_err(|error| error.to_string())? {
            Asked::Call { operation, parameters } => {
                let caller = somebody.ok_or("a call is somebody's: say whose by `principal`")?;
                let mut given = Parameters::new();
                for (name, value) in parameters {
                    given.insert(name, value).map_err(|error| error.to_string())?;
                }
                let (world, facts) = (requests.policies.world(), &requests.facts);
                let checks = question::checks(operation, &given, None, world, facts, &caller.principal)?;
                let follow = question::call_follows("`principal`", world.is_some());
                let context = question.context(&follow).map_err(|error| error.to_string())?;
                decisions.call(number, question.wants_trace(), answers, |decide| {
                    decide_each(&caller.principal, &checks, &context, |_, request| decide(request))
                });
            }
            Asked::Action { action, resource, resource_group } => {
                let group = stated_group(resource_group);
                let mut context = question.context(&ACTION_FOLLOWS).map_err(|error| error.to_string())?;
                context.set_value("acs:ResourceGroupId", group_value(&group));
                let anybody;
                let principal = match somebody {
                    Some(Somebody { principal, arn }) => {
                        context.set("acs:PrincipalARN", arn.as_str());
                        principal
                    }
                    None => {
                        anybody = requests.by.somebody(resource);
                        &anybody
                    }
                };
                let request = Request {
                    principal,
                    action,
                    resource,
                    owner: None,
                    resource_group: &group,
                    context: &context,
                    mode: Mode::of_action(action),
                };
                decisions.action(number, &request, question.wants_trace(), answers);
            }
        }
        Ok(())
    }
}

impl Names {
    fn find(&mut self, name: &str, requests: &Requests<'_>) -> Result<&Somebody, String> {
        if !self.0.contains_key(name) {
            let principal = match requests.policies.world() {
                Some(world) => world.principal(name).map_err(|error| error.to_string())?,
                None => requests.by.named(name, None)?,
            };
            // Without a world a name is whatever a line says.
            if self.0.len() >= REMEMBERED {
                self.0.clear();
            }
            self.0.insert(name.to_owned(), Somebody { arn: principal.arn(), principal });
        }
        self.0.get(name).ok_or_else(|| format!("`{name}` names no principal"))
    }
}

/// What follows from the rest of a request for an action.
const ACTION_FOLLOWS: [(&str, &str); 2] =
    [("acs:PrincipalARN", "`principal`"), ("acs:ResourceGroupId", "`resource_group`")];

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
