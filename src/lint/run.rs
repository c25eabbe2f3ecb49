//! Files under the rules: read, checked side by side, mended, and held against suppressions and baseline.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::across;
use super::linter::{MAX_ROUNDS, apply};
use super::rules::{meta, syntax};
use super::{Applicability, Baseline, Config, Findings, Fix, Linter, Rule, Selection, Subject};
use crate::documents::{self, Editing, Embedded, Neighbour};
use crate::json::{SourceText, Span, Syntax};
use crate::policy::{Dialect, PolicyKind};
use crate::report::{Diagnostic, Finding, Mend, Severity, fingerprints};

/// How files are checked, beside what the configuration says.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Fixes up to this one are applied to the texts, and what is then left is reported.
    pub most: Option<Applicability>,
    /// What files are written in, whatever their names say.
    pub format: Option<documents::Format>,
    /// How many threads check at once; none, and there are as many as the machine runs at once.
    pub threads: Option<usize>,
}

/// What came of files.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// What was found, file after file in the order in which they were named, each in text order; what is to be said of
    /// the configuration, the suppressions and the baseline comes last.
    pub diagnostics: Vec<Diagnostic>,
    /// The names of the files that hold a policy.
    pub files: Vec<String>,
    /// How many policies they hold.
    pub documents: usize,
    /// Why files could not be read.
    pub unreadable: Vec<Finding>,
    /// What fixes made of texts.
    pub changes: Vec<Change>,
    /// How many findings were mended.
    pub mended: usize,
    /// Whether a rule failed, which is a fault of ramgate's own.
    pub failed: bool,
    /// The text of a baseline of everything that was found.
    pub baseline: String,
}

/// What fixes made of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The file.
    pub path: PathBuf,
    /// The name of the text.
    pub name: String,
    /// What it was.
    pub before: String,
    /// What it is to be.
    pub after: String,
}

/// A finding and what suppressions and baseline go by.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) diagnostic: Diagnostic,
    pub(super) rule: Option<&'static Rule>,
    pub(super) path: PathBuf,
    pub(super) fingerprint: String,
}

/// What came of one file.
#[derive(Debug, Default)]
struct Checked {
    name: String,
    diagnostics: Vec<Diagnostic>,
    documents: usize,
    attaches: bool,
    unreadable: Vec<Finding>,
    change: Option<Change>,
    mended: usize,
    failed: bool,
}

/// Reads and checks `files`; `done` counts those that are through, for whoever watches.
#[must_use]
pub fn run(config: &Config, files: &[documents::Found], options: &Options, done: &AtomicUsize) -> Outcome {
    let next = AtomicUsize::new(0);
    let all = Mutex::new(Vec::with_capacity(files.len()));
    let checker = Checker::new(config, options);
    let work = || {
        let mut mine = Vec::new();
        while let Some((index, file)) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            files.get(index).map(|file| (index, file))
        } {
            mine.push((index, checker.read(file)));
            done.fetch_add(1, Ordering::Relaxed);
        }
        all.lock().unwrap_or_else(PoisonError::into_inner).append(&mut mine);
    };
    let parallel = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = options.threads.unwrap_or_else(parallel).clamp(1, files.len().max(1));
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    let mut checked = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    checked.sort_by_key(|(index, _)| *index);
    let mut outcome = outcome(config, checked.into_iter().map(|(_, checked)| checked).collect());
    if let Some((change, mended)) =
        options.most.and_then(|most| config.suppressions.mend(&mut outcome.diagnostics, most))
    {
        outcome.changes.push(change);
        outcome.mended += mended;
    }
    outcome
}

/// Checks a text that is no file, under the name that people know it by.
#[must_use]
pub fn run_text(config: &Config, source: &SourceText, options: &Options) -> Outcome {
    outcome(config, vec![Checker::new(config, options).check(source, true)])
}

