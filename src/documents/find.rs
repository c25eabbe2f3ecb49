//! The files below a path that may hold policies.

use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use ignore::overrides::OverrideBuilder;

use super::Format;
use crate::report::{Finding, Severity};

/// A file that may hold policies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Its path, beginning as the path that it was found below.
    pub path: PathBuf,
    /// Whether it was named itself, rather than found in a directory or by a pattern.
    pub named: bool,
}

/// The files that `paths` name: a file itself, whatever it is called; of a directory every file that can hold a policy
/// by its name; of a pattern with `*`, `?`, `[` or `{`, where no file is called so, the files that match it, `**`
/// crossing directories.
///
/// Files that git ignores and hidden ones are left out of directories and patterns, but for those named. Symbolic links
/// in directories are not followed. The order is that of `paths`, and by name in each; no file comes twice.
///
/// # Errors
/// A finding for every path that does not exist or cannot be read, and for every pattern that matches no file.
pub fn find(paths: &[PathBuf]) -> Result<Vec<Found>, Vec<Finding>> {
    let mut found: Vec<Found> = Vec::new();
    let mut findings = Vec::new();
    for path in paths {
        let result = match path.metadata() {
            Ok(metadata) if metadata.is_dir() => walk(path, None),
            Ok(_) => Ok(vec![Found { path: path.clone(), named: true }]),
            Err(_) if is_pattern(path) => matching(path),
            Err(error) => Err(unreadable(path, &error)),
        };
        match result {
            Ok(files) => found.extend(files),
            Err(finding) => findings.push(finding),
        }
    }
    if !findings.is_empty() {
        return Err(findings);
    }
    let named: std::collections::HashSet<PathBuf> =
        found.iter().filter(|file| file.named).map(|file| plain(&file.path)).collect();
    let mut seen = std::collections::HashSet::new();
    for file in &mut found {
        file.named = file.named || named.contains(&plain(&file.path));
    }
    found.retain(|file| seen.insert(plain(&file.path)));
    Ok(found)
}

/// A path without the `.` at its beginning, so that `./a` and `a` are one.
fn plain(path: &Path) -> PathBuf {
    path.components().filter(|part| !matches!(part, std::path::Component::CurDir)).collect()
}

fn is_pattern(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '[', '{'])
}

/// The files that match a pattern, below the longest path that has no sign of a pattern.
fn matching(pattern: &Path) -> Result<Vec<Found>, Finding> {
    let is_plain = |part: &std::path::Component<'_>| !is_pattern(Path::new(part.as_os_str()));
    let base: PathBuf = pattern.components().take_while(is_plain).collect();
    let rest: PathBuf = pattern.components().skip_while(is_plain).collect();
    let shown = if base.as_os_str().is_empty() { Path::new(".") } else { base.as_path() };
    if let Err(error) = shown.metadata() {
        return Err(unreadable(shown, &error));
    }
    // An override is a line of a .gitignore turned round; the slash binds it to the base.
    let pattern_of = |error: ignore::Error| {
        let message = format!("`{}` is no pattern: {error}", pattern.display());
        Finding::nowhere(Severity::Error, "pattern", message)
    };
    let mut overrides = OverrideBuilder::new(shown);
    overrides.add(&format!("/{}", rest.to_string_lossy())).map_err(pattern_of)?;
    let overrides = overrides.build().map_err(pattern_of)?;
    let files = walk(shown, Some(&overrides))?;
    if files.is_empty() {
        let message = format!("no file matches `{}`", pattern.display());
        return Err(Finding::nowhere(Severity::Error, "unreadable", message)
            .with_help("files that git ignores are left out; name them one by one"));
    }
    let keeps_dot = pattern.starts_with(".") || !base.as_os_str().is_empty();
    let path = |path: PathBuf| if keeps_dot { path } else { plain(&path) };
    Ok(files.into_iter().map(|file| Found { path: path(file.path), ..file }).collect())
}

