//! The files of a world directory.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::{Mistake, WORLD_FILES, WorldSources};
use crate::json::SourceText;

/// A file larger than this is no file of a world: the largest policy RAM takes has 6 KiB.
const MAX_FILE_BYTES: usize = 8 * 1024 * 1024;
/// Folders below `policies/` deeper than this are a mistake, or a link that leads in a circle.
const MAX_DEPTH: usize = 8;

/// The texts, where there is a world file to begin with; what cannot be read is noted.
pub(super) fn read(directory: &Path, mistakes: &mut Vec<Mistake>) -> Option<WorldSources> {
    let world = world_file(directory, mistakes);
    let mut policies = Vec::new();
    let folder = directory.join("policies");
    walk(&folder, &folder, 0, &mut policies, mistakes);
    policies.sort_by(|a, b| a.0.cmp(&b.0));
    let limits = directory.join("limits.toml");
    let limits = if limits.exists() { text(&limits, mistakes) } else { None };
    Some(WorldSources { world: world?, policies, limits, base: directory.to_owned() })
}

fn world_file(directory: &Path, mistakes: &mut Vec<Mistake>) -> Option<SourceText> {
    let present: Vec<PathBuf> =
        WORLD_FILES.iter().map(|name| directory.join(name)).filter(|path| path.exists()).collect();
    match present.as_slice() {
        [path] => text(path, mistakes),
        [] => {
            let message = format!("`{}` holds no `world.toml`", directory.display());
            mistakes.push(Mistake::nowhere(
                "no-world",
                message,
                "name a directory with a world.toml or world.json in it",
            ));
            None
        }
        _ => {
            let message = format!("`{}` holds both `world.toml` and `world.json`", directory.display());
            mistakes.push(Mistake::nowhere("two-worlds", message, "keep one of them"));
            None
        }
    }
}

fn walk(
    root: &Path,
    folder: &Path,
    depth: usize,
    policies: &mut Vec<(String, SourceText)>,
    mistakes: &mut Vec<Mistake>,
) {
    let entries = match std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
        Ok(entries) => entries,
        // A world without any policy is told apart below, with a better message.
        Err(error) if depth == 0 && error.kind() == std::io::ErrorKind::NotFound => return,
        Err(error) => return mistakes.push(unreadable(folder, &error)),
    };
    for entry in entries {
        let path = entry.path();
        // Metadata of what a link leads to: Kubernetes mounts files as links.
        let metadata = match std::fs::metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) => {
                mistakes.push(unreadable(&path, &error));
                continue;
            }
        };
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if metadata.is_dir() && !hidden {
            if depth + 1 >= MAX_DEPTH {
                let message = format!("`{}` is nested too deeply", path.display());
                let help = "keep at most eight folders in one another below policies/, and no link back up";
                mistakes.push(Mistake::nowhere("policies-depth", message, help));
            } else {
                walk(root, &path, depth + 1, policies, mistakes);
            }
        } else if metadata.is_file() && !hidden && path.extension().is_some_and(|ending| ending == "json") {
            let relative = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            if let Some(text) = text(&path, mistakes) {
                policies.push((relative, text));
            }
        }
    }
}

fn text(path: &Path, mistakes: &mut Vec<Mistake>) -> Option<SourceText> {
    let name = path.display().to_string();
    let bytes = match bytes(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            mistakes.push(unreadable(path, &error));
            return None;
        }
    };
    if bytes.len() > MAX_FILE_BYTES {
        let message = format!("`{name}` is too large");
        mistakes.push(Mistake::nowhere("file-too-large", message, "no file of a world has more than 8 MiB"));
        return None;
    }
    match String::from_utf8(bytes) {
        Ok(text) => Some(SourceText::new(name, text)),
        Err(error) => {
            let message = format!("`{name}` is not UTF-8: byte {} is not", error.utf8_error().valid_up_to());
            mistakes.push(Mistake::nowhere("not-utf-8", message, "save it as UTF-8"));
            None
        }
    }
}

/// The content of a regular file, and no more than one byte beyond what a file may have.
fn bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    // Asked before it is opened: opening a named pipe waits for a writer.
    if !std::fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("it is no regular file"));
    }
    let mut bytes = Vec::new();
    let most = u64::try_from(MAX_FILE_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    std::fs::File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Mistake {
    let message = format!("`{}` cannot be read: {error}", path.display());
    Mistake::nowhere("unreadable", message, "make it readable, or take it away")
}
