//! Findings that somebody has answered for, in a file with a reason for each.
//!
//! ```toml
//! [[suppress]]
//! rule = "security/allow-notaction"      # a rule, a group, or the beginning of codes
//! path = "policies/break-glass.json"     # or a pattern; `**` crosses folders
//! reason = "the break-glass role, reviewed by security each quarter"
//! expires = 2027-06-30                   # the last day on which it counts
//! fingerprint = "9c1b2fd7615d42f5"       # only this finding, as JSON output names it
//! ```

use std::path::{Path, PathBuf};

use globset::{GlobSet, GlobSetBuilder};
use jiff::civil::Date;
use serde::Deserialize;
use toml::Spanned;

use super::config::{glob, syntax, text};
use super::rules::meta;
use super::run::Found;
use super::{Findings, Rule, Selector};
use crate::json::{SourceText, Span};
use crate::report::{Diagnostic, Finding, Severity};

/// The suppressions of a file.
#[derive(Debug, Clone, Default)]
pub struct Suppressions {
    source: Option<SourceText>,
    directory: PathBuf,
    entries: Vec<Suppression>,
}

#[derive(Debug, Clone)]
struct Suppression {
    rules: Selector,
    pattern: String,
    paths: GlobSet,
    fingerprint: Option<String>,
    reason: String,
    expires: Option<Date>,
    span: Span,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SuppressionsFile {
    #[serde(default)]
    suppress: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    rule: Spanned<String>,
    path: Spanned<String>,
    #[serde(default)]
    reason: String,
    expires: Option<Spanned<toml::Value>>,
    fingerprint: Option<String>,
}

impl Suppressions {
    /// Reads the file at `path`; the paths in it are relative to `directory`.
    ///
    /// # Errors
    /// Every mistake of the file.
    pub(super) fn read(path: &Path, directory: &Path) -> Result<Self, Vec<Finding>> {
        Self::parse(&text(path).map_err(|finding| vec![finding])?, directory)
    }

    pub(super) fn parse(source: &SourceText, directory: &Path) -> Result<Self, Vec<Finding>> {
        let file: SuppressionsFile = toml::from_str(source.text()).map_err(|error| vec![syntax(source, &error)])?;
        let (mut entries, mut mistakes) = (Vec::new(), Vec::new());
        for entry in file.suppress {
            let span = entry.span().into();
            match suppression(entry.into_inner(), span) {
                Ok(entry) => entries.push(entry),
                Err((span, message, help)) => mistakes.push(Finding {
                    severity: Severity::Error,
                    code: "suppressions".to_owned(),
                    message,
                    help: Some(help.to_owned()),
                    place: Some((source.clone(), span)),
                }),
            }
        }
        let read = Self { source: Some(source.clone()), directory: directory.to_owned(), entries };
        if mistakes.is_empty() { Ok(read) } else { Err(mistakes) }
    }

    /// Whether findings of `rule` in the file at `path` are suppressed, whichever they are.
    pub(super) fn cover(&self, rule: &Rule, path: &Path, today: Date) -> bool {
        let covers = |entry: &Suppression| {
            entry.fingerprint.is_none() && entry.counts(today) && entry.rules.names(rule) && entry.paths.is_match(path)
        };
        self.entries.iter().any(covers)
    }

    /// Takes away what is suppressed, and says which suppressions are of no use, have expired or lack a reason. `checked`
    /// are the files that were looked at, and `asked` tells whether a rule was.
    pub(super) fn apply(
        &self,
        found: &mut Vec<Found>,
        checked: &[PathBuf],
        asked: impl Fn(&Path, &Rule) -> bool,
        today: Date,
    ) -> Vec<Diagnostic> {
        let Some(source) = &self.source else { return Vec::new() };
        let mut used = vec![false; self.entries.len()];
        found.retain(|found| {
            let mut kept = true;
            for (entry, used) in self.entries.iter().zip(&mut used) {
                if entry.names(found) {
                    *used = true;
                    kept = kept && !entry.counts(today);
                }
            }
            kept
        });
        let mut diagnostics = Vec::new();
        let mut note = |rule: &'static Rule, span: Span, message: String, help: &str| {
            let mut findings = Findings::of(rule);
            findings.at(span, message).help(help);
            diagnostics.extend(findings.into_vec().iter().map(|finding| finding.report(source)));
        };
        for (entry, used) in self.entries.iter().zip(used) {
            let pattern = &entry.pattern;
            if entry.reason.trim().is_empty() {
                let message = format!("the suppression for `{pattern}` has no reason");
                note(
                    &meta::suppression_without_reason::RULE,
                    entry.span,
                    message,
                    "say why the finding is right to stay",
                );
            }
            if let Some(date) = entry.expires.filter(|_| used && !entry.counts(today)) {
                let message = format!("the suppression for `{pattern}` has expired on {date}");
                note(&meta::expired_suppression::RULE, entry.span, message, "mend the finding, or answer for it anew");
            }
            let looked_at = || {
                let rules = || super::all().filter(|rule| entry.rules.names(rule));
                checked.iter().any(|path| entry.paths.is_match(path) && rules().any(|rule| asked(path, rule)))
            };
            let gone = || !pattern.contains(['*', '?', '[', '{']) && !self.directory.join(pattern).exists();
            if !used && (looked_at() || gone()) {
                let message = format!("the suppression for `{pattern}` suppresses nothing");
                note(&meta::unused_suppression::RULE, entry.span, message, "take it away");
            }
        }
        diagnostics
    }
}

impl Suppression {
    fn counts(&self, today: Date) -> bool {
        self.expires.is_none_or(|last| today <= last)
    }

    fn names(&self, found: &Found) -> bool {
        self.fingerprint.as_ref().is_none_or(|fingerprint| *fingerprint == found.fingerprint)
            && found.rule.is_some_and(|rule| self.rules.names(rule))
            && self.paths.is_match(&found.path)
    }
}

type Mistake = (Span, String, &'static str);

fn suppression(entry: Entry, span: Span) -> Result<Suppression, Mistake> {
    let rules = Selector::parse(entry.rule.get_ref()).map_err(|unknown| {
        let help = "write a rule, a group or the beginning of codes";
        (entry.rule.span().into(), unknown.to_string(), help)
    })?;
    let pattern = entry.path.get_ref();
    let no_pattern = |error: globset::Error| {
        let message = format!("`{pattern}` is no pattern of paths: {error}");
        (entry.path.span().into(), message, "write it as in `legacy/**/*.json`")
    };
    let mut paths = GlobSetBuilder::new();
    for glob in glob(pattern).map_err(no_pattern)? {
        paths.add(glob);
    }
    let paths = paths.build().map_err(no_pattern)?;
    let expires = entry.expires.as_ref().map(|value| {
        let text = value.get_ref().as_str().map_or_else(|| value.get_ref().to_string(), str::to_owned);
        let message = |_| (value.span().into(), format!("`{text}` is no date"), "write it as in 2027-06-30");
        text.parse::<Date>().map_err(message)
    });
    Ok(Suppression {
        rules,
        pattern: pattern.clone(),
        paths,
        fingerprint: entry.fingerprint,
        reason: entry.reason,
        expires: expires.transpose()?,
        span,
    })
}

#[cfg(test)]
mod tests;
