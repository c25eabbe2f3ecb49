//! JSON.

use serde::Serialize;

use super::Severity;
use super::diagnostic::{Diagnostic, Region, fingerprints, slashed};
use crate::json::{SourceText, Span};

#[derive(Serialize)]
struct Record<'a> {
    severity: Severity,
    code: &'a str,
    rule: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(flatten)]
    region: Option<Region>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also: Vec<AlsoRecord<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<FixRecord<'a>>,
    fingerprint: String,
}

#[derive(Serialize)]
struct AlsoRecord<'a> {
    message: &'a str,
    #[serde(flatten)]
    region: Region,
}

#[derive(Serialize)]
struct FixRecord<'a> {
    title: &'a str,
    safe: bool,
    edits: Vec<EditRecord<'a>>,
}

#[derive(Serialize)]
struct EditRecord<'a> {
    text: &'a str,
    #[serde(flatten)]
    region: Region,
}

pub(super) fn render(diagnostics: &[Diagnostic]) -> serde_json::Value {
    let records = diagnostics.iter().zip(fingerprints(diagnostics)).map(|(diagnostic, fingerprint)| {
        let region = |span: Span| source(diagnostic).map(|source| Region::of(source, span));
        let finding = &diagnostic.finding;
        let record = Record {
            severity: finding.severity,
            code: &finding.code,
            rule: &diagnostic.rule,
            message: &finding.message,
            help: finding.help.as_deref(),
            file: source(diagnostic).map(|source| slashed(source.name())),
            region: diagnostic.place().map(|(_, region)| region),
            also: diagnostic
                .also
                .iter()
                .filter_map(|(span, message)| Some(AlsoRecord { message, region: region(*span)? }))
                .collect(),
            fix: diagnostic.fix.as_ref().map(|fix| FixRecord {
                title: &fix.title,
                safe: fix.safe,
                edits: fix
                    .edits
                    .iter()
                    .filter_map(|(span, text)| Some(EditRecord { text, region: region(*span)? }))
                    .collect(),
            }),
            fingerprint,
        };
        serde_json::to_value(record).unwrap_or_default()
    });
    records.collect()
}

fn source(diagnostic: &Diagnostic) -> Option<&SourceText> {
    diagnostic.finding.place.as_ref().map(|(source, _)| source)
}
