//! Findings of rules, as machines read them.

use std::collections::HashMap;
use std::hash::Hasher as _;

use fnv::FnvHasher;
use serde::Serialize;

use super::{Finding, Severity};
use crate::json::{Position, SourceText, Span};

/// A finding of a rule: with the rule's name, further places, and a fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What was found, and where; its code is the rule's.
    pub finding: Finding,
    /// The rule in words, as in `action/pattern-matches-nothing`.
    pub rule: String,
    /// Other places of the same text that have to do with it, each with a word on why.
    pub also: Vec<(Span, String)>,
    /// A mend that can be applied.
    pub fix: Option<Mend>,
}

/// A mend that can be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mend {
    /// What it does, as an order: "write `1`".
    pub title: String,
    /// Whether it may be applied without a look.
    pub safe: bool,
    /// What is replaced by what, in text order.
    pub edits: Vec<(Span, String)>,
}

/// A rule, as reports describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleDescription {
    /// The code, as in `RAM331`.
    pub code: String,
    /// The name, as in `action/pattern-matches-nothing`.
    pub name: String,
    /// What it is about, in a sentence.
    pub summary: String,
    /// Its page, in Markdown.
    pub page: String,
    /// How bad its findings are in general.
    pub severity: Severity,
}

/// A part of a text as programs name it: the first character, and the one just past the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Region {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) end_line: usize,
    pub(super) end_column: usize,
}

impl Region {
    pub(super) fn of(source: &SourceText, span: Span) -> Self {
        let Position { line, column } = source.position(span.start);
        let end = source.position(span.end.max(span.start));
        Self { line, column, end_line: end.line, end_column: end.column }
    }
}

impl Diagnostic {
    /// A finding that is no rule's, under its own code.
    #[must_use]
    pub fn plain(finding: Finding) -> Self {
        Self { rule: finding.code.clone(), finding, also: Vec::new(), fix: None }
    }

    /// The name of the text and the part of it, where the finding has a place.
    pub(super) fn place(&self) -> Option<(&SourceText, Region)> {
        self.finding.place.as_ref().map(|(source, span)| (source, Region::of(source, *span)))
    }
}

/// A name for each diagnostic that stays the same when lines move: made of the rule, the file and what stands at the
/// place. Of several alike, the second and further ones are counted.
#[must_use]
pub fn fingerprints(diagnostics: &[Diagnostic]) -> Vec<String> {
    let mut seen: HashMap<u64, u64> = HashMap::new();
    let print = |diagnostic: &Diagnostic| {
        let mut hasher = FnvHasher::default();
        let mut part = |text: &str| {
            hasher.write(text.as_bytes());
            hasher.write_u8(0);
        };
        part(&diagnostic.finding.code);
        match &diagnostic.finding.place {
            Some((source, span)) => {
                part(&slashed(source.name()));
                source.slice(*span).split_whitespace().for_each(part);
            }
            None => part(&diagnostic.finding.message),
        }
        let first = hasher.finish();
        let count = seen.entry(first).and_modify(|count| *count += 1).or_default();
        hasher.write(&count.to_le_bytes());
        format!("{:016x}", hasher.finish())
    };
    diagnostics.iter().map(print).collect()
}

/// A path with slashes, without `./` at its beginning.
pub(super) fn slashed(path: &str) -> String {
    let path = path.replace('\\', "/");
    path.strip_prefix("./").unwrap_or(&path).to_owned()
}
