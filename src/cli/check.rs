//! `ramgate check`: every mistake of a world, at once.

use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::output::{self, Format};
use crate::authz::Authorizer;
use crate::policy::Dialect;
use crate::report::Finding;
use crate::store;

/// Find every mistake of a world and its policies.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  ramgate check examples/demo")]
pub(super) struct Check {
    /// The directory with world.toml and policies/.
    world: PathBuf,
    /// Read policies leniently: comments, trailing commas, and what else is common in the wild.
    #[arg(long)]
    lenient: bool,
    /// How to print what is found.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl Check {
    pub(super) fn run(self) -> Exit {
        let dialect = if self.lenient { Dialect::lenient() } else { Dialect::strict() };
        let world = match store::load(&self.world, &dialect) {
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
                self.world.display(),
                world.accounts.len(),
                world.policies.iter().count(),
                world.inventory.iter().count()
            )),
            Format::Json => output::findings(&[], self.format),
        }
        Exit::Success
    }
}
