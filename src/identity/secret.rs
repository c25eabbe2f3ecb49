//! Where a secret is, and not the secret itself.

use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::{Serialize, Serializer};

/// Where a secret is to be read from (spec world).
#[derive(Clone)]
pub enum SecretReference {
    /// `env:NAME`: an environment variable.
    Environment(String),
    /// `file:PATH`: a file that others cannot read.
    File(PathBuf),
    /// The secret itself, in a world that allows it (`allow_inline_secrets`).
    Inline(SecretString),
}

impl SecretReference {
    /// Reads `env:NAME` and `file:PATH`; `None` for any other text, which may be a secret.
    ///
    /// ```
    /// use ramgate::identity::SecretReference;
    ///
    /// assert!(SecretReference::parse("env:ALICE_SECRET").is_some());
    /// assert!(SecretReference::parse("env:").is_none());
    /// assert!(SecretReference::parse("hunter2").is_none());
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            Some(("env", name)) if !name.is_empty() && !name.contains(['=', '\0']) => {
                Some(Self::Environment(name.to_owned()))
            }
            Some(("file", path)) if !path.is_empty() && !path.contains('\0') => Some(Self::File(path.into())),
            _ => None,
        }
    }

    /// The file that it names, where it names one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Environment(_) | Self::Inline(_) => None,
        }
    }

    /// The same reference with a relative file path taken from `directory`.
    #[must_use]
    pub fn relative_to(self, directory: &Path) -> Self {
        match self {
            Self::File(path) => Self::File(directory.join(path)),
            other => other,
        }
    }
}

/// Where the secret is, never the secret.
impl Serialize for SecretReference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{self:?}"))
    }
}

impl fmt::Debug for SecretReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Inline(_) => f.write_str("inline (not shown)"),
        }
    }
}
