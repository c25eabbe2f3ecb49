//! From the text of a configuration to a [`Config`].

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::Deserialize;
use toml::Spanned;

use super::{Config, Override, SUPPRESSIONS_FILE};
use crate::json::{SourceText, Span};
use crate::lint::rules::meta;
use crate::lint::{Baseline, Findings, Rule, Selection, Selector, Settings, Suppressions};
use crate::policy::{Arn, Dialect, PolicyKind};
use crate::report::{Diagnostic, Finding, Severity};

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct LintTable {
    #[serde(default)]
    select: Vec<Spanned<String>>,
    #[serde(default)]
    ignore: Vec<Spanned<String>>,
    #[serde(default)]
    severity: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    overrides: Vec<OverrideTable>,
    #[serde(default)]
    lenient: bool,
    #[serde(default)]
    accounts: Vec<Spanned<String>>,
    #[serde(default)]
    regions: Vec<String>,
    #[serde(default)]
    sensitive: Vec<Spanned<String>>,
    #[serde(default)]
    catalogue: Vec<Spanned<String>>,
    #[serde(default)]
    catalogue_pinned: bool,
    suppressions: Option<Spanned<String>>,
    baseline: Option<Spanned<String>>,
}

// The fields that it shares with `LintTable` stand in both: a flattened struct would neither refuse unknown members nor know the
// places of values.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OverrideTable {
    paths: Vec<Spanned<String>>,
    #[serde(default)]
    select: Vec<Spanned<String>>,
    #[serde(default)]
    ignore: Vec<Spanned<String>>,
    #[serde(default)]
    severity: BTreeMap<Spanned<String>, Spanned<String>>,
    kind: Option<PolicyKind>,
}

/// The gate's configuration, of which one table is of interest here.
#[derive(Deserialize)]
struct GateFile {
    #[serde(default)]
    lint: LintTable,
}

/// Reads the file at `path`.
pub(in crate::lint) fn text(path: &Path) -> Result<SourceText, Finding> {
    let name = path.display().to_string();
    std::fs::read_to_string(path)
        .map(|text| SourceText::new(name.as_str(), text))
        .map_err(|error| Finding::nowhere(Severity::Error, "unreadable", format!("`{name}` cannot be read: {error}")))
}

/// Whether the file at `path` is a configuration of the gate with a table for lint.
pub(super) fn has_table(path: &Path) -> bool {
    let table = std::fs::read_to_string(path).ok().and_then(|text| text.parse::<toml::Table>().ok());
    table.is_some_and(|table| table.contains_key("lint"))
}

pub(super) fn parse(source: &SourceText, directory: &Path, is_table: bool) -> Result<Config, Vec<Finding>> {
    let table = if is_table {
        toml::from_str::<GateFile>(source.text()).map(|file| file.lint)
    } else {
        toml::from_str::<LintTable>(source.text())
    };
    let table = table.map_err(|error| vec![syntax(source, &error)])?;
    let mut reading = Reading { source, directory, mistakes: Vec::new(), findings: Vec::new() };
    let config = reading.config(table);
    if reading.mistakes.is_empty() { Ok(config) } else { Err(reading.mistakes) }
}

/// A mistake of TOML.
pub(in crate::lint) fn syntax(source: &SourceText, error: &toml::de::Error) -> Finding {
    Finding {
        severity: Severity::Error,
        code: "config-syntax".to_owned(),
        message: error.message().to_owned(),
        help: None,
        place: Some((source.clone(), error.span().map_or(Span::default(), Span::from))),
    }
}

struct Reading<'a> {
    source: &'a SourceText,
    directory: &'a Path,
    mistakes: Vec<Finding>,
    findings: Vec<Diagnostic>,
}

