//! `ramgate fmt`: policies in the one way in which they are written.

use std::io::{Read, Write, stdin, stdout};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::Exit;
use super::output::{self, Format};
use crate::documents::{self, Formatted, Options};
use crate::json::{SourceText, Syntax};
use crate::policy::{Dialect, PolicyKind};
use crate::report::{Finding, Severity};

const EXAMPLES: &str = "\
Examples:
  Format every policy below a directory, those in heredocs of Terraform included:
    ramgate fmt policies

  In CI: exit with 1 where a file is not formatted, and show how it should be:
    ramgate fmt --check --diff policies 'infra/**/*.tf'

  In an editor:
    ramgate fmt - --stdin-name main.tf < main.tf";

/// The name of standard input among the paths.
const STDIN: &str = "-";

/// Write policies in the one way: members in order, two spaces, a line for each element; no decision changes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Fmt {
    /// Files, directories, patterns such as 'infra/**/*.tf', or - for standard input, which is written to standard output.
    /// Of directories JSON and Terraform files are taken that git does not ignore; Markdown pages are formatted where they
    /// are named.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Write nothing; print the files that are not formatted, and exit with 1 if there are any.
    #[arg(long)]
    check: bool,
    /// Write nothing; print what would change as a diff, and exit with 1 if there is any.
    #[arg(long)]
    diff: bool,
    /// Read policies leniently: comments, which are kept, trailing commas, and what else is common in the wild.
    #[arg(long)]
    lenient: bool,
    /// What the policies are used as, whatever their place and their shape say.
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// The name of the file that standard input is, which says what it is written in.
    #[arg(long, value_name = "NAME", default_value = "<stdin>")]
    stdin_name: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Identity,
    Control,
    Session,
    Trust,
    Resource,
}

impl From<Kind> for PolicyKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Identity => Self::Identity,
            Kind::Control => Self::Control,
            Kind::Session => Self::Session,
            Kind::Trust => Self::Trust,
            Kind::Resource => Self::Resource,
        }
    }
}

/// What became of all files.
#[derive(Default)]
struct Totals {
    changed: usize,
    as_they_were: usize,
    unreadable: bool,
    unwritten: bool,
}

impl Fmt {
    pub(super) fn run(self) -> Exit {
        let mut totals = Totals::default();
        let (streams, paths): (Vec<PathBuf>, Vec<PathBuf>) =
            self.paths.iter().cloned().partition(|path| path.as_os_str() == STDIN);
        let files = match documents::find(&paths) {
            Ok(files) => files,
            Err(findings) => {
                output::findings(&findings, Format::Text);
                return Exit::Usage;
            }
        };
        if !streams.is_empty() {
            self.stream(&mut totals);
        }
        for file in &files {
            self.file(&file.path, file.named, &mut totals);
        }
        if streams.is_empty() {
            let verb = if self.writes() { "formatted" } else { "not formatted" };
            output::remark(format_args!("{} {verb}, {} as they should be", totals.changed, totals.as_they_were));
        }
        match totals {
            Totals { unwritten: true, .. } => Exit::Internal,
            Totals { unreadable: true, .. } => Exit::Usage,
            Totals { changed: 1.., .. } if !self.writes() => Exit::Finding,
            _ => Exit::Success,
        }
    }

    fn writes(&self) -> bool {
        !self.check && !self.diff
    }

    fn stream(&self, totals: &mut Totals) {
        let mut text = String::new();
        if let Err(error) = stdin().lock().read_to_string(&mut text) {
            output::complain(format_args!("standard input cannot be read: {error}"));
            totals.unreadable = true;
            return;
        }
        let source = SourceText::new(self.stdin_name.as_str(), text);
        let formatted = self.formatted(&source, true, totals);
        if self.writes() {
            // What cannot be formatted goes through as it is, so that an editor loses nothing.
            let text = formatted.as_deref().unwrap_or(source.text());
            if stdout().lock().write_all(text.as_bytes()).is_err() {
                totals.unwritten = true;
            }
        } else if let Some(text) = formatted {
            self.show(&source, &text);
        }
    }

    fn file(&self, path: &Path, named: bool, totals: &mut Totals) {
        let source = match std::fs::read_to_string(path) {
            Ok(text) => SourceText::new(path.strip_prefix(".").unwrap_or(path).display().to_string(), text),
            // A file in a directory that is no text is no policy.
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData && !named => return,
            Err(error) => {
                output::complain(format_args!("`{}` cannot be read: {error}", path.display()));
                totals.unreadable = true;
                return;
            }
        };
        let Some(text) = self.formatted(&source, named, totals) else { return };
        if !self.writes() {
            self.show(&source, &text);
            return;
        }
        match documents::write(path, &source, &text) {
            Ok(()) => output::print(format_args!("formatted {}", path.display())),
            Err(error) => {
                output::complain(format_args!("`{}` cannot be written: {error}", path.display()));
                totals.unwritten = true;
            }
        }
    }

    /// The text of a file, where it changes.
    fn formatted(&self, source: &SourceText, named: bool, totals: &mut Totals) -> Option<String> {
        let options = Options {
            syntax: if self.lenient { Syntax::Lenient } else { Syntax::Strict },
            kind: self.kind.map(PolicyKind::from),
            named,
            format: None,
        };
        let Formatted { text, findings } = documents::format_file(source, &options, &Dialect::of(self.lenient));
        if !findings.is_empty() {
            output::findings(&findings, Format::Text);
        }
        totals.unreadable |= findings.iter().any(|finding: &Finding| finding.severity == Severity::Error);
        match &text {
            Some(_) => totals.changed += 1,
            None if findings.is_empty() => totals.as_they_were += 1,
            None => {}
        }
        text
    }

    /// What would change in a file.
    fn show(&self, source: &SourceText, text: &str) {
        if self.diff {
            let diff = similar::TextDiff::from_lines(source.text(), text);
            let (old, new) = (format!("a/{}", source.name()), format!("b/{}", source.name()));
            let mut unified = diff.unified_diff();
            // A reader that has gone away is no error.
            let _ = write!(stdout().lock(), "{}", unified.header(&old, &new));
        } else {
            output::print(source.name());
        }
    }
}