/// Puts together what came of all files.
fn outcome(config: &Config, all: Vec<Checked>) -> Outcome {
    let mut outcome = Outcome::default();
    let (mut diagnostics, mut paths, mut attaching) = (Vec::new(), Vec::new(), Vec::new());
    for checked in all {
        diagnostics.extend(checked.diagnostics);
        if checked.attaches {
            attaching.push(checked.name.clone());
        }
        if checked.documents > 0 {
            paths.push(config.relative(&checked.name));
            outcome.files.push(checked.name);
        }
        outcome.documents += checked.documents;
        outcome.unreadable.extend(checked.unreadable);
        outcome.changes.extend(checked.change);
        outcome.mended += checked.mended;
        outcome.failed |= checked.failed;
    }
    let names: Vec<&str> = outcome.files.iter().map(String::as_str).collect();
    let attaching: Vec<&str> = attaching.iter().map(String::as_str).collect();
    diagnostics.extend(across::check(config, &names, &attaching, &outcome.changes));
    let prints = fingerprints(&diagnostics);
    let found = diagnostics.into_iter().zip(prints).map(|(diagnostic, fingerprint)| Found {
        rule: super::find(&diagnostic.finding.code),
        path: diagnostic.finding.place.as_ref().map(|(source, _)| config.relative(source.name())).unwrap_or_default(),
        fingerprint,
        diagnostic,
    });
    let mut found: Vec<Found> = found.collect();
    let asked = |path: &Path, rule: &Rule| config.for_file(&config.directory.join(path).to_string_lossy()).0.has(rule);
    let today = config.settings.today();
    let mut further = config.suppressions.apply(&mut found, &paths, asked, today);
    outcome.baseline = Baseline::write(&found);
    further.extend(config.baseline.apply(&mut found, &paths, asked));
    further.splice(0..0, config.findings.iter().cloned());
    outcome.diagnostics = found.into_iter().map(|found| found.diagnostic).collect();
    outcome.diagnostics.extend(further.into_iter().filter_map(|one| selected(one, &config.selection)));
    outcome
}

/// A diagnostic of the linter's own as the selection has it.
pub(super) fn selected(mut diagnostic: Diagnostic, selection: &Selection) -> Option<Diagnostic> {
    let Some(rule) = super::find(&diagnostic.finding.code) else { return Some(diagnostic) };
    if let Some(severity) = selection.severity_of(rule) {
        diagnostic.finding.severity = severity;
    }
    selection.has(rule).then_some(diagnostic)
}

struct Checker<'a> {
    config: &'a Config,
    options: &'a Options,
    linter: Linter,
}

impl<'a> Checker<'a> {
    fn new(config: &'a Config, options: &'a Options) -> Self {
        Self { config, options, linter: Linter::new(config.settings.clone()) }
    }