impl Reading<'_> {
    fn mistake<T>(&mut self, at: &Spanned<T>, message: impl Into<String>, help: &str) {
        self.mistakes.push(Finding {
            severity: Severity::Error,
            code: "config".to_owned(),
            message: message.into(),
            help: Some(help.to_owned()),
            place: Some((self.source.clone(), at.span().into())),
        });
    }

    fn note(&mut self, rule: &'static Rule, span: Span, message: String, help: &str) {
        let mut findings = Findings::of(rule);
        findings.at(span, message).help(help);
        self.findings.extend(findings.into_vec().iter().map(|finding| finding.report(self.source)));
    }

    fn config(&mut self, table: LintTable) -> Config {
        let selection = self.selection(&table.select, &table.ignore, &table.severity);
        let mut overrides = Vec::new();
        for one in &table.overrides {
            let selection = self.selection(&one.select, &one.ignore, &one.severity);
            overrides.push(Override { paths: self.globs(&one.paths), selection, kind: one.kind });
        }
        let mut settings = Settings::new();
        settings.dialect = Dialect::of(table.lenient);
        settings.catalog_pinned = table.catalogue_pinned;
        settings.regions = table.regions.into_iter().collect();
        settings.accounts = self.accounts(&table.accounts);
        settings.sensitive = self.sensitive(&table.sensitive);
        for path in &table.catalogue {
            self.catalogue(path, &mut settings);
        }
        let suppressions = match &table.suppressions {
            Some(path) => self.named_file(path),
            None => Some(self.directory.join(SUPPRESSIONS_FILE)).filter(|path| path.is_file()),
        };
        let suppressions = suppressions.map(|path| Suppressions::read(&path, self.directory));
        let suppressions = self.or_mistakes(suppressions);
        let baseline = table.baseline.as_ref().map(|path| self.directory.join(path.get_ref()));
        let baseline = baseline.map(|path| Baseline::read(&path).map_err(|finding| vec![finding]));
        let baseline = self.or_mistakes(baseline);
        Config {
            directory: self.directory.to_owned(),
            settings,
            selection,
            overrides,
            kind: None,
            suppressions,
            baseline,
            findings: std::mem::take(&mut self.findings),
        }
    }

    fn or_mistakes<T: Default>(&mut self, read: Option<Result<T, Vec<Finding>>>) -> T {
        match read {
            Some(Ok(read)) => read,
            Some(Err(mistakes)) => {
                self.mistakes.extend(mistakes);
                T::default()
            }
            None => T::default(),
        }
    }

    fn selection(
        &mut self,
        select: &[Spanned<String>],
        ignore: &[Spanned<String>],
        severity: &BTreeMap<Spanned<String>, Spanned<String>>,
    ) -> Selection {
        let selectors = |reading: &mut Self, words: &[Spanned<String>]| -> Vec<Selector> {
            words.iter().filter_map(|word| reading.selector(word)).collect()
        };
        let selection = Selection {
            select: selectors(self, select),
            ignore: selectors(self, ignore),
            severity: severity.iter().filter_map(|(word, value)| self.severity(word, value)).collect(),
        };
        for word in ignore {
            let twice = |selector: &Selector| selection.select.contains(selector);
            if Selector::parse(word.get_ref()).is_ok_and(|selector| twice(&selector)) {
                let message = format!("`{}` is both selected and ignored, so it is ignored", word.get_ref());
                self.note(&meta::conflicting_config::RULE, word.span().into(), message, "keep one of them");
            }
        }
        for word in severity.keys() {
            let Ok(selector) = Selector::parse(word.get_ref()) else { continue };
            if !crate::lint::all().any(|rule| selector.names(rule) && selection.has(rule)) {
                let message = format!("`{}` has a severity, and is not asked", word.get_ref());
                self.note(
                    &meta::conflicting_config::RULE,
                    word.span().into(),
                    message,
                    "take it away, or select the rule",
                );
            }
        }
        selection
    }

    fn selector(&mut self, word: &Spanned<String>) -> Option<Selector> {
        match Selector::parse(word.get_ref()) {
            Ok(selector) => Some(selector),
            Err(unknown) => {
                let help = "`ALL`, a group such as `action`, the beginning of codes such as `RAM3`, a code and a name are known";
                self.note(&meta::unknown_rule_in_config::RULE, word.span().into(), unknown.to_string(), help);
                None
            }
        }
    }

    fn severity(&mut self, word: &Spanned<String>, value: &Spanned<String>) -> Option<(Selector, Severity)> {
        let severity = match value.get_ref().as_str() {
            "error" => Severity::Error,
            "warning" => Severity::Warning,
            "note" => Severity::Note,
            other => {
                let message = format!("`{other}` is no severity");
                self.mistake(value, message, "write `error`, `warning` or `note`");
                return None;
            }
        };
        Some((self.selector(word)?, severity))
    }

    fn globs(&mut self, patterns: &[Spanned<String>]) -> GlobSet {
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            match glob(pattern.get_ref()) {
                Ok(globs) => globs.into_iter().for_each(|glob| {
                    set.add(glob);
                }),
                Err(error) => {
                    let message = format!("`{}` is no pattern of paths: {error}", pattern.get_ref());
                    self.mistake(pattern, message, "write it as in `legacy/**/*.json`");
                }
            }
        }
        set.build().unwrap_or_default()
    }

    fn accounts(&mut self, accounts: &[Spanned<String>]) -> BTreeSet<String> {
        for account in accounts {
            if !crate::identity::is_account_id(account.get_ref()) {
                let message = format!("`{}` is no account id", account.get_ref());
                self.mistake(account, message, "write the digits of the id");
            }
        }
        accounts.iter().map(|account| account.get_ref().clone()).collect()
    }

    fn sensitive(&mut self, patterns: &[Spanned<String>]) -> Vec<String> {
        for pattern in patterns {
            let arn = Arn::parse(pattern.get_ref());
            if !arn.is_some_and(|arn| !arn.service.is_empty() && !arn.service.contains(['*', '?'])) {
                let message = format!("`{}` is no ARN with a service", pattern.get_ref());
                self.mistake(pattern, message, "write it as in `acs:oss:*:*:payroll*`");
            }
        }
        patterns.iter().map(|pattern| pattern.get_ref().clone()).collect()
    }

    fn named_file(&mut self, path: &Spanned<String>) -> Option<PathBuf> {
        let found = self.directory.join(path.get_ref());
        if found.is_file() {
            return Some(found);
        }
        self.mistake(path, format!("`{}` is no file", found.display()), "name it relative to this file");
        None
    }

    fn catalogue(&mut self, path: &Spanned<String>, settings: &mut Settings) {
        let Some(path) = self.named_file(path) else { return };
        match text(&path) {
            Ok(source) => {
                if let Err(error) = settings.catalog.extend(&source) {
                    self.mistakes.extend(Finding::of_catalogue(&source, &error));
                }
            }
            Err(finding) => self.mistakes.push(finding),
        }
    }
}

/// A pattern of paths: `*` within one folder, `**` across folders. A folder stands for everything below it.
pub(in crate::lint) fn glob(pattern: &str) -> Result<Vec<globset::Glob>, globset::Error> {
    let pattern = plain(pattern);
    let one = |pattern: &str| GlobBuilder::new(pattern).literal_separator(true).backslash_escape(true).build();
    Ok(vec![one(pattern)?, one(&format!("{pattern}/**"))?])
}

/// A pattern without what only says where it begins and that it is a folder.
pub(in crate::lint) fn plain(pattern: &str) -> &str {
    pattern.strip_prefix("./").unwrap_or(pattern).trim_end_matches('/')
}
