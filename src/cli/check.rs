//! `ramgate check`: every mistake of a configuration or a world, at once.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Exit;
use super::output::{self, Format};
use crate::authz::Authorizer;
use crate::gateway;
use crate::gateway::config::Config;
use crate::policy::Dialect;
use crate::report::{Finding, Severity};
use crate::store;

const EXAMPLES: &str = "\
Examples:
  ramgate check examples/demo
  ramgate check /etc/ramgate/ramgate.toml --without-secrets";

/// Find every mistake of a configuration, or of a world, and of its policies.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Check {
    /// The configuration of a gate, or the directory of a world; in a directory with a ramgate.toml, both.
    path: PathBuf,
    /// Leave secrets, certificates and keys alone, where a configuration is checked without them.
    #[arg(long)]
    without_secrets: bool,
    /// Read policies of a world leniently: comments, trailing commas, and what else is common in the wild. A
    /// configuration says so itself.
    #[arg(long)]
    lenient: bool,
    /// How to print what is found.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl Check {
    pub(super) fn run(self) -> Exit {
        if let Err(error) = self.path.metadata() {
            output::complain(format_args!("`{}` cannot be read: {error}", self.path.display()));
            return Exit::Usage;
        }
        let configuration = if self.path.is_dir() { self.path.join("ramgate.toml") } else { self.path.clone() };
        if !self.path.is_dir() || configuration.exists() { self.configuration(&configuration) } else { self.world() }
    }

    fn configuration(&self, path: &Path) -> Exit {
        let findings = match Config::read(path) {
            Ok(config) => gateway::check(&config, !self.without_secrets),
            Err(findings) => findings,
        };
        let errors = findings.iter().any(|finding| finding.severity == Severity::Error);
        if !findings.is_empty() || self.format == Format::Json {
            output::findings(&findings, self.format);
        }
        if errors {
            return Exit::Finding;
        }
        if self.format == Format::Text {
            output::print(format_args!("{}: no mistakes", path.display()));
        }
        Exit::Success
    }

    fn world(&self) -> Exit {
        let dialect = Dialect::of(self.lenient);
        let world = match store::load(&self.path, &dialect) {
            Ok(world) => world,
            Err(errors) => {
                output::findings(&Finding::of_world(&errors), self.format);
                return Exit::Finding;
            }
        };
        if let Err(error) = Authorizer::new(&world) {
            output::complain(error);
            return Exit::Finding;
        }
        match self.format {
            Format::Text => output::print(format_args!(
                "{}: {} accounts, {} policies, {} resources, no mistakes",
                self.path.display(),
                world.accounts.len(),
                world.policies.iter().count(),
                world.inventory.iter().count()
            )),
            Format::Json => output::findings(&[], self.format),
        }
        Exit::Success
    }
}
