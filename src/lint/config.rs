//! The configuration of lint: `.ramgate-lint.toml`, or the table `lint` of `ramgate.toml`.

mod file;

use std::path::{Path, PathBuf};

pub(super) use file::{glob, plain, syntax, text};
use globset::GlobSet;

use super::{Baseline, Selection, Settings, Suppressions};
use crate::json::SourceText;
use crate::policy::PolicyKind;
use crate::report::{Diagnostic, Finding};

/// The name of a configuration that is found without being named.
pub const FILE: &str = ".ramgate-lint.toml";

/// The name of a file of suppressions that is read without being named, where it stands beside the configuration.
pub const SUPPRESSIONS_FILE: &str = ".ramgate-lint-suppressions.toml";

/// How files are checked.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// What paths in it are relative to.
    pub directory: PathBuf,
    /// What rules may know.
    pub settings: Settings,
    /// Which rules are asked.
    pub selection: Selection,
    /// What is different for some files.
    pub overrides: Vec<Override>,
    /// What kind every document is of, whatever it looks like.
    pub kind: Option<PolicyKind>,
    /// Findings that somebody has answered for.
    pub suppressions: Suppressions,
    /// Findings that were there before.
    pub baseline: Baseline,
    /// What is to be said of the configuration itself.
    pub findings: Vec<Diagnostic>,
}

/// What is different for files whose paths match.
#[derive(Debug, Clone)]
pub struct Override {
    /// The paths, relative to the configuration's directory.
    pub paths: GlobSet,
    /// Added to the selection.
    pub selection: Selection,
    /// What kind their documents are of.
    pub kind: Option<PolicyKind>,
}

impl Config {
    /// The configuration in `directory`: of a `.ramgate-lint.toml`, or of the table `lint` of a `ramgate.toml`; without
    /// either, every rule with its own severity.
    ///
    /// # Errors
    /// Every mistake of the configuration and of the files it names.
    pub fn find(directory: &Path) -> Result<Self, Vec<Finding>> {
        let own = directory.join(FILE);
        if own.is_file() {
            return Self::read(&own);
        }
        let shared = directory.join("ramgate.toml");
        if file::has_table(&shared) {
            return Self::read(&shared);
        }
        file::parse(&SourceText::new(FILE, ""), directory, false)
    }

    /// The configuration in the file at `path`; of a file called `ramgate.toml` its table `lint`.
    ///
    /// # Errors
    /// Every mistake of the configuration and of the files it names.
    pub fn read(path: &Path) -> Result<Self, Vec<Finding>> {
        let source = file::text(path).map_err(|finding| vec![finding])?;
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        file::parse(&source, directory, path.file_name().is_some_and(|name| name == "ramgate.toml"))
    }

    /// What counts for the file at `path`.
    #[must_use]
    pub fn for_file(&self, path: &str) -> (Selection, Option<PolicyKind>) {
        let relative = self.relative(path);
        let mut selection = self.selection.clone();
        let mut kind = self.kind;
        for found in self.overrides.iter().filter(|found| found.paths.is_match(&relative)) {
            selection = selection.and(&found.selection);
            kind = self.kind.or(found.kind).or(kind);
        }
        (selection, kind)
    }

    /// A path as the patterns of the configuration see it.
    #[must_use]
    pub fn relative(&self, path: &str) -> PathBuf {
        relative(&self.directory, Path::new(path))
    }
}

/// `path` relative to `directory`, where it is below it.
pub(super) fn relative(directory: &Path, path: &Path) -> PathBuf {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let plain = |path: PathBuf| path.components().filter(|part| *part != std::path::Component::CurDir).collect();
    let (directory, path): (PathBuf, PathBuf) = (plain(absolute(directory)), plain(absolute(path)));
    path.strip_prefix(&directory).map(Path::to_owned).unwrap_or(path)
}

#[cfg(test)]
mod tests;
