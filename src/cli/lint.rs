//! `ramgate lint`: policies under the rules.

use std::io::{IsTerminal, Read, Write, stderr, stdin, stdout};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;

use clap::{Args, ValueEnum};
use similar::TextDiff;

use super::progress::{self, Progress};
use super::{Exit, output};
use crate::documents;
use crate::json::SourceText;
use crate::lint::{self, Applicability, Baseline, Change, Config, Options, Outcome, Rule, Selection, Selector};
use crate::policy::{Dialect, PolicyKind};
use crate::report::{self, Colour, Diagnostic, Finding, Severity};

const EXAMPLES: &str = "\
Exit statuses: 0 clean, 1 findings, 2 usage or unreadable input, 3 a fault of ramgate's own.

The configuration is .ramgate-lint.toml, or the table [lint] of ramgate.toml, in the directory in which
the command runs; docs/lint.md has its fields.

Examples:
  ramgate lint
  ramgate lint policies 'modules/**/*.json' --fix
  ramgate lint --format sarif --output lint.sarif
  ramgate lint - --kind trust < trust.json
  ramgate lint --explain security/allow-notaction";

/// Check policies for what is wrong, dangerous or pointless.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Lint {
    /// Files, directories and patterns; `-` is standard input. Without any, the directory in which the command runs.
    paths: Vec<PathBuf>,
    /// The configuration, instead of the one that is found.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// What the policies are used as, whatever they look like: identity, control, session, trust or resource.
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Option<PolicyKind>,
    /// Read policies leniently: comments, trailing commas, and what else is common in the wild.
    #[arg(long)]
    lenient: bool,
    /// Only these rules: ALL, groups, beginnings of codes, codes or names, with commas between.
    #[arg(long, value_name = "RULES", value_delimiter = ',', value_parser = selector, help_heading = RULES)]
    select: Vec<Selector>,
    /// Not these rules.
    #[arg(long, value_name = "RULES", value_delimiter = ',', value_parser = selector, help_heading = RULES)]
    ignore: Vec<Selector>,
    /// The least severity that makes the exit status 1.
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "warning", help_heading = RULES)]
    fail_on: Level,
    /// Show the page of a rule, by its code or name, and end.
    #[arg(long, value_name = "RULE", help_heading = RULES, exclusive = true)]
    explain: Option<String>,
    /// Apply the fixes that are safe, which change no decision; what is left is reported.
    #[arg(long, help_heading = FIXES)]
    fix: bool,
    /// Apply the fixes that are not safe as well.
    #[arg(long, help_heading = FIXES)]
    unsafe_fixes: bool,
    /// Show what the fixes would change, and write nothing.
    #[arg(long, help_heading = FIXES)]
    diff: bool,
    /// Findings that were there before, instead of the configuration's; they are not reported.
    #[arg(long, value_name = "FILE", help_heading = BASELINE)]
    baseline: Option<PathBuf>,
    /// Write everything that is found to a baseline, and report nothing.
    #[arg(long, value_name = "FILE", help_heading = BASELINE, conflicts_with_all = ["baseline", "fix", "unsafe_fixes", "diff"])]
    write_baseline: Option<PathBuf>,
    /// How to print what is found.
    #[arg(long, value_enum, default_value = "text", help_heading = OUTPUT)]
    format: Format,
    /// Write what is found to a file.
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    output: Option<PathBuf>,
    /// What standard input is called in findings; its ending says what it is written in.
    #[arg(long, value_name = "NAME", default_value = "stdin.json", help_heading = OUTPUT)]
    stdin_name: String,
}

const RULES: &str = "Rules";
const FIXES: &str = "Fixes";
const BASELINE: &str = "Baseline";
const OUTPUT: &str = "Input and output";

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people, with the lines that findings are about.
    Text,
    /// A JSON array of findings.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
    /// A code quality report of GitLab.
    Gitlab,
    /// JUnit XML.
    Junit,
}

/// A severity as it is named on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Level {
    Error,
    Warning,
    Note,
}

impl From<Level> for Severity {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => Self::Error,
            Level::Warning => Self::Warning,
            Level::Note => Self::Note,
        }
    }
}

