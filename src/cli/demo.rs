//! `ramgate demo`: the gate at work, without any configuration.

mod events;
mod example;
mod page;
mod stand;
mod trial;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use clap::Args;

use self::events::{Events, Tap};
use self::example::Caller;
use self::stand::{NotOpened, Stand};
use self::trial::{Expected, NotObserved, Trial};
use super::Exit;
use super::logging::Logging;
use super::output::{self, Format};
use super::signals::Signals;
use crate::gateway::GatewayError;

/// How often the sandbox's clock is moved on while calls are served.
const TICK: Duration = Duration::from_millis(100);

/// Who makes the calls that are shown.
const CALLER: &str = "operator";

/// The cluster whose migration the caller may close.
const FIRST: &str = "pc-bp1demo00000001";

/// Another one, which is left for whoever watches.
const SECOND: &str = "pc-bp1demo00000002";

/// The cluster that is protected.
const PROTECTED: &str = "pc-2zedemo00000003";

const EXAMPLES: &str = "\
Nothing is written to disk, and nothing is reached beyond this machine. SIGTERM and SIGINT end it.

Exit statuses: 0 the two calls came out as they should, 2 usage, 3 they did not, or the address is taken.

Examples:
  ramgate demo
  ramgate demo --once --listen 127.0.0.1:0";

/// Show the gate at work on this machine: one call that it allows, one that it denies, then yours.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Demo {
    /// End after the two calls.
    #[arg(long)]
    once: bool,
    /// The address that the gate listens on, of this machine alone; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

impl Demo {
    pub(super) fn run(self) -> Exit {
        if !self.listen.ip().is_loopback() {
            output::complain(format_args!(
                "`{}` is not a loopback address, and everybody knows the keys of the demo: listen on 127.0.0.1",
                self.listen
            ));
            return Exit::Usage;
        }
        let runtime = match tokio::runtime::Runtime::new() {
            Ok(runtime) => runtime,
            Err(error) => {
                output::complain(format_args!("no threads to serve with: {error}"));
                return Exit::Internal;
            }
        };
        let (tap, events) = events::tap();
        let _logging = Logging::start();
        let exit = runtime.block_on(self.show(tap, events));
        runtime.shutdown_timeout(super::LAST_RECORDS);
        exit
    }

    async fn show(self, tap: Tap, mut events: Events) -> Exit {
        let mut signals = match Signals::listen() {
            Ok(signals) => signals,
            Err(error) => {
                output::complain(format_args!("signals cannot be listened to: {error}"));
                return Exit::Internal;
            }
        };
        let stand = match Stand::open(self.listen, tap).await {
            Ok(stand) => stand,
            Err(error) => {
                not_opened(&error);
                return Exit::Internal;
            }
        };
        let callers = example::callers(&stand.world);
        let Some(caller) = callers.iter().find(|caller| caller.name() == CALLER) else {
            output::complain(format_args!("the example world has no caller `{CALLER}`"));
            return Exit::Internal;
        };
        output::print(page::opening(&stand));
        let exit = tokio::select! {
            shown = both(&stand, caller, &mut events) => match shown {
                Ok(true) => None,
                Ok(false) => Some(Exit::Internal),
                Err(error) => {
                    output::complain(error);
                    Some(Exit::Internal)
                }
            },
            () = signals.next() => {
                output::complain("ended before the two calls were made");
                Some(if self.once { Exit::Internal } else { Exit::Success })
            }
        };
        let exit = match exit {
            Some(exit) => exit,
            None if self.once => Exit::Success,
            None => {
                output::print(format_args!("\n{}", page::invitation(&stand, &callers, caller, SECOND, &program())));
                serve(&stand, &mut events, &mut signals).await;
                Exit::Success
            }
        };
        tokio::select! {
            () = stand.shutdown() => {}
            () = signals.next() => {}
        }
        while let Some(event) = events.ready() {
            output::print(page::line(&event));
        }
        exit
    }
}

/// Makes and shows the two calls; whether both came out as they should.
async fn both(stand: &Stand, caller: &Caller, events: &mut Events) -> Result<bool, NotObserved> {
    let trials = [
        Trial { title: "A call that a policy allows", caller, cluster: FIRST, expected: Expected::Allowed },
        Trial { title: "A call that a policy denies", caller, cluster: PROTECTED, expected: Expected::Denied },
    ];
    let mut as_expected = true;
    for (number, trial) in (1..).zip(&trials) {
        let observed = trial.make(stand, events).await?;
        output::print(format_args!("\n{}", page::trial(number, trial, &observed, stand).trim_end()));
        for miss in trial.expected.misses(&observed) {
            output::complain(format_args!("call {number} did not come out as it should: {miss}"));
            as_expected = false;
        }
    }
    Ok(as_expected)
}

/// Tells every call, and lets the sandbox's clock run, until a signal.
async fn serve(stand: &Stand, events: &mut Events, signals: &mut Signals) {
    let mut ticks = tokio::time::interval(TICK);
    let mut ticked = Instant::now();
    loop {
        tokio::select! {
            () = signals.next() => return,
            _ = ticks.tick() => {
                let now = Instant::now();
                stand.pass(now - ticked);
                ticked = now;
                match events.missed() {
                    0 => {}
                    missed => output::complain(format_args!("{missed} calls were not told here: there were too many at once")),
                }
            }
            Some(event) = events.next() => output::print(page::line(&event)),
        }
    }
}

fn not_opened(error: &NotOpened) {
    match error {
        NotOpened::Mistakes(findings) => output::findings(findings, Format::Text),
        NotOpened::Gate(GatewayError::Listen { .. }) => {
            output::complain(format_args!("{error}; `--listen 127.0.0.1:0` takes a free port"));
        }
        error => output::complain(error),
    }
}

/// This program, as a shell takes it.
fn program() -> String {
    let program = std::env::args_os().next().and_then(|program| program.into_string().ok()).unwrap_or_default();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+".contains(letter);
    match program.is_empty() {
        true => "ramgate".to_owned(),
        false if program.chars().all(plain) => program,
        false => format!("'{}'", program.replace('\'', "'\\''")),
    }
}
