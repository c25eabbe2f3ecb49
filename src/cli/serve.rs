//! `ramgate serve`: the gate.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::Exit;
use super::logging::Logging;
use super::output::{self, Format};
use super::signals::{FileSizeLimit, Hangups, Signals};
use super::supervisor;
use crate::gateway::audit::{Dropped, Log};
use crate::gateway::{Drained, Gate, GatewayError, Inherited, Opened, Reloaded, Watch};
use crate::report::Finding;

/// How often it is looked whether lines of the log were dropped.
const DROPPED_LINES: Duration = Duration::from_secs(10);

const EXAMPLE: &str = "\
Standard output has one JSON line for every call, and for a write another before it is forwarded. Everything else goes
to standard error; RAMGATE_LOG=ramgate=debug shows more of it. SIGHUP and every change of a file reload what is decided
by, and a set of files with a mistake in it leaves the last good one in force. SIGTERM and SIGINT let calls
under way end, a second one does not wait for them.

Example:
  ramgate check ramgate.toml && ramgate serve --config ramgate.toml";

/// Run the gate: verify calls, decide them by policy, forward what is allowed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Serve {
    /// The configuration: listeners, upstreams, limits, and where the world is.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

impl Serve {
    pub(super) fn run(self) -> Exit {
        let inherited = match Inherited::from_environment() {
            Ok(inherited) => inherited,
            Err(error) => {
                output::complain(format_args!("a socket that was passed on cannot be used: {error}"));
                return Exit::Internal;
            }
        };
        let opened = match Opened::read(&self.config) {
            Ok(opened) => opened,
            Err(findings) => {
                output::findings(&findings, Format::Text);
                return Exit::Usage;
            }
        };
        let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                output::complain(error);
                return Exit::Internal;
            }
        };
        let logging = Logging::start();
        let audit = &opened.config.audit;
        let log = match Log::open(audit) {
            Ok(log) => log,
            Err(error) => {
                let file = audit.file.as_ref().map(|file| format!("`{}`", file.path.display()));
                let file = file.unwrap_or_else(|| "standard output".to_owned());
                output::complain(format_args!("calls cannot be put on record in {file}: {error}"));
                return Exit::Internal;
            }
        };
        let mut told = Told::default();
        let exit = runtime.block_on(serve(opened, inherited, &log, &logging, &mut told));
        // Calls that were cut short leave their records when the runtime ends.
        runtime.shutdown_timeout(super::LAST_RECORDS);
        log.close();
        told.of_dropped(&log, &logging);
        exit
    }
}

async fn serve(opened: Opened, inherited: Inherited, log: &Log, logging: &Logging, told: &mut Told) -> Exit {
    let Opened { config, snapshot, findings, mut watch } = opened;
    let (mut signals, mut hangups) = match (Signals::listen(), Hangups::listen()) {
        (Ok(signals), Ok(hangups)) => (signals, hangups),
        (Err(error), _) | (_, Err(error)) => {
            output::complain(format_args!("signals cannot be listened to: {error}"));
            return Exit::Internal;
        }
    };
    // A file that may not grow any more is a failure to write, not the end of the process.
    let _unheeded = FileSizeLimit::listen();
    let gate = match Gate::serve_on(inherited, &config, snapshot, log.clone()).await {
        Ok(gate) => gate,
        Err(error @ GatewayError::Tls(_)) => {
            output::complain(error);
            return Exit::Usage;
        }
        Err(error) => {
            output::complain(error);
            return Exit::Internal;
        }
    };
    if !findings.is_empty() {
        output::findings(&findings, Format::Text);
    }
    for (address, listener) in gate.addresses().iter().zip(&config.listeners) {
        let scheme = if listener.tls.is_some() { "https" } else { "http" };
        output::complain(format_args!("listening on {scheme}://{address}"));
    }
    if let Some(place) = gate.admin() {
        output::complain(format_args!("looked after on {place}"));
    }
    supervisor::watch();
    supervisor::ready("generation 0 is in force");
    // Its turn comes also where reloads follow one another faster.
    let mut dropped_lines = tokio::time::interval(DROPPED_LINES);
    loop {
        tokio::select! {
            () = signals.next() => break,
            () = hangups.next() => {
                log.reopen();
                drop(reload(&gate, &mut watch).await);
            }
            () = watch.changed() => drop(reload(&gate, &mut watch).await),
            asked = gate.reload_asked() => asked.answer(&reload(&gate, &mut watch).await),
            _ = dropped_lines.tick() => {
                told.of_dropped(log, logging);
                let Dropped { decisions, intents } = told.records;
                gate.dropped(decisions + intents, u64::try_from(told.lines).unwrap_or(u64::MAX));
            }
        }
    }
    supervisor::stopping();
    output::complain("no further calls are taken; those under way are seen through");
    let drained = tokio::select! {
        drained = gate.shutdown() => drained,
        () = signals.next() => Drained::CutShort,
    };
    match drained {
        Drained::Whole => Exit::Success,
        Drained::CutShort => {
            output::complain("the gate ends with calls under way: their records say how far they came");
            Exit::Internal
        }
    }
}

/// What was told already of records and lines that were dropped.
#[derive(Default)]
struct Told {
    records: Dropped,
    lines: usize,
}

impl Told {
    /// Says how many were dropped, where there are more than were told already.
    fn of_dropped(&mut self, log: &Log, logging: &Logging) {
        let (records, lines) = (log.dropped(), logging.dropped_lines());
        if (records, lines) != (self.records, self.lines) {
            (self.records, self.lines) = (records, lines);
            let Dropped { decisions, intents } = records;
            output::complain(format_args!(
                "dropped so far: records of {decisions} calls and {intents} intents, and {lines} lines of the log"
            ));
        }
    }
}

async fn reload(gate: &Gate, watch: &mut Watch) -> Result<Reloaded, Vec<Finding>> {
    supervisor::reloading();
    let outcome = gate.reload(watch).await;
    match &outcome {
        Ok(Reloaded { generation, findings, .. }) => {
            if !findings.is_empty() {
                output::findings(findings, Format::Text);
            }
            let status = format!("generation {generation} is in force");
            output::complain(&status);
            supervisor::ready(&status);
        }
        Err(findings) => {
            output::findings(findings, Format::Text);
            output::complain("what was in force stays in force");
            supervisor::ready("the last reload was refused: what was in force stays in force");
        }
    }
    outcome
}
