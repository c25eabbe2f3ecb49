//! What continuous integration reads: annotations of GitHub, code quality of GitLab, JUnit.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Severity;
use super::diagnostic::{Diagnostic, fingerprints, slashed};

/// Workflow commands, a line each.
pub(super) fn github(diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        let finding = &diagnostic.finding;
        let command = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        out.push_str("::");
        out.push_str(command);
        out.push(' ');
        if let Some((source, region)) = diagnostic.place() {
            let file = property(&slashed(source.name()));
            let _ = write!(out, "file={file},line={},endLine={},", region.line, region.end_line);
            // Columns are of one line.
            if region.line == region.end_line {
                let _ = write!(out, "col={},endColumn={},", region.column, region.end_column);
            }
        }
        let help = finding.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
        let title = property(&format!("{} {}", finding.code, diagnostic.rule));
        let _ = writeln!(out, "title={title}::{}", data(&format!("{}{help}", finding.message)));
    }
    out
}

fn data(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '%' => out.push_str("%25"),
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            // What would steer a terminal that shows the log.
            letter if letter.is_control() => out.extend(letter.escape_default()),
            letter => out.push(letter),
        }
    }
    out
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A report of code quality.
pub(super) fn gitlab(diagnostics: &[Diagnostic]) -> Value {
    let records = diagnostics.iter().zip(fingerprints(diagnostics)).map(|(diagnostic, fingerprint)| {
        let finding = &diagnostic.finding;
        let severity = match finding.severity {
            Severity::Error => "critical",
            Severity::Warning => "major",
            Severity::Note => "info",
        };
        let (path, lines) = diagnostic.place().map_or_else(
            // A report without a path is refused.
            || (".".to_owned(), json!({"begin": 1})),
            |(source, region)| (slashed(source.name()), json!({"begin": region.line, "end": region.end_line})),
        );
        json!({
            "description": finding.message,
            "check_name": diagnostic.rule,
            "fingerprint": fingerprint,
            "severity": severity,
            "location": {"path": path, "lines": lines},
        })
    });
    records.collect()
}

/// A test suite a file; a file without findings is a test that passed.
pub(super) fn junit(diagnostics: &[Diagnostic], files: &[String]) -> String {
    let mut suites: BTreeMap<String, Vec<&Diagnostic>> = files.iter().map(|file| (slashed(file), Vec::new())).collect();
    for diagnostic in diagnostics {
        let file = diagnostic.finding.place.as_ref().map_or("ramgate", |(source, _)| source.name());
        suites.entry(slashed(file)).or_default().push(diagnostic);
    }
    let tests: usize = suites.values().map(|found| found.len().max(1)).sum();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(out, "<testsuites name=\"ramgate lint\" tests=\"{tests}\" failures=\"{}\">", diagnostics.len());
    for (file, found) in suites {
        let (file, count) = (escaped(&file), found.len());
        let _ = writeln!(out, "  <testsuite name=\"{file}\" tests=\"{}\" failures=\"{count}\">", count.max(1));
        if found.is_empty() {
            let _ = writeln!(out, "    <testcase name=\"lint\" classname=\"{file}\"/>");
        }
        for diagnostic in found {
            let finding = &diagnostic.finding;
            let name = escaped(&format!("{} {}", finding.code, diagnostic.rule));
            let kind = match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "note",
            };
            let message = escaped(&finding.message);
            let place = diagnostic
                .place()
                .map_or_else(String::new, |(_, region)| format!("{file}:{}:{}", region.line, region.column));
            let help = finding.help.as_ref().map(|help| format!("\n{}", escaped(help))).unwrap_or_default();
            let _ = writeln!(out, "    <testcase name=\"{name}\" classname=\"{file}\">");
            let _ = writeln!(out, "      <failure type=\"{kind}\" message=\"{message}\">{place}{help}</failure>");
            let _ = writeln!(out, "    </testcase>");
        }
        let _ = writeln!(out, "  </testsuite>");
    }
    out.push_str("</testsuites>\n");
    out
}

/// Text for XML 1.0, in attributes too; what XML cannot hold is replaced.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push(' '),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            letter if letter < ' ' => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    out
}