    fn read(&self, file: &documents::Found) -> Checked {
        let name = name(&file.path);
        let bytes = match std::fs::read(&file.path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let finding =
                    Finding::nowhere(Severity::Error, "unreadable", format!("`{name}` cannot be read: {error}"));
                return Checked { name, unreadable: vec![finding], ..Checked::default() };
            }
        };
        match String::from_utf8(bytes) {
            Ok(text) => {
                let mut checked = self.check(&SourceText::new(name, text), file.named);
                if let Some(change) = &mut checked.change {
                    // The name is for people, and may not be the path to the letter.
                    change.path.clone_from(&file.path);
                }
                checked
            }
            Err(error) => self.not_text(name, error.as_bytes(), error.utf8_error().valid_up_to()),
        }
    }

    /// A file that is not UTF-8: the place is where it stops being so.
    fn not_text(&self, name: String, bytes: &[u8], at: usize) -> Checked {
        let source = SourceText::new(name.as_str(), String::from_utf8_lossy(bytes));
        let mut findings = Findings::of(&syntax::non_utf8::RULE);
        let end = source.text().ceil_char_boundary((at + 1).min(source.text().len()));
        findings
            .at(Span::new(at, end), "the file is not UTF-8 from here on")
            .help("save it as UTF-8, without a byte order mark");
        let (selection, _) = self.config.for_file(&name);
        let diagnostics = findings.into_vec().into_iter().map(|finding| finding.report(&source));
        let diagnostics = diagnostics.filter_map(|diagnostic| selected(diagnostic, &selection)).collect();
        Checked { name, diagnostics, documents: 1, ..Checked::default() }
    }

    fn check(&self, source: &SourceText, named: bool) -> Checked {
        let (selection, kind) = self.config.for_file(source.name());
        let mut checked = Checked { name: source.name().to_owned(), ..Checked::default() };
        let mut file = source.clone();
        if let Some(most) = self.options.most {
            let fixed = catch_unwind(AssertUnwindSafe(|| self.fix(source, &selection, kind, named, most)));
            match fixed {
                Ok((after, mended)) if mended > 0 => {
                    checked.change = Some(Change {
                        path: PathBuf::from(source.name()),
                        name: source.name().to_owned(),
                        before: source.text().to_owned(),
                        after: after.text().to_owned(),
                    });
                    checked.mended = mended;
                    file = after;
                }
                Ok(_) => {}
                // Told below, where the rules fail again; a fix alone that fails leaves the text as it is.
                Err(_) => checked.failed = true,
            }
        }
        let contents = match self.documents(&file, kind, named) {
            Ok(contents) => contents,
            Err(findings) => {
                checked.unreadable = findings;
                return checked;
            }
        };
        checked.documents = contents.documents.len();
        checked.attaches = documents::Holdings::may_be_in(file.text());
        for document in &contents.documents {
            // Whoever says what kind of policy it is says that it is one.
            let neighbour = if kind.is_some() { None } else { document.neighbour() };
            if let Some(neighbour) = neighbour {
                checked.diagnostics.extend(other_language(document, neighbour, &selection, named));
                continue;
            }
            let found = catch_unwind(AssertUnwindSafe(|| self.findings(document, &selection)));
            checked.diagnostics.extend(found.unwrap_or_else(|_| {
                checked.failed = true;
                let mut findings = Findings::of(&meta::exception::RULE);
                findings.at(document.whole(), "a rule failed on this document").help("report it, with the document");
                findings.into_vec().iter().map(|finding| finding.report(document.file())).collect()
            }));
        }
        for note in contents.notes {
            let rule = &meta::unread_part::RULE;
            let finding = Finding { code: rule.code.to_owned(), ..note };
            let diagnostic = Diagnostic { rule: rule.name.to_owned(), ..Diagnostic::plain(finding) };
            checked.diagnostics.extend(selected(diagnostic, &selection));
        }
        let start = |diagnostic: &Diagnostic| diagnostic.finding.place.as_ref().map(|(_, span)| *span);
        checked.diagnostics.sort_by_key(start);
        checked
    }

    fn documents(
        &self,
        file: &SourceText,
        kind: Option<PolicyKind>,
        named: bool,
    ) -> Result<documents::Contents, Vec<Finding>> {
        let lenient = self.config.settings.dialect == Dialect::lenient();
        let syntax = if lenient { Syntax::Lenient } else { Syntax::Strict };
        documents::read(file, &documents::Options { syntax, kind, named, format: self.options.format })
    }

    fn findings(&self, document: &Embedded, selection: &Selection) -> Vec<Diagnostic> {
        let subject = Subject::embedded(document, kind(document), &self.config.settings);
        let found = self.linter.check_by(&subject, |rule| selection.has(rule));
        found.iter().map(|finding| in_file(document, finding, selection)).collect()
    }

    /// The file after fixes, and how many there were: round after round, since one fix may bring up another.
    fn fix(
        &self,
        file: &SourceText,
        selection: &Selection,
        forced: Option<PolicyKind>,
        named: bool,
        most: Applicability,
    ) -> (SourceText, usize) {
        let path = self.config.relative(file.name());
        let today = self.config.settings.today();
        let wanted = |rule: &'static Rule| selection.has(rule) && !self.config.suppressions.cover(rule, &path, today);
        let (mut file, mut mended) = (file.clone(), 0);
        for _ in 0..MAX_ROUNDS {
            let Ok(contents) = self.documents(&file, forced, named) else { break };
            let mut fixes = Vec::new();
            for document in &contents.documents {
                // A part that cannot be read may be anything, so that no fix is known to be right.
                let other_language = forced.is_none() && document.neighbour().is_some();
                if other_language || !document.unread().is_empty() {
                    continue;
                }
                let subject = Subject::embedded(document, kind(document), &self.config.settings);
                let found = self.linter.check_by(&subject, wanted).into_iter();
                let found = found.filter_map(|finding| Some((finding.rule, finding.fix?)));
                let found = found.filter(|(_, fix)| fix.applicability <= most);
                fixes.extend(found.filter_map(|(rule, fix)| Some((rule, edits_in_file(document, fix)?))));
            }
            let fixes: Vec<_> = fixes.iter().map(|(rule, fix)| (*rule, fix)).collect();
            let Some((text, applied)) = apply(file.text(), &fixes) else { break };
            let after = SourceText::new(file.name(), text);
            // A fix that breaks a document is a fault of its rule; the text before it is the better one.
            if self.readable(&after, forced, named) < self.readable(&file, forced, named) {
                break;
            }
            mended += applied.len();
            file = after;
        }
        (file, mended)
    }

    /// How many documents of a file can be read.
    fn readable(&self, file: &SourceText, forced: Option<PolicyKind>, named: bool) -> usize {
        let Ok(contents) = self.documents(file, forced, named) else { return 0 };
        let subject = |document| Subject::embedded(document, kind(document), &self.config.settings);
        contents.documents.iter().filter(|document| subject(document).document().is_some()).count()
    }
}

