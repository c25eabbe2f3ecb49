//! Reading a secret from where it is kept.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::{Captures, Regex};
use secrecy::SecretString;

use crate::identity::SecretReference;
use crate::json::SourceText;

/// A field whose name says `secret` or `token`, with its value, in TOML or JSON, sound or broken: a string in any of
/// TOML's four quotings, closed or not, and of anything else the rest of the line.
static SECRET_FIELD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let value = [
        r#""""(?s:.*?)(?:"""|\z)"#,
        r"'''(?s:.*?)(?:'''|\z)",
        r#""(?:\\.|[^"\\\n])*"#,
        r"'[^'\n]*",
        r#"[^\s"'][^\n]*"#,
    ];
    // Names are ASCII; letters of Unicode compare without case only where the crate is built with its tables.
    Regex::new(&format!(r"((?i-u:secret|token)[^=:\n]*[=:]\s*)({})", value.join("|"))).ok()
});

/// `source` as it may be shown: whatever stands in a `secret` or `token` field and is no reference is written as
/// stars, byte for byte, so that every position stays where it is.
#[must_use]
pub fn masked(source: &SourceText) -> SourceText {
    // Without the pattern nothing could be told apart, so nothing is shown.
    let Some(field) = &*SECRET_FIELD else { return SourceText::new(source.name(), "") };
    let text = field.replace_all(source.text(), |captures: &Captures<'_>| {
        let part = |index| captures.get(index).map_or("", |part| part.as_str());
        let (head, value) = (part(1), part(2));
        if SecretReference::parse(value.trim_start_matches(['"', '\''])).is_some() {
            return format!("{head}{value}");
        }
        let quote = usize::from(value.starts_with(['"', '\'']));
        let (quote, secret) = value.split_at_checked(quote).unwrap_or(("", value));
        // Line ends stay, or lines would be counted otherwise.
        let stars = secret.bytes().map(|byte| if byte == b'\n' { '\n' } else { '*' });
        format!("{head}{quote}{}", stars.collect::<String>())
    });
    SourceText::new(source.name(), text.into_owned())
}

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
    #[error(
        "the secret file `{}` can be read by others (mode {mode:o}): `chmod 600` it; only a file of root's may be read by a group",
        path.display()
    )]
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

fn read_file(path: &Path) -> Result<String, SecretError> {
    let mut text = String::new();
    let read = open(path)?.read_to_string(&mut text);
    read.map_err(|source| SecretError::File { path: path.to_owned(), source })?;
    Ok(text)
}

/// Opens a file that holds a secret.
///
/// # Errors
/// [`SecretError`] where it cannot be opened, or others than its owner can read it (spec world).
pub fn open(path: &Path) -> Result<File, SecretError> {
    let unreadable = |source| SecretError::File { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    // Asked of the open file, so that what is checked is what is read.
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let metadata = file.metadata().map_err(unreadable)?;
        let mode = metadata.mode() & 0o777;
        if is_exposed(mode, metadata.uid()) {
            return Err(SecretError::Exposed { path: path.to_owned(), mode });
        }
    }
    Ok(file)
}

/// Whether others than those it is meant for can read or change a file. A service that does not run as root gets files
/// of root's by its group: that is how packages keep keys, and how Kubernetes mounts them for a pod with `fsGroup`.
#[cfg(unix)]
fn is_exposed(mode: u32, owner: u32) -> bool {
    const GROUP_READS: u32 = 0o040;
    let allowed = if owner == 0 { GROUP_READS } else { 0 };
    mode & 0o077 & !allowed != 0
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
        for (mode, owner, exposed) in [
            (0o600, 1000, false),
            (0o400, 1000, false),
            (0o640, 1000, true),
            (0o604, 1000, true),
            (0o600, 0, false),
            (0o640, 0, false),
            (0o440, 0, false),
            (0o660, 0, true),
            (0o650, 0, true),
            (0o644, 0, true),
        ] {
            assert_eq!(is_exposed(mode, owner), exposed, "{mode:o} of {owner}");
        }
        for mode in [0o644, 0o604, 0o660] {
            let (_directory, reference) = file_with("s3cret", mode);
            let error = read(&reference).unwrap_err();
            assert!(matches!(error, SecretError::Exposed { .. }), "{error}");
            assert!(!error.to_string().contains("s3cret"));
        }
    }

    #[test]
    fn a_text_is_shown_with_its_secrets_as_stars_and_all_else_in_place() {
        for (text, shown) in [
            ("keys = [{ id = \"LTAI\", secret = \"hunter2\" }]", "keys = [{ id = \"LTAI\", secret = \"*******\" }]"),
            ("secret = 'hunter2'\nx = 1", "secret = '*******'\nx = 1"),
            ("{\"secret\": \"hunter2\", \"token\" : \"abc\"}", "{\"secret\": \"*******\", \"token\" : \"***\"}"),
            ("secret = \"env:NAME\"", "secret = \"env:NAME\""),
            ("token = \"file:a/b\"", "token = \"file:a/b\""),
            ("secret = \"hunter2\ntoken = 1", "secret = \"*******\ntoken = *"),
            ("secret = hunter2", "secret = *******"),
            ("secret = \"秘\"", "secret = \"***\""),
            (r#"secret = "hun\"ter2", x = 1"#, r#"secret = "*********", x = 1"#),
            ("secret = \"\"\"a\nb\"\"\"\nx = 1", "secret = \"***\n****\nx = 1"),
            ("secret = '''a", "secret = '***"),
            ("secret = [\"a\", \"b\"]\nx = 1", "secret = **********\nx = 1"),
            ("secret.value = \"a\"", "secret.value = \"*\""),
            ("Client_Secret = \"a\"", "Client_Secret = \"*\""),
        ] {
            assert_eq!(masked(&SourceText::new("w", text)).text(), shown, "{text}");
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
