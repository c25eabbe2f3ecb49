//! Writing a file that was read before.

use std::io::{self, Write};
use std::path::Path;

use crate::json::SourceText;

/// Puts `text` into the file at `path`, which was read as `before`.
///
/// The file is replaced as a whole or not at all, and keeps its permissions; a link stays one to the file that is
/// written. What somebody else has written since the file was read is not lost: then it is an error.
///
/// # Errors
/// Why the file could not be written, or that it has changed.
pub fn write(path: &Path, before: &SourceText, text: &str) -> io::Result<()> {
    let path = path.canonicalize()?;
    let metadata = path.metadata()?;
    if metadata.permissions().readonly() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the file is read-only"));
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".ramgate-").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().set_permissions(metadata.permissions())?;
    file.as_file().sync_all()?;
    if std::fs::read(&path)? != before.text().as_bytes() {
        return Err(io::Error::other("it has changed since it was read"));
    }
    file.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_unless_it_has_changed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("p.json");
        std::fs::write(&path, "old").unwrap();
        write(&path, &SourceText::new("p.json", "old"), "new").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert!(write(&path, &SourceText::new("p.json", "old"), "newer").is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_keeps_its_mode_and_a_link_its_target() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let (path, link) = (directory.path().join("p.json"), directory.path().join("link.json"));
        std::fs::write(&path, "old").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        write(&link, &SourceText::new("p.json", "old"), "new").unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o640);
    }
}
