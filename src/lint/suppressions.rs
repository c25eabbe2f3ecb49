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

use super::config::{glob, plain, syntax, text};
use super::rules::meta;
use super::run::{Change, Found};
use super::{Applicability, Edit, Findings, Rule, Selector};
use crate::json::{SourceText, Span};
use crate::report::{Diagnostic, Finding, Severity};

/// The suppressions of a file.
#[derive(Debug, Clone, Default)]
pub struct Suppressions {
    source: Option<SourceText>,
    path: PathBuf,
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
    /// Where its last value ends.
    end: usize,
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
    reason: Option<Spanned<String>>,
    expires: Option<Spanned<toml::Value>>,
    fingerprint: Option<Spanned<String>>,
}

impl Suppressions {
    /// Reads the file at `path`; the paths in it are relative to `directory`.
    ///
    /// # Errors
    /// Every mistake of the file.
    pub(super) fn read(path: &Path, directory: &Path) -> Result<Self, Vec<Finding>> {
        let read = Self::parse(&text(path).map_err(|finding| vec![finding])?, directory)?;
        Ok(Self { path: path.to_owned(), ..read })
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
        let path = PathBuf::from(source.name());
        let read = Self { source: Some(source.clone()), path, directory: directory.to_owned(), entries };
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
        let mut note =
            |rule: &'static Rule, span: Span, message: String, help: &str, fix: Option<(Applicability, Edit)>| {
                let mut findings = Findings::of(rule);
                let draft = findings.at(span, message).help(help);
                if let Some((applicability, edit)) = fix {
                    draft.fix_as(applicability, "take the suppression away", [edit]);
                }
                diagnostics.extend(findings.into_vec().iter().map(|finding| finding.report(source)));
            };
        for (index, (entry, used)) in self.entries.iter().zip(used).enumerate() {
            let pattern = &entry.pattern;
            if entry.reason.trim().is_empty() {
                let message = format!("the suppression for `{pattern}` has no reason");
                note(
                    &meta::suppression_without_reason::RULE,
                    entry.span,
                    message,
                    "say why the finding is right to stay",
                    None,
                );
            }
            if let Some(date) = entry.expires.filter(|_| used && !entry.counts(today)) {
                let message = format!("the suppression for `{pattern}` has expired on {date}");
                note(
                    &meta::expired_suppression::RULE,
                    entry.span,
                    message,
                    "mend the finding, or answer for it anew",
                    None,
                );
            }
            let rules = || super::all().filter(|rule| entry.rules.names(rule));
            let looked_at =
                || checked.iter().any(|path| entry.paths.is_match(path) && rules().any(|rule| asked(path, rule)));
            let gone = !pattern.contains(['*', '?', '[', '{']) && !self.directory.join(pattern).exists();
            if !used && (gone || looked_at()) {
                let message = format!("the suppression for `{pattern}` suppresses nothing");
                // A pattern, or a folder, may have files that were not looked at this time.
                let whole = || {
                    let file = checked.iter().find(|path| path.as_path() == Path::new(plain(pattern)));
                    file.is_some_and(|path| rules().all(|rule| asked(path, rule)))
                };
                let applicability = if gone || whole() { Applicability::Safe } else { Applicability::Unsafe };
                let fix = self.removal(index, source).map(|edit| (applicability, edit));
                note(&meta::unused_suppression::RULE, entry.span, message, "take it away", fix);
            }
        }
        diagnostics
    }

    /// Takes an entry away with its lines, and what is empty below it. Comments in lines of their own above and below it
    /// stay. `None` where it does not stand in lines of its own.
    fn removal(&self, index: usize, source: &SourceText) -> Option<Edit> {
        let text = source.text();
        let entry = self.entries.get(index)?;
        let start = entry.span.start;
        let line = text.get(..start)?.rfind('\n').map_or(0, |at| at + 1);
        if !text.get(start..)?.starts_with("[[") || !text.get(line..start)?.trim().is_empty() {
            return None;
        }
        let after = text.get(entry.end..)?;
        let mut end = entry.end + after.find('\n').map_or(after.len(), |at| at + 1);
        while let Some(blank) = text.get(end..)?.split_inclusive('\n').next().filter(|line| line.trim().is_empty()) {
            end += blank.len();
        }
        if end < text.len() {
            return Some(Edit::delete(Span::new(line, end)));
        }
        // No empty lines are left at the end of the file.
        let kept = text.get(..line)?.trim_end();
        let kept = if kept.is_empty() { 0 } else { kept.len() + 1 };
        Some(Edit::delete(Span::new(kept.min(line), end)))
    }

    /// Takes those of its unused entries out of the file whose fixes are no more careless than `most`, and their findings
    /// out of `found`.
    pub(super) fn mend(&self, found: &mut Vec<Diagnostic>, most: Applicability) -> Option<(Change, usize)> {
        let source = self.source.as_ref()?;
        let mut gone: Vec<Span> = Vec::new();
        let before = found.len();
        found.retain(|diagnostic| {
            let unused = diagnostic.finding.code == meta::unused_suppression::RULE.code;
            let fix = diagnostic.fix.as_ref().filter(|fix| unused && (fix.safe || most == Applicability::Unsafe));
            gone.extend(fix.iter().flat_map(|fix| fix.edits.iter().map(|(span, _)| *span)));
            fix.is_none()
        });
        gone.sort();
        let (mut after, mut at) = (String::with_capacity(source.text().len()), 0);
        for span in &gone {
            after.push_str(source.text().get(at..span.start.max(at))?);
            at = at.max(span.end);
        }
        after.push_str(source.text().get(at..)?);
        if at == source.text().len() {
            after.truncate(after.trim_end().len());
            after.push_str(if after.is_empty() { "" } else { "\n" });
        }
        let change =
            Change { path: self.path.clone(), name: source.name().to_owned(), before: source.text().to_owned(), after };
        (!gone.is_empty()).then(|| (change, before - found.len()))
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
    let ends = [
        Some(entry.rule.span().end),
        Some(entry.path.span().end),
        entry.reason.as_ref().map(|reason| reason.span().end),
        entry.expires.as_ref().map(|expires| expires.span().end),
        entry.fingerprint.as_ref().map(|fingerprint| fingerprint.span().end),
    ];
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
        fingerprint: entry.fingerprint.map(Spanned::into_inner),
        reason: entry.reason.map(Spanned::into_inner).unwrap_or_default(),
        expires: expires.transpose()?,
        span,
        end: ends.into_iter().flatten().max().unwrap_or(span.end),
    })
}

#[cfg(test)]
mod tests;
