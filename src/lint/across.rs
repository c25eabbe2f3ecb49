//! Rules across files: which files belong together, and what the rules find in them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::project::{Project, ProjectFindings};
use super::rules::meta;
use super::{Check, Config, Finding, rules, run};
use crate::json::SourceText;
use crate::report::{self, Diagnostic, Severity};
use crate::store::{self, LoadErrors};

/// What rules across files find in the files of these names, whose texts fixes may have changed. It is said of those files
/// only, also where others belong to the same project.
pub(super) fn check(config: &Config, files: &[&str], changes: &[run::Change]) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for directory in worlds(files) {
        match world(&directory, config, changes) {
            Ok(project) => diagnostics.extend(found(&project, config)),
            Err(errors) => diagnostics.extend(unread(&directory, &errors, config)),
        }
    }
    let asked: BTreeSet<&str> = files.iter().copied().collect();
    diagnostics.retain(|diagnostic| {
        let place = diagnostic.finding.place.as_ref();
        place.is_none_or(|(source, _)| asked.contains(source.name()))
    });
    diagnostics
}

/// The directories of worlds that some of the files belong to: those whose `policies` folder they are in.
fn worlds(files: &[&str]) -> BTreeSet<PathBuf> {
    let mut looked_at = BTreeSet::new();
    for file in files {
        let folders = Path::new(file).ancestors().skip(1);
        let of_policies = folders.filter(|folder| folder.file_name().is_some_and(|name| name == "policies"));
        looked_at.extend(of_policies.filter_map(Path::parent));
    }
    let is_world = |directory: &&Path| store::WORLD_FILES.iter().any(|name| directory.join(name).is_file());
    looked_at.into_iter().filter(is_world).map(Path::to_owned).collect()
}

/// The project that a world is.
fn world(directory: &Path, config: &Config, changes: &[run::Change]) -> Result<Project, LoadErrors> {
    let mut sources = store::sources(directory)?;
    for (_, source) in &mut sources.policies {
        if let Some(change) = changes.iter().find(|change| change.name == source.name()) {
            *source = SourceText::new(source.name(), change.after.as_str());
        }
    }
    store::load_sources(&sources, &config.settings.dialect).map(|world| Project::of_world(&world))
}

/// That a world cannot be read as a whole, as far as that is asked for.
fn unread(directory: &Path, errors: &LoadErrors, config: &Config) -> Option<Diagnostic> {
    let rule = &meta::unread_part::RULE;
    let place = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let message = format!("rules across files are not asked about the world in `{}`: {errors}", place.display());
    let finding = report::Finding::nowhere(Severity::Note, rule.code, message)
        .with_help(format!("`ramgate check {}` says which", place.display()));
    let diagnostic = Diagnostic { rule: rule.name.to_owned(), ..Diagnostic::plain(finding) };
    run::selected(diagnostic, &config.selection)
}

fn found(project: &Project, config: &Config) -> Vec<Diagnostic> {
    let mut all: Vec<(usize, Finding)> = Vec::new();
    for rule in rules::all() {
        if let Check::Project(check) = rule.check {
            let mut findings = ProjectFindings::of(rule);
            check(project, &config.settings, &mut findings);
            all.extend(findings.into_vec());
        }
    }
    all.sort_by_key(|(policy, finding)| (*policy, finding.span, finding.rule.code));
    all.iter().filter_map(|(policy, finding)| diagnostic(project, *policy, finding, config)).collect()
}

/// A finding about a policy of a project, as the selection for its file has it.
fn diagnostic(project: &Project, policy: usize, finding: &Finding, config: &Config) -> Option<Diagnostic> {
    let policy = project.policy(policy)?;
    let source = policy.document.source();
    let (selection, _) = config.for_file(source.name());
    let mut diagnostic = finding.report(source);
    if let Some(severity) = selection.severity_of(finding.rule) {
        diagnostic.finding.severity = severity;
    }
    selection.has(finding.rule).then_some(diagnostic)
}