/// The files below a directory that match, or else those that can hold a policy by their names.
fn walk(directory: &Path, matching: Option<&ignore::overrides::Override>) -> Result<Vec<Found>, Finding> {
    let mut builder = WalkBuilder::new(directory);
    // A .gitignore holds whether or not the directory has been made a repository yet.
    builder.require_git(false).sort_by_file_name(Ord::cmp);
    let mut files = Vec::new();
    let matching = matching.cloned();
    for entry in builder.build() {
        let entry = entry.map_err(|error| {
            let message = format!("`{}` cannot be read: {error}", directory.display());
            Finding::nowhere(Severity::Error, "unreadable", message)
        })?;
        if !entry.file_type().is_some_and(|kind| kind.is_file()) {
            continue;
        }
        let wanted = match &matching {
            Some(patterns) => patterns.matched(entry.path(), false).is_whitelist(),
            None => Format::of_name(&entry.file_name().to_string_lossy()).is_some_and(Format::is_walked),
        };
        if wanted {
            files.push(Found { path: entry.into_path(), named: false });
        }
    }
    Ok(files)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Finding {
    Finding::nowhere(Severity::Error, "unreadable", format!("`{}` cannot be read: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A directory with files of these names; those that end with `/` are directories.
    fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        directory
    }

    fn found(directory: &tempfile::TempDir, paths: &[&str]) -> Vec<String> {
        let paths: Vec<PathBuf> = paths.iter().map(|path| directory.path().join(path)).collect();
        let shown = |file: Found| {
            let path = file.path.strip_prefix(directory.path()).unwrap().display().to_string();
            if file.named { format!("{path}!") } else { path }
        };
        find(&paths).unwrap().into_iter().map(shown).collect()
    }

    const TREE: &[(&str, &str)] = &[
        ("b.json", "{}"),
        ("a/z.json", "{}"),
        ("a/y.JSON", "{}"),
        ("a/notes.txt", ""),
        ("ignored/x.json", "{}"),
        (".hidden/x.json", "{}"),
        (".gitignore", "ignored/\n"),
    ];

    #[test]
    fn a_directory_has_its_policy_files_by_name_without_those_that_git_ignores() {
        assert_eq!(found(&directory(TREE), &[""]), ["a/y.JSON", "a/z.json", "b.json"]);
    }

    #[test]
    fn a_file_that_is_named_is_read_whatever_it_is_called() {
        let tree = directory(TREE);
        assert_eq!(found(&tree, &["a/notes.txt", "ignored/x.json"]), ["a/notes.txt!", "ignored/x.json!"]);
        assert_eq!(found(&tree, &["", "b.json"]), ["a/y.JSON", "a/z.json", "b.json!"]);
        assert_eq!(found(&tree, &["b.json", "./b.json"]), ["b.json!"]);
    }

    #[test]
    fn a_pattern_matches_files_below_its_plain_part() {
        let tree = directory(TREE);
        assert_eq!(found(&tree, &["*.json"]), ["b.json"]);
        assert_eq!(found(&tree, &["**/*.json"]), ["a/z.json", "b.json"]);
        assert_eq!(found(&tree, &["a/*"]), ["a/notes.txt", "a/y.JSON", "a/z.json"]);
        assert_eq!(found(&tree, &["{a,b}/?.json"]), ["a/z.json"]);
    }

    #[test]
    fn what_does_not_exist_is_an_error_each() {
        let tree = directory(TREE);
        let paths = ["nowhere.json", "no*.json", "nowhere/*.json", "b.json"].map(|path| tree.path().join(path));
        let codes: Vec<String> = find(&paths).unwrap_err().into_iter().map(|finding| finding.message).collect();
        assert_eq!(codes.len(), 3, "{codes:?}");
        assert!(codes.iter().all(|message| message.contains("no")), "{codes:?}");
    }

    #[cfg(unix)]
    #[test]
    fn a_loop_of_links_ends() {
        let tree = directory(TREE);
        std::os::unix::fs::symlink(tree.path(), tree.path().join("a/loop")).unwrap();
        assert_eq!(found(&tree, &[""]), ["a/y.JSON", "a/z.json", "b.json"]);
    }
}
