//! A file of a million requests, decided by `ramgate decide --requests`, beside the library on one thread.
//!
//! - `library` is asked the same questions: it reads each from its line, makes a request of it and decides it.
//! - `decisions` is the library deciding the same requests when they are made already; nobody asks so who has a file.
//! - `command` reads the file and writes an answer for each line, which names the statement and the keys that are not known.
//!
//! The target is half of the speed of `library`. All must decide the same before anything is measured.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::cast_precision_loss, clippy::wildcard_imports)]

mod mix;
mod ratios;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use criterion::Criterion;
use mix::{Call, Mix};
use ramgate::authz::{Asked, Mode, Outcome, PolicySet, Question, Request, group_value, stated_group};
use ramgate::identity::Principal;
use ramgate::policy::Context;
use ratios::Ratios;
use serde_json::{Map, Value, json};

/// Statements of the policies.
const STATEMENTS: usize = 1_000;

/// Different requests; lines repeat them.
const CALLS: usize = 1_000;

/// What is known of the keys that a line does not name.
#[derive(Clone, Copy)]
enum Others {
    /// None is carried: the line says so, and in which resource group the resource is.
    Absent,
    /// Nothing, as by default.
    Unknown,
}

fn line(call: &Call, others: Others) -> String {
    let context = call.context.iter().map(|(key, value)| ((*key).to_owned(), Value::from(value.as_str())));
    let mut line = json!({
        "principal": mix::principal().to_string(), "action": call.action, "resource": call.resource,
        "context": context.collect::<Map<_, _>>(),
    });
    if let Others::Absent = others {
        line["complete"] = true.into();
        line["resource_group"] = "".into();
    }
    line.to_string()
}

/// The library: from a line to a decision.
fn allowed(policies: &PolicySet, principal: &Principal, arn: &str, line: &str) -> bool {
    let question: Question<'_> = serde_json::from_str(line).unwrap();
    let Ok(Asked::Action { action, resource, resource_group }) = question.asked() else { panic!("{line}") };
    let group = stated_group(resource_group);
    let mut context = question.context(&[("acs:PrincipalARN", "`principal`")]).unwrap();
    context.set_value("acs:ResourceGroupId", group_value(&group));
    context.set("acs:PrincipalARN", arn);
    let mode = Mode::of_action(action);
    let request = Request { principal, action, resource, owner: None, resource_group: &group, context: &context, mode };
    policies.decide(&request).outcome == Outcome::Allow
}

fn context(call: &Call, arn: &str, others: Others) -> Context {
    let mut context = match others {
        Others::Absent => Context::new(),
        Others::Unknown => Context::unknown(),
    };
    for (key, value) in &call.context {
        context.set(key, value.as_str());
    }
    context.set("acs:PrincipalARN", arn);
    context
}

/// The command, its policies and its lines.
fn command(mix: &Mix, folder: &Path, lines: &[String], count: usize) -> impl Fn(Stdio) -> std::process::Child {
    let requests = folder.join("requests.jsonl");
    let mut file = BufWriter::new(File::create(&requests).unwrap());
    lines.iter().cycle().take(count).for_each(|line| writeln!(file, "{line}").unwrap());
    file.flush().unwrap();
    let mut arguments = vec!["decide".to_owned(), "--requests".to_owned(), requests.display().to_string()];
    for (number, document) in mix.documents().iter().enumerate() {
        let path = folder.join(format!("policy-{number}.json"));
        std::fs::write(&path, document).unwrap();
        arguments.extend(["--policy".to_owned(), path.display().to_string()]);
    }
    move |output| Command::new(env!("CARGO_BIN_EXE_ramgate")).args(&arguments).stdout(output).spawn().unwrap()
}

/// What the command takes beside the library and beside decisions alone, in times.
fn measure(criterion: &mut Criterion, ratios: &mut Ratios, name: &str, others: Others) -> Option<(f64, f64)> {
    let count = if ratios::measures() { 1_000_000 } else { 1_000 };
    let mut mix = Mix::new(STATEMENTS);
    let policies = mix.policy_set();
    let principal = mix::principal();
    let arn = principal.arn();
    let calls = mix.calls(CALLS, |call| policies.decide(&call.request(&principal, &call.context())).outcome);
    let lines: Vec<String> = calls.iter().map(|call| line(call, others)).collect();
    let contexts: Vec<Context> = calls.iter().map(|call| context(call, &arn, others)).collect();
    let requests: Vec<Request<'_>> =
        calls.iter().zip(&contexts).map(|(call, context)| call.request(&principal, context)).collect();
    let folder = tempfile::tempdir().unwrap();
    let command = command(&mix, folder.path(), &lines, count);

    let output = command(Stdio::piped()).wait_with_output().unwrap();
    let answers = String::from_utf8(output.stdout).unwrap();
    assert_eq!(answers.lines().count(), count);
    for ((line, request), answer) in lines.iter().zip(&requests).zip(answers.lines()) {
        let answer: Value = serde_json::from_str(answer).unwrap();
        assert_eq!(answer["allowed"], allowed(&policies, &principal, &arn, line), "{line}");
        assert_eq!(answer["allowed"], policies.decide(request).outcome == Outcome::Allow, "{line}");
    }

    let task = ("requests", name);
    let library = ratios.measure(criterion, task, "library", || {
        lines.iter().cycle().take(count).filter(|line| allowed(&policies, &principal, &arn, line)).count()
    });
    let decisions = ratios.measure(criterion, task, "decisions", || {
        let allowed = |request: &&Request<'_>| policies.decide(request).outcome == Outcome::Allow;
        requests.iter().cycle().take(count).filter(allowed).count()
    });
    let answers = || File::create(folder.path().join("answers.jsonl")).unwrap();
    let command = ratios.measure(criterion, task, "command", || command(answers().into()).wait().unwrap().code());
    Some((command? / library?, command? / decisions?))
}

fn main() {
    let mut criterion = ratios::criterion().sample_size(10);
    let mut ratios = Ratios::new(&["library", "decisions", "command"]);
    let measured = [("all known", Others::Absent), ("some unknown", Others::Unknown)]
        .map(|(name, others)| (name, measure(&mut criterion, &mut ratios, name, others)));
    criterion.final_summary();
    ratios.print();
    for (name, times) in measured {
        let Some((library, decisions)) = times.filter(|_| ratios::measures()) else { continue };
        println!(
            "{name}: the command decides {:.2} times as fast as the library from the same lines, target 0.5, {}; and {:.2} times as \
             fast as decisions alone.",
            1.0 / library,
            if library <= 2.0 { "met" } else { "missed" },
            1.0 / decisions,
        );
    }
}
