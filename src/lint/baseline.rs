//! Findings that were there before, so that only new ones count.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::rules::meta;
use super::run::Found;
use super::{Findings, Rule};
use crate::json::{SourceText, Span};
use crate::report::{Diagnostic, Finding, Severity};

/// The version of the form of the file.
const VERSION: u32 = 1;

/// The findings of a baseline file, by their [fingerprints](crate::report::fingerprints).
#[derive(Debug, Clone, Default)]
pub struct Baseline {
    source: Option<SourceText>,
    entries: BTreeMap<String, Entry>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BaselineFile {
    version: u32,
    findings: Vec<Entry>,
}

/// All but the fingerprint is for people who read the file, and to tell what is of no use any more.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    fingerprint: String,
    code: String,
    file: String,
    message: String,
}

impl Baseline {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// Where it cannot be read, or is no baseline.
    pub fn read(path: &Path) -> Result<Self, Finding> {
        let name = path.display().to_string();
        let finding = |message: String| {
            Finding::nowhere(Severity::Error, "baseline", message)
                .with_help("`ramgate lint --write-baseline FILE` writes one")
        };
        let text = std::fs::read_to_string(path)
            .map_err(|error| finding(format!("baseline `{name}` cannot be read: {error}")))?;
        let file: BaselineFile =
            serde_json::from_str(&text).map_err(|error| finding(format!("`{name}` is no baseline: {error}")))?;
        if file.version != VERSION {
            let message = format!("baseline `{name}` is of version {}, and this one reads {VERSION}", file.version);
            return Err(finding(message));
        }
        let entries = file.findings.into_iter().map(|entry| (entry.fingerprint.clone(), entry)).collect();
        Ok(Self { source: Some(SourceText::new(name, text)), entries })
    }

    /// The text of a baseline of all these findings.
    #[must_use]
    pub(super) fn write(found: &[Found]) -> String {
        let entry = |found: &Found| Entry {
            fingerprint: found.fingerprint.clone(),
            code: found.diagnostic.finding.code.clone(),
            file: slashed(&found.path),
            message: found.diagnostic.finding.message.clone(),
        };
        let mut findings: Vec<Entry> = found.iter().map(entry).collect();
        findings.sort_by(|a, b| (&a.file, &a.code, &a.fingerprint).cmp(&(&b.file, &b.code, &b.fingerprint)));
        let text = serde_json::to_string_pretty(&BaselineFile { version: VERSION, findings });
        text.unwrap_or_default() + "\n"
    }

    /// Takes away what is in the baseline, and says what of it was not found any more in the files that were looked at.
    pub(super) fn apply(
        &self,
        found: &mut Vec<Found>,
        checked: &[PathBuf],
        asked: impl Fn(&Path, &Rule) -> bool,
    ) -> Vec<Diagnostic> {
        let Some(source) = &self.source else { return Vec::new() };
        let mut left = self.entries.clone();
        found.retain(|found| {
            left.remove(&found.fingerprint);
            !self.entries.contains_key(&found.fingerprint)
        });
        left.retain(|_, entry| {
            let path = Path::new(&entry.file);
            checked.iter().any(|checked| checked == path)
                && super::find(&entry.code).is_none_or(|rule| asked(path, rule))
        });
        let stale = left.into_values().flat_map(|entry| {
            let at = source.text().find(&entry.fingerprint).unwrap_or_default();
            let mut findings = Findings::of(&meta::unused_baseline::RULE);
            let message = format!("{} in `{}` is in the baseline and was not found any more", entry.code, entry.file);
            findings
                .at(Span::new(at, at + entry.fingerprint.len()), message)
                .help("take it out of the baseline, so that it cannot come back unseen");
            findings.into_vec()
        });
        stale.map(|finding| finding.report(source)).collect()
    }
}

/// A path with slashes.
pub(super) fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}
