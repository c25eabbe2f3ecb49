//! Reading a secret from where it is kept.

use std::path::PathBuf;

use secrecy::SecretString;

use crate::identity::SecretReference;

/// A secret that cannot be had. No message holds any of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The environment has no such variable, or it is not text.
    #[error("the environment variable `{name}` is not set to a text: set it to the secret before starting")]
    Environment {
        /// The variable's name.
        name: String,
    },
    /// The file cannot be read.
    #[error("the secret file `{}` cannot be read: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is open to others than its owner.
    #[error("the secret file `{}` can be read by others (mode {mode:o}): `chmod 600` it", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// There is nothing in it.
    #[error("the secret at `{place}` is empty")]
    Empty {
        /// Where it was looked for.
        place: String,
    },
}

/// The secret that `reference` leads to, without a line end at its end.
///
/// # Errors
/// [`SecretError`] where it is missing, empty, or in a file that others can read (spec world).
pub fn read(reference: &SecretReference) -> Result<SecretString, SecretError> {
    let text = match reference {
        SecretReference::Inline(secret) => return Ok(secret.clone()),
        SecretReference::Environment(name) => {
            std::env::var(name).map_err(|_| SecretError::Environment { name: name.clone() })?
        }
        SecretReference::File(path) => read_file(path)?,
    };
    let secret = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if secret.is_empty() {
        return Err(SecretError::Empty { place: format!("{reference:?}") });
    }
    Ok(SecretString::from(secret))
}

fn read_file(path: &PathBuf) -> Result<String, SecretError> {
    use std::io::Read;

    let unreadable = |source| SecretError::File { path: path.clone(), source };
    let mut file = std::fs::File::open(path).map_err(unreadable)?;
    // Asked of the open file, so that what is checked is what is read.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(SecretError::Exposed { path: path.clone(), mode });
        }
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::os::unix::fs::PermissionsExt;

    use secrecy::ExposeSecret;

    use super::*;

    fn file_with(text: &str, mode: u32) -> (tempfile::TempDir, SecretReference) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        (directory, SecretReference::File(path))
    }

    #[test]
    fn a_secret_file_is_read_without_its_line_end() {
        let (_directory, reference) = file_with("s3cret\r\n", 0o600);
        assert_eq!(read(&reference).unwrap().expose_secret(), "s3cret");
    }

    #[test]
    fn a_secret_file_that_others_can_read_is_refused() {
        for mode in [0o644, 0o640, 0o604, 0o660] {
            let (_directory, reference) = file_with("s3cret", mode);
            let error = read(&reference).unwrap_err();
            assert!(matches!(error, SecretError::Exposed { .. }), "{error}");
            assert!(!error.to_string().contains("s3cret"));
        }
    }

    #[test]
    fn an_empty_secret_is_no_secret() {
        let (_directory, reference) = file_with("\n", 0o600);
        assert!(matches!(read(&reference), Err(SecretError::Empty { .. })));
    }

    #[test]
    fn a_missing_variable_or_file_names_itself() {
        let variable = SecretReference::Environment("RAMGATE_TEST_NO_SUCH_VARIABLE".into());
        assert!(read(&variable).unwrap_err().to_string().contains("RAMGATE_TEST_NO_SUCH_VARIABLE"));
        let file = SecretReference::File("/nonexistent/ramgate".into());
        assert!(read(&file).unwrap_err().to_string().contains("/nonexistent/ramgate"));
    }
}
