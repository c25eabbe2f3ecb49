//! `ramgate audit`: what a gate put on record.

mod against;
mod files;
mod filter;
mod page;
mod summary;

use std::path::PathBuf;

use clap::Args;

use self::against::Against;
use self::files::{Files, Read};
use self::filter::Filter;
use self::summary::Summary;
use super::Exit;
use super::output::{self, Format};
use crate::gateway::audit::{Kind, Line, Replay};
use crate::policy::Dialect;
use crate::report::Finding;
use crate::store;

const EXAMPLES: &str = "\
The files that were set aside for a FILE are read before it, oldest first. `-` is standard input.

Exit statuses: 0 everything was read, 1 --against would decide some call otherwise or cannot say, 2 usage, or a file or line that
cannot be read.

Examples:
  What alice was denied since the morning:
    ramgate audit /var/log/ramgate/audit.log --principal alice --decision ExplicitDeny --since 2026-11-24T06:00:00Z

  Who does what:
    ramgate audit /var/log/ramgate/audit.log --summary

  What another world would change:
    ramgate audit /var/log/ramgate/audit.log --against examples/demo";

/// Read the records of a gate: show, count, or decide them again by another world.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Audit {
    /// The files of the log.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Leave files that were set aside alone.
    #[arg(long)]
    current: bool,
    #[command(flatten)]
    filter: Filter,
    /// Go on with what is added to the file, also when another one is begun.
    #[arg(long, conflicts_with_all = ["summary", "against"])]
    follow: bool,
    /// Count by principal and action.
    #[arg(long, conflicts_with = "against")]
    summary: bool,
    /// Decide every call again by the world in this directory, and tell what would change.
    #[arg(long, value_name = "DIR")]
    against: Option<PathBuf>,
    /// Read policies of that world leniently.
    #[arg(long, requires = "against")]
    lenient: bool,
    /// How to print.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// What is done with the records.
enum Purpose {
    Show,
    Count(Summary),
    Decide(Box<Against>),
}

impl Audit {
    pub(super) fn run(self) -> Exit {
        let mut purpose = match &self.against {
            Some(directory) => {
                let dialect = Dialect::of(self.lenient);
                let world = match store::load(directory, &dialect) {
                    Ok(world) => world,
                    Err(errors) => {
                        output::findings(&Finding::of_world(&errors), Format::Text);
                        return Exit::Usage;
                    }
                };
                match Replay::new(world) {
                    Ok(replay) => Purpose::Decide(Box::new(Against::new(replay))),
                    Err(error) => {
                        output::complain(error);
                        return Exit::Usage;
                    }
                }
            }
            None if self.summary => Purpose::Count(Summary::default()),
            None => Purpose::Show,
        };
        let files = match Files::new(&self.files, self.current, self.follow) {
            Ok(files) => files,
            Err(error) => {
                output::complain(error);
                return Exit::Usage;
            }
        };
        let mut unreadable = false;
        let mut lost = 0;
        for read in files {
            let Read { place, line } = match read {
                Ok(read) => read,
                Err(error) => {
                    output::complain(error);
                    unreadable = true;
                    continue;
                }
            };
            match Line::parse(&line) {
                Err(error) => {
                    output::complain(format_args!("{place}: {error}"));
                    unreadable = true;
                }
                Ok(Line::Gap(gap)) => {
                    lost += gap.decisions;
                    output::complain(format_args!(
                        "{place}: records of {} calls and {} intents were dropped here",
                        gap.decisions, gap.intents
                    ));
                }
                Ok(Line::Record(entry)) if self.filter.picks(&entry) => match &mut purpose {
                    Purpose::Show => match self.format {
                        Format::Text => output::print(page::line(&entry)),
                        Format::Json => output::print(String::from_utf8_lossy(&line).trim_end()),
                    },
                    Purpose::Count(summary) if entry.kind == Kind::Decision => summary.add(&entry),
                    Purpose::Decide(against) if entry.kind == Kind::Decision => against.add(&entry),
                    Purpose::Count(_) | Purpose::Decide(_) => {}
                },
                Ok(Line::Record(_)) => {}
            }
        }
        let changes = match purpose {
            Purpose::Show => false,
            Purpose::Count(summary) => {
                output::print(summary.page(self.format));
                false
            }
            Purpose::Decide(against) => {
                output::print(against.page(self.format));
                against.changes()
            }
        };
        if lost > 0 {
            output::complain(format_args!("records of {lost} calls are missing in all: the gate dropped them"));
        }
        match (unreadable, changes) {
            (true, _) => Exit::Usage,
            (false, true) => Exit::Finding,
            (false, false) => Exit::Success,
        }
    }
}
