//! The command line: one file a command. A command parses flags, calls a room and prints; no logic of its own.

mod admin;
mod audit;
mod call;
mod check;
mod credential;
mod decide;
mod demo;
mod endpoint;
mod exchange;
mod explain;
mod fmt;
mod lint;
mod logging;
mod output;
mod progress;
mod question;
mod sandbox;
mod serve;
mod signals;
mod supervisor;

use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

/// How long the calls of a serving command that are cut short have to leave their records, before its log ends.
const LAST_RECORDS: Duration = Duration::from_secs(1);

/// How a command ended, as its exit status says it (spec world, exit statuses).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Allowed, clean, proved.
    Success,
    /// Denied, findings, refuted.
    Finding,
    /// Usage, or input that cannot be read.
    Usage,
    /// What was asked for could not be carried out: no answer, no connection, a fault of ramgate's own.
    Internal,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Success => 0,
            Exit::Finding => 1,
            Exit::Usage => 2,
            Exit::Internal => 3,
        })
    }
}

/// Decides what an Alibaba Cloud RAM policy allows.
#[derive(Debug, Parser)]
#[command(name = "ramgate", version, max_term_width = 100, after_help = AFTER_HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Exit statuses: 0 allowed or clean, 1 denied or findings, 2 usage or unreadable input, 3 internal or network error.

Example:
  ramgate check examples/demo";

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the gate at work on this machine: one call that it allows, one that it denies, then yours.
    Demo(demo::Demo),
    /// Find every mistake of a configuration, or of a world, and of its policies.
    Check(check::Check),
    /// Check policies for what is wrong, dangerous or pointless, and mend it.
    Lint(Box<lint::Lint>),
    /// Write policies in one way, in files of their own and in Terraform.
    Fmt(fmt::Fmt),
    /// Ask the evaluator: is this call, or this action on this resource, allowed?
    Decide(Box<decide::Decide>),
    /// Say why a request is denied or allowed, and which smallest changes would have allowed it.
    Explain(Box<explain::Explain>),
    /// Run the gate: verify calls, decide them by policy, forward what is allowed.
    Serve(serve::Serve),
    /// Read the records of a gate: show, count, or decide them again by another world.
    Audit(Box<audit::Audit>),
    /// Ask a running gate over its admin listener: whether it is ready, what it counts, to reload.
    Admin(admin::Admin),
    /// Run an upstream with PolarDB's migration operations on this machine.
    Sandbox(Box<sandbox::Sandbox>),
    /// Sign a call and send it, with the key that the Alibaba Cloud SDKs take from the environment.
    Call(Box<call::Call>),
}

/// Runs the command that the process's arguments name.
#[must_use]
pub fn main() -> Exit {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let help = !error.use_stderr();
            // Nothing is left to be done where even this cannot be printed.
            let _ = error.print();
            return if help { Exit::Success } else { Exit::Usage };
        }
    };
    match arguments.command {
        Command::Demo(demo) => demo.run(),
        Command::Check(check) => check.run(),
        Command::Lint(lint) => lint.run(),
        Command::Fmt(fmt) => fmt.run(),
        Command::Decide(decide) => decide.run(),
        Command::Explain(explain) => explain.run(),
        Command::Serve(serve) => serve.run(),
        Command::Audit(audit) => audit.run(),
        Command::Admin(admin) => admin.run(),
        Command::Sandbox(sandbox) => sandbox.run(),
        Command::Call(call) => call.run(),
    }
}
