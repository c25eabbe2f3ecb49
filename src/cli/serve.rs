//! `ramgate serve`: the gate.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::Exit;
use super::logging::Logging;
use super::output::{self, Format};
use super::signals::Signals;
use crate::gateway::config::Config;
use crate::gateway::{Drained, Gate, GatewayError};

/// How often it is looked whether lines of the log were dropped.
const DROPPED_LINES: Duration = Duration::from_secs(10);

const EXAMPLE: &str = "\
Standard output has one JSON line for every call, and for a write another before it is forwarded. Everything else goes
to standard error; RAMGATE_LOG=ramgate=debug shows more of it. SIGTERM and SIGINT let calls
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
        let config = match Config::read(&self.config) {
            Ok(config) => config,
            Err(findings) => {
                output::findings(&findings, Format::Text);
                return Exit::Usage;
            }
        };
        let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                output::complain(error);
                return Exit::Internal;
            }
        };
        let logging = Logging::start();
        runtime.block_on(serve(&config, &logging))
    }
}

async fn serve(config: &Config, logging: &Logging) -> Exit {
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => {
            output::complain(format_args!("signals cannot be listened to: {error}"));
            return Exit::Internal;
        }
    };
    let (gate, warnings) = match Gate::open(config).await {
        Ok(opened) => opened,
        Err(GatewayError::Mistakes(findings)) => {
            output::findings(&findings, Format::Text);
            return Exit::Usage;
        }
        Err(error) => {
            output::complain(error);
            return Exit::Internal;
        }
    };
    if !warnings.is_empty() {
        output::findings(&warnings, Format::Text);
    }
    for (address, listener) in gate.addresses().iter().zip(&config.listeners) {
        let scheme = if listener.tls.is_some() { "https" } else { "http" };
        output::complain(format_args!("listening on {scheme}://{address}"));
    }
    let mut dropped = 0;
    loop {
        tokio::select! {
            () = signals.next() => break,
            () = tokio::time::sleep(DROPPED_LINES) => {
                if logging.dropped() > dropped {
                    dropped = logging.dropped();
                    output::complain(format_args!("{dropped} lines of the log were dropped so far: its reader is too slow"));
                }
            }
        }
    }
    output::complain("no further calls are taken; those under way are seen through");
    let drained = tokio::select! {
        drained = gate.shutdown() => drained,
        () = signals.next() => Drained::CutShort,
    };
    if logging.dropped() > 0 {
        output::complain(format_args!("{} lines of the log were dropped", logging.dropped()));
    }
    match drained {
        Drained::Whole => Exit::Success,
        Drained::CutShort => {
            output::complain("the gate ends with calls under way: their events say how far they came");
            Exit::Internal
        }
    }
}