fn kind(text: &str) -> Result<PolicyKind, String> {
    let kinds =
        [PolicyKind::Identity, PolicyKind::Control, PolicyKind::Session, PolicyKind::Trust, PolicyKind::Resource];
    let found = kinds.into_iter().find(|kind| kind.to_string() == text);
    found.ok_or_else(|| "the kinds are identity, control, session, trust and resource".to_owned())
}

fn selector(text: &str) -> Result<Selector, String> {
    Selector::parse(text).map_err(|error| error.to_string())
}

impl Lint {
    pub(super) fn run(self) -> Exit {
        if let Some(word) = &self.explain {
            return explain(word);
        }
        let checked = self.configuration().and_then(|config| match self.input()? {
            Some(source) => Ok((lint::run_text(&config, &source, &self.options()), Some(source))),
            None => Ok((self.files(&config)?, None)),
        });
        let (outcome, source) = match checked {
            Ok(checked) => checked,
            Err(findings) => {
                output::findings(&findings, output::Format::Text);
                return Exit::Usage;
            }
        };
        if !outcome.unreadable.is_empty() {
            output::findings(&outcome.unreadable, output::Format::Text);
        }
        if let Err(error) = self.show(&outcome, source.as_ref()) {
            output::complain(error);
            return Exit::Internal;
        }
        self.exit(&outcome)
    }

    fn configuration(&self) -> Result<Config, Vec<Finding>> {
        let mut config = match &self.config {
            Some(path) => Config::read(path)?,
            None => Config::find(Path::new("."))?,
        };
        let given = Selection { select: self.select.clone(), ignore: self.ignore.clone(), severity: Vec::new() };
        config.selection = config.selection.and(&given);
        config.kind = self.kind;
        if self.lenient {
            config.settings.dialect = Dialect::lenient();
        }
        if let Some(path) = &self.baseline {
            config.baseline = Baseline::read(path).map_err(|finding| vec![finding])?;
        }
        Ok(config)
    }

    fn options(&self) -> Options {
        let most = match (self.unsafe_fixes, self.fix || self.diff) {
            (true, _) => Some(Applicability::Unsafe),
            (false, true) => Some(Applicability::Safe),
            (false, false) => None,
        };
        Options { most, ..Options::default() }
    }

    /// Standard input, where that is asked for.
    fn input(&self) -> Result<Option<SourceText>, Vec<Finding>> {
        if !matches!(self.paths.as_slice(), [path] if path.as_os_str() == "-") {
            return Ok(None);
        }
        let mut text = String::new();
        stdin().lock().read_to_string(&mut text).map_err(|error| {
            let message = format!("standard input cannot be read: {error}");
            vec![Finding::nowhere(Severity::Error, "unreadable", message)]
        })?;
        Ok(Some(SourceText::new(self.stdin_name.as_str(), text)))
    }

    fn files(&self, config: &Config) -> Result<Outcome, Vec<Finding>> {
        let here = [PathBuf::from(".")];
        let files = documents::find(if self.paths.is_empty() { &here } else { &self.paths })?;
        let done = AtomicUsize::new(0);
        let shown = Progress { all: Some(files.len()), template: "{bar:40} {pos}/{len} files" };
        Ok(progress::watch(&done, &shown, || lint::run(config, &files, &self.options(), &done)))
    }

    /// Writes or shows what came of it all. `source` is standard input, where that was read.
    fn show(&self, outcome: &Outcome, source: Option<&SourceText>) -> Result<(), String> {
        if let Some(path) = &self.write_baseline {
            self::write(path, &outcome.baseline)?;
            output::remark(format_args!("{}: everything that was found is in it", path.display()));
            return Ok(());
        }
        if self.diff {
            let diffs: String = outcome.changes.iter().map(diff).collect();
            return self.result(&diffs, false);
        }
        match source {
            // Whoever sends a text through the command gets it back, mended or not.
            Some(source) if self.options().most.is_some() => {
                let after = outcome.changes.first().map_or(source.text(), |change| change.after.as_str());
                self.result(after, false)?;
                self.result(&self.report(outcome), true)?;
            }
            _ => {
                for change in &outcome.changes {
                    self::write(&change.path, &change.after)?;
                }
                self.result(&self.report(outcome), false)?;
            }
        }
        if self.format == Format::Text {
            output::remark(summary(outcome));
        }
        Ok(())
    }

