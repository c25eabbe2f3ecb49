//! SARIF 2.1.0, which code scanning services read.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::diagnostic::{Diagnostic, Mend, Region, RuleDescription, fingerprints, slashed};
use super::{Finding, Severity};
use crate::json::SourceText;

/// The version of how fingerprints are made.
const FINGERPRINT: &str = "ramgate/v1";

pub(super) fn render(diagnostics: &[Diagnostic], rules: &[RuleDescription]) -> Value {
    let results: Vec<_> = diagnostics
        .iter()
        .zip(fingerprints(diagnostics))
        .map(|(diagnostic, fingerprint)| result(diagnostic, &fingerprint, rules))
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "ramgate",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(rule).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(rule: &RuleDescription) -> Value {
    json!({
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "help": {"text": rule.page, "markdown": rule.page},
        "defaultConfiguration": {"level": level(rule.severity)},
    })
}

fn result(diagnostic: &Diagnostic, fingerprint: &str, rules: &[RuleDescription]) -> Value {
    let finding = &diagnostic.finding;
    let mut result = serde_json::Map::new();
    let mut add = |name: &str, value: Value| result.insert(name.to_owned(), value);
    add("ruleId", finding.code.as_str().into());
    if let Some(index) = rules.iter().position(|rule| rule.code == finding.code) {
        add("ruleIndex", index.into());
    }
    add("level", level(finding.severity).into());
    add("message", json!({"text": message(finding)}));
    add("partialFingerprints", json!({FINGERPRINT: fingerprint}));
    if let Some((source, region)) = diagnostic.place() {
        add("locations", json!([{"physicalLocation": location(source, region)}]));
        let related = (1..).zip(&diagnostic.also).map(|(id, (span, why))| {
            let location = location(source, Region::of(source, *span));
            json!({"id": id, "message": {"text": why}, "physicalLocation": location})
        });
        if !diagnostic.also.is_empty() {
            add("relatedLocations", related.collect());
        }
        if let Some(fix) = &diagnostic.fix {
            add("fixes", json!([changes(source, fix)]));
        }
    }
    result.into()
}

fn changes(source: &SourceText, fix: &Mend) -> Value {
    let replacements = fix.edits.iter().map(|(span, text)| {
        json!({"deletedRegion": region_of(Region::of(source, *span)), "insertedContent": {"text": text}})
    });
    let safety = if fix.safe { "safe" } else { "unsafe" };
    json!({
        "description": {"text": format!("{} ({safety})", fix.title)},
        "artifactChanges": [{
            "artifactLocation": {"uri": uri(source.name())},
            "replacements": replacements.collect::<Vec<_>>(),
        }],
    })
}

fn message(finding: &Finding) -> String {
    match &finding.help {
        Some(help) => format!("{}; {help}", finding.message),
        None => finding.message.clone(),
    }
}

fn location(source: &SourceText, region: Region) -> Value {
    json!({"artifactLocation": {"uri": uri(source.name())}, "region": region_of(region)})
}

fn region_of(region: Region) -> Value {
    json!({
        "startLine": region.line,
        "startColumn": region.column,
        "endLine": region.end_line,
        "endColumn": region.end_column,
    })
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// A path as a URI reference: relative to where the command ran, or absolute.
fn uri(path: &str) -> String {
    let path = slashed(path);
    let mut uri = if path.starts_with('/') { "file://".to_owned() } else { String::new() };
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            byte => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}
