//! Rules across files: which files belong together, and what the rules find in them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::project::{Project, ProjectFindings};
use super::rules::meta;
use super::{Check, Config, Finding, rules, run};
use crate::documents::{self, Holdings};
use crate::json::SourceText;
use crate::report::{self, Diagnostic, Severity};
use crate::store::{self, LoadErrors};

/// What rules across files find in the files of these names, whose texts fixes may have changed. It is said of those files
/// only, also where others belong to the same project.
///
/// `attaching` are those that may say who has policies.
pub(super) fn check(config: &Config, files: &[&str], attaching: &[&str], changes: &[run::Change]) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    diagnostics.extend(terraform(config, files, attaching, changes));
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

/// What is found in the configurations and plans of Terraform that some of the files belong to.
fn terraform(config: &Config, files: &[&str], attaching: &[&str], changes: &[run::Change]) -> Vec<Diagnostic> {
    let is_configuration = |file: &&&str| documents::Format::of_name(file) == Some(documents::Format::Terraform);
    let folders = files.iter().filter(is_configuration).filter_map(|file| Path::new(file).parent());
    let folders: BTreeSet<&Path> = folders.collect();
    let plans = attaching.iter().filter(|file| !is_configuration(file)).map(|plan| vec![PathBuf::from(plan)]);
    let mut diagnostics = Vec::new();
    for paths in folders.into_iter().map(configuration).chain(plans) {
        // What cannot be read, or is no text, is told where the file itself is checked.
        let sources: Vec<SourceText> = paths.iter().filter_map(|path| source(path, changes)).collect();
        if !sources.iter().any(|source| Holdings::may_be_in(source.text())) {
            continue;
        }
        let options = documents::Options::default();
        let contents = sources.iter().filter_map(|source| documents::read(source, &options).ok());
        let documents = contents.flat_map(|contents| contents.documents).collect();
        let project = Project::of_terraform(documents, &Holdings::of(&sources), &config.settings.dialect);
        diagnostics.extend(found(&project, config));
    }
    diagnostics
}

/// The files of the configuration in a folder.
fn configuration(folder: &Path) -> Vec<PathBuf> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|ending| ending == "tf")).collect();
    files.sort();
    files
}

/// The text of a file under the name that its findings have.
fn source(path: &Path, changes: &[run::Change]) -> Option<SourceText> {
    let name = run::name(path);
    let changed = changes.iter().find(|change| change.name == name);
    let text = changed.map_or_else(|| std::fs::read_to_string(path).ok(), |change| Some(change.after.clone()))?;
    Some(SourceText::new(name, text))
}

/// A finding about a policy of a project, as the selection for its file has it.
fn diagnostic(project: &Project, policy: usize, finding: &Finding, config: &Config) -> Option<Diagnostic> {
    let policy = project.policy(policy)?;
    let (file, _) = policy.place(finding.span);
    let (selection, _) = config.for_file(file.name());
    let diagnostic = match &policy.embedded {
        // As in one document, nothing is said of what may be anything.
        Some(embedded) if embedded.has_unread(finding.span) => return None,
        Some(embedded) => run::in_file(embedded, finding, &selection),
        None => {
            let mut diagnostic = finding.report(&file);
            if let Some(severity) = selection.severity_of(finding.rule) {
                diagnostic.finding.severity = severity;
            }
            diagnostic
        }
    };
    selection.has(finding.rule).then_some(diagnostic)
}
