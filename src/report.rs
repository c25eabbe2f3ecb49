//! Findings as people and machines read them: text with source excerpts, JSON, SARIF, and what CI services read.

mod ci;
mod diagnostic;
mod json_format;
mod sarif;
mod text;

pub use diagnostic::{Diagnostic, Mend, RuleDescription, fingerprints};

use serde::Serialize;

use crate::catalog::{CatalogError, CatalogMistake};
use crate::json::{Position, SourceText, Span};
use crate::policy::InvalidPolicy;
use crate::store::LoadErrors;

/// How bad a [`Finding`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It stops the command.
    Error,
    /// It works, and is probably not what was meant.
    Warning,
    /// For the reader's information.
    Note,
}

/// One thing that somebody should know about a text they wrote, with its place and its mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// A stable code to search for.
    pub code: String,
    /// What is wrong; lower case, no full stop.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
    /// Where it is, where it has a place in a text.
    pub place: Option<(SourceText, Span)>,
}

impl Finding {
    /// A finding that has no place in a text.
    #[must_use]
    pub fn nowhere(severity: Severity, code: &str, message: impl Into<String>) -> Self {
        Self { severity, code: code.to_owned(), message: message.into(), help: None, place: None }
    }

    /// The same finding with a way to mend it.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Every mistake of a world.
    #[must_use]
    pub fn of_world(errors: &LoadErrors) -> Vec<Self> {
        let finding = |mistake: &crate::store::Mistake| Self {
            severity: Severity::Error,
            code: mistake.code.clone(),
            message: mistake.message.clone(),
            help: mistake.help.clone(),
            place: mistake.place.clone(),
        };
        errors.mistakes.iter().map(finding).collect()
    }

    /// Every mistake of a policy document.
    #[must_use]
    pub fn of_policy(invalid: &InvalidPolicy) -> Vec<Self> {
        let finding = |mistake: &crate::policy::Finding| Self {
            severity: Severity::Error,
            code: mistake.code.to_string(),
            message: mistake.message.clone(),
            help: mistake.help.clone(),
            place: Some((invalid.document.clone(), mistake.span)),
        };
        invalid.findings.iter().map(finding).collect()
    }

    /// Every mistake of a catalogue file.
    #[must_use]
    pub fn of_catalogue(source: &SourceText, error: &CatalogError) -> Vec<Self> {
        let finding = |mistake: &CatalogMistake| {
            let at = source.offset(mistake.position);
            Self {
                severity: Severity::Error,
                code: "catalogue".to_owned(),
                message: mistake.message.clone(),
                help: None,
                place: Some((source.clone(), Span::new(at, at))),
            }
        };
        error.mistakes().iter().map(finding).collect()
    }

    /// Name of the text, line and column; `None` where the finding has no place in a text.
    #[must_use]
    pub fn position(&self) -> Option<(&str, Position)> {
        self.place.as_ref().map(|(source, span)| (source.name(), source.position(span.start)))
    }
}

/// A finding as JSON shows it: the place as file, line and column.
#[derive(Serialize)]
struct FindingRecord<'a> {
    severity: Severity,
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
}

impl Serialize for Finding {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let position = self.position();
        FindingRecord {
            severity: self.severity,
            code: &self.code,
            message: &self.message,
            help: self.help.as_deref(),
            file: position.map(|(file, _)| file),
            line: position.map(|(_, at)| at.line),
            column: position.map(|(_, at)| at.column),
        }
        .serialize(serializer)
    }
}

/// Whether text is for a terminal that shows colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// ANSI colours.
    On,
    /// Plain text.
    Off,
}

/// `findings` one after the other, each with the lines it is about and carets below them.
///
/// ```
/// use ramgate::json::{SourceText, Span};
/// use ramgate::report::{Colour, Finding, Severity, text};
///
/// let source = SourceText::new("p.json", "{\"Version\": 1}");
/// let finding = Finding {
///     severity: Severity::Error,
///     code: "version".into(),
///     message: "`Version` must be the string `\"1\"`".into(),
///     help: Some("write \"Version\": \"1\"".into()),
///     place: Some((source, Span::new(12, 13))),
/// };
/// assert!(text(&[finding], Colour::Off).contains("p.json:1:13"));
/// ```
#[must_use]
pub fn text(findings: &[Finding], colour: Colour) -> String {
    text::render(findings, colour)
}

/// `diagnostics` one after the other, each with the lines it is about, carets below them, and its fix.
#[must_use]
pub fn diagnostics_text(diagnostics: &[Diagnostic], colour: Colour) -> String {
    text::render_diagnostics(diagnostics, colour)
}

/// `diagnostics` as a JSON array, one object each: as [`json`], and with the rule's name, the end of the place, further
/// places, the fix with its edits, and the [fingerprint](fingerprints). Columns count Unicode scalars from 1; an end is just
/// past the last character.
#[must_use]
pub fn diagnostics_json(diagnostics: &[Diagnostic]) -> serde_json::Value {
    json_format::render(diagnostics)
}

/// `diagnostics` as a SARIF 2.1.0 log of one run, with the rules that were asked.
#[must_use]
pub fn sarif(diagnostics: &[Diagnostic], rules: &[RuleDescription]) -> serde_json::Value {
    sarif::render(diagnostics, rules)
}

/// `diagnostics` as workflow commands of GitHub Actions, a line each, which annotate a pull request.
#[must_use]
pub fn github(diagnostics: &[Diagnostic]) -> String {
    ci::github(diagnostics)
}

/// `diagnostics` as a code quality report of GitLab.
#[must_use]
pub fn gitlab(diagnostics: &[Diagnostic]) -> serde_json::Value {
    ci::gitlab(diagnostics)
}

/// `diagnostics` as JUnit XML: a suite for each of `files`, with a failure for each diagnostic.
#[must_use]
pub fn junit(diagnostics: &[Diagnostic], files: &[String]) -> String {
    ci::junit(diagnostics, files)
}

/// `findings` as a JSON array, one object each with severity, code, message, help, file, line and column.
#[must_use]
pub fn json(findings: &[Finding]) -> serde_json::Value {
    serde_json::to_value(findings).unwrap_or_default()
}

#[cfg(test)]
mod tests;