    fn report(&self, outcome: &Outcome) -> String {
        let diagnostics = &outcome.diagnostics;
        let pretty = |value: &serde_json::Value| serde_json::to_string_pretty(value).unwrap_or_default() + "\n";
        match self.format {
            Format::Text if diagnostics.is_empty() => String::new(),
            Format::Text => report::diagnostics_text(diagnostics, self.colour()) + "\n\n",
            Format::Json => pretty(&report::diagnostics_json(diagnostics)),
            Format::Sarif => {
                let rules: Vec<_> = lint::all().map(Rule::description).collect();
                pretty(&report::sarif(diagnostics, &rules))
            }
            Format::Github => report::github(diagnostics),
            Format::Gitlab => pretty(&report::gitlab(diagnostics)),
            Format::Junit => report::junit(diagnostics, &outcome.files),
        }
    }

    fn colour(&self) -> Colour {
        let wanted = self.output.is_none() && stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        if wanted { Colour::On } else { Colour::Off }
    }

    /// Writes a result to the file that was asked for, or prints it. A reader that has gone away (`| head`) is no error.
    fn result(&self, text: &str, aside: bool) -> Result<(), String> {
        match &self.output {
            Some(path) if !aside => self::write(path, text)?,
            _ if aside => {
                let _ = stderr().lock().write_all(text.as_bytes());
            }
            _ => {
                let _ = stdout().lock().write_all(text.as_bytes());
            }
        }
        Ok(())
    }

    fn exit(&self, outcome: &Outcome) -> Exit {
        let least = Severity::from(self.fail_on);
        if outcome.failed {
            Exit::Internal
        } else if !outcome.unreadable.is_empty() {
            Exit::Usage
        } else if self.write_baseline.is_some() {
            Exit::Success
        } else if self.diff {
            if outcome.changes.is_empty() { Exit::Success } else { Exit::Finding }
        } else if outcome.diagnostics.iter().any(|diagnostic| diagnostic.finding.severity <= least) {
            Exit::Finding
        } else {
            Exit::Success
        }
    }
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("`{}` cannot be written: {error}", path.display()))
}

fn diff(change: &Change) -> String {
    let diff = TextDiff::from_lines(&change.before, &change.after);
    diff.unified_diff().header(&format!("a/{}", change.name), &format!("b/{}", change.name)).to_string()
}

/// What was looked at and what was found, in a line.
fn summary(outcome: &Outcome) -> String {
    let plural = |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    let count = |severity| {
        let of = |diagnostic: &&Diagnostic| diagnostic.finding.severity == severity;
        outcome.diagnostics.iter().filter(of).count()
    };
    let mut line = format!(
        "{} in {}: {}, {}, {}",
        plural(outcome.documents, "policy", "policies"),
        plural(outcome.files.len(), "file", "files"),
        plural(count(Severity::Error), "error", "errors"),
        plural(count(Severity::Warning), "warning", "warnings"),
        plural(count(Severity::Note), "note", "notes"),
    );
    if outcome.mended > 0 {
        line.push_str(&format!("; {} mended", outcome.mended));
    }
    let fixes = |safe| {
        let fixes = outcome.diagnostics.iter().filter_map(|diagnostic| diagnostic.fix.as_ref());
        fixes.filter(|fix| fix.safe == safe).count()
    };
    match (fixes(true), fixes(false)) {
        (0, 0) => {}
        (safe, 0) => line.push_str(&format!("; `--fix` mends {safe}")),
        (0, not) => line.push_str(&format!("; `--unsafe-fixes` mends {not}")),
        (safe, not) => line.push_str(&format!("; `--fix` mends {safe}, `--unsafe-fixes` {not} more")),
    }
    line
}

fn explain(word: &str) -> Exit {
    if let Some(rule) = lint::find(word) {
        output::print(rule.explanation().trim_end());
        return Exit::Success;
    }
    match Selector::parse(word) {
        // A group, or the beginning of codes: what is in it.
        Ok(selector) => {
            for rule in lint::all().filter(|rule| selector.names(rule)) {
                output::print(format_args!("{} {}: {}", rule.code, rule.name, rule.summary()));
            }
            Exit::Success
        }
        Err(unknown) => {
            output::complain(unknown);
            Exit::Usage
        }
    }
}
