//! `ramgate sandbox`: the sandbox on an address, until it is told to end.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{ArgGroup, Args, ValueEnum};
use jiff::Timestamp;

use super::logging::Logging;
use super::output::{self, Format};
use super::signals::Signals;
use super::{Exit, credential};
use crate::authn::{KeyEntry, KeyRing, SessionToken};
use crate::identity::{KeyStatus, Principal, is_account_id};
use crate::policy::Dialect;
use crate::report::Finding;
use crate::sandbox::{Config, Durations, Location, SandboxError, Server, SystemClock};
use crate::store;

const EXAMPLES: &str = "\
Environment:
  ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET   with --account, the one key that may call
  ALIBABA_CLOUD_SECURITY_TOKEN   its token, where its id begins with STS.
  RAMGATE_LOG   what is logged to standard error, as in ramgate=debug

SIGTERM and SIGINT end it: calls under way are answered first, unless a second one comes.

Examples:
  ramgate sandbox --world examples/demo --state sandbox.redb
  ramgate sandbox --account 1234567890123456 --listen 127.0.0.1:0 --stage cloning=1";

/// Run an upstream with PolarDB's migration operations on this machine.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, group = ArgGroup::new("callers").args(["world", "account"]).required(true))]
pub(super) struct Sandbox {
    /// The address to listen on; port 0 takes a free one. The line `listening on http://...` tells it.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7070")]
    listen: SocketAddr,
    /// Listen although the address is not of this machine alone, and calls to it are not encrypted.
    #[arg(long)]
    plain: bool,
    /// The file that keeps the clusters; without it they are gone when the sandbox ends.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// The directory of a world: its keys may call.
    #[arg(long, value_name = "DIR")]
    world: Option<PathBuf>,
    /// Read the policies of the world leniently.
    #[arg(long, requires = "world")]
    lenient: bool,
    /// The account of the key in the environment, which alone may call.
    #[arg(long, value_name = "ID", value_parser = account)]
    account: Option<String>,
    /// A name that calls may be made to, as in their Host header: `name` or `name:port`. Without any, the address,
    /// and localhost with its port.
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    host: Vec<String>,
    /// A region in which clusters can be created; without any, cn-hangzhou, cn-beijing and cn-shanghai.
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    region: Vec<String>,
    /// How long a stage lasts, in seconds: creating, cloning, switching, closing, rebooting, deleting, or migration
    /// for the longest that one may take.
    #[arg(long, value_name = "NAME=SECONDS", value_parser = stage)]
    stage: Vec<(Stage, Duration)>,
}

/// What lasts a while.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Stage {
    Creating,
    Cloning,
    Switching,
    Closing,
    Rebooting,
    Deleting,
    Migration,
}

impl Sandbox {
    pub(super) fn run(self) -> Exit {
        if !self.listen.ip().is_loopback() && !self.plain {
            output::complain(format_args!(
                "`{}` is not a loopback address and the sandbox does not encrypt: `--plain` says that it may be so",
                self.listen
            ));
            return Exit::Usage;
        }
        if self.listen.ip().is_unspecified() && self.host.is_empty() {
            output::complain(format_args!(
                "`{}` stands for every address of this machine and is none that a call is made to: name those with `--host`",
                self.listen
            ));
            return Exit::Usage;
        }
        let keys = match self.keys() {
            Ok(keys) => keys,
            Err(exit) => return exit,
        };
        let runtime = match tokio::runtime::Runtime::new() {
            Ok(runtime) => runtime,
            Err(error) => {
                output::complain(format_args!("no threads to serve with: {error}"));
                return Exit::Internal;
            }
        };
        let _logging = Logging::start();
        let exit = runtime.block_on(serve(self.config(), keys));
        runtime.shutdown_timeout(super::LAST_RECORDS);
        exit
    }

    fn config(self) -> Config {
        let default = Config::default();
        let mut durations = Durations::default();
        for (stage, duration) in self.stage {
            *match stage {
                Stage::Creating => &mut durations.creating,
                Stage::Cloning => &mut durations.cloning,
                Stage::Switching => &mut durations.switching,
                Stage::Closing => &mut durations.closing,
                Stage::Rebooting => &mut durations.rebooting,
                Stage::Deleting => &mut durations.deleting,
                Stage::Migration => &mut durations.migration,
            } = duration;
        }
        Config {
            listen: self.listen,
            location: self.state.map_or(Location::Memory, Location::File),
            durations,
            regions: if self.region.is_empty() { default.regions.clone() } else { self.region },
            hosts: self.host,
            ..default
        }
    }

    /// The keys that may call; what is wrong with them is told.
    fn keys(&self) -> Result<KeyRing, Exit> {
        let ring = match (&self.world, &self.account) {
            (Some(directory), _) => {
                let dialect = Dialect::of(self.lenient);
                let world = store::load(directory, &dialect).map_err(|errors| {
                    output::findings(&Finding::of_world(&errors), Format::Text);
                    Exit::Usage
                })?;
                KeyRing::of_world(&world)
            }
            (None, account) => {
                let key = credential::from_environment().map_err(|error| {
                    output::complain(error);
                    Exit::Usage
                })?;
                KeyRing::new([KeyEntry {
                    id: key.access_key_id,
                    secret: key.secret,
                    status: KeyStatus::Active,
                    not_after: None,
                    principal: Principal::Owner { account: account.clone().unwrap_or_default() },
                    session: key.security_token.map(|token| SessionToken { token, expires: Timestamp::MAX }),
                }])
            }
        };
        let ring = ring.map_err(|errors| {
            errors.iter().for_each(output::complain);
            Exit::Usage
        })?;
        if ring.is_empty() {
            output::complain("the world has no keys, so nobody could call: give one of its users a key");
            return Err(Exit::Usage);
        }
        Ok(ring)
    }
}

async fn serve(config: Config, keys: KeyRing) -> Exit {
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => {
            output::complain(format_args!("signals cannot be listened to: {error}"));
            return Exit::Internal;
        }
    };
    let in_memory = config.location == Location::Memory;
    let server = match Server::bind(config, keys, Arc::new(SystemClock)).await {
        Ok(server) => server,
        Err(error) => {
            output::complain(&error);
            return match error {
                SandboxError::Listen { .. } | SandboxError::Storage(_) => Exit::Internal,
                _ => Exit::Usage,
            };
        }
    };
    if in_memory {
        output::remark("clusters are kept in memory and are gone when the sandbox ends: `--state FILE` keeps them");
    }
    output::print(format_args!("listening on http://{}", server.local_addr()));
    signals.next().await;
    tokio::select! {
        () = server.shutdown() => {}
        () = signals.next() => {}
    }
    Exit::Success
}

fn account(text: &str) -> Result<String, &'static str> {
    if is_account_id(text) { Ok(text.to_owned()) } else { Err("an account id is 16 digits") }
}

fn stage(text: &str) -> Result<(Stage, Duration), String> {
    let (name, seconds) = text.split_once('=').ok_or("write NAME=SECONDS, as in `cloning=5`")?;
    let stage = Stage::from_str(name, false).map_err(|_| {
        let names: Vec<_> = Stage::value_variants()
            .iter()
            .filter_map(|stage| Some(stage.to_possible_value()?.get_name().to_owned()))
            .collect();
        format!("there is no stage `{name}`: it is one of {}", names.join(", "))
    })?;
    let seconds: u64 = seconds.parse().map_err(|_| format!("`{seconds}` is no whole number of seconds"))?;
    Ok((stage, Duration::from_secs(seconds)))
}