/// A fix of a document as one of its file: each edit at the place where the very text stands that it replaces. `None`
/// where one cannot be made there.
fn edits_in_file(document: &Embedded, mut fix: Fix) -> Option<Fix> {
    match document.editing() {
        Editing::File => return Some(fix),
        Editing::Lines(_) => {}
        Editing::No(_) => return None,
    }
    for edit in &mut fix.edits {
        let (file, span) = document.place(edit.span);
        let (here, there) = (document.text().slice(edit.span), file.slice(span));
        // Within the file lines may be indented further, and signs of a template escaped.
        let same = here.lines().map(str::trim).eq(there.lines().map(str::trim));
        let plain = !["${", "%{", "\n"].iter().any(|sign| edit.text.contains(sign));
        if !same || !plain {
            return None;
        }
        edit.span = span;
    }
    Some(fix)
}

/// That a document is written in another language; a warning where it was named.
fn other_language(document: &Embedded, neighbour: Neighbour, selection: &Selection, named: bool) -> Option<Diagnostic> {
    let rule = &meta::other_language::RULE;
    let severity = if named { Severity::Warning } else { Severity::Note };
    let finding = document.in_file(neighbour.finding(document.text(), severity));
    let finding = Finding { code: rule.code.to_owned(), ..finding };
    selected(Diagnostic { rule: rule.name.to_owned(), ..Diagnostic::plain(finding) }, selection)
}

/// What a document is read as; one that could be an identity policy is.
fn kind(document: &Embedded) -> PolicyKind {
    document.kind().unwrap_or(PolicyKind::Identity)
}

/// A finding about a document as one about its file.
pub(super) fn in_file(document: &Embedded, finding: &super::Finding, selection: &Selection) -> Diagnostic {
    let mut diagnostic = finding.report(document.text());
    diagnostic.finding = document.in_file(diagnostic.finding);
    if let Some(severity) = selection.severity_of(finding.rule) {
        diagnostic.finding.severity = severity;
    }
    for (span, _) in &mut diagnostic.also {
        *span = document.place(*span).1;
    }
    diagnostic.fix = finding.fix.as_ref().and_then(|fix| mend(document, fix));
    diagnostic
}

/// A fix as reports have it, where the document can be changed in place.
fn mend(document: &Embedded, fix: &Fix) -> Option<Mend> {
    let fix = edits_in_file(document, fix.clone())?;
    Some(Mend {
        title: fix.title,
        safe: fix.applicability == Applicability::Safe,
        edits: fix.edits.into_iter().map(|edit| (edit.span, edit.text)).collect(),
    })
}

/// A path as people know it: relative to where the command runs, where it is below.
pub(super) fn name(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let path = path.strip_prefix(&here).unwrap_or(path);
    let plain: PathBuf = path.components().filter(|part| *part != std::path::Component::CurDir).collect();
    plain.display().to_string()
}
