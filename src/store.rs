//! A world read from a directory: checked, with every reference resolved (spec world).
//!
//! ```text
//! world.toml     accounts, principals, attachments, inventory (or world.json of the same shape)
//! policies/      one policy document a file, *.json; the file's stem is the policy's name
//! limits.toml    how often principals may call; optional
//! ```

mod directory;
mod fields;
mod limits_file;
mod policies;
pub mod secret;
mod tree;
mod world_file;

use std::path::Path;

pub use policies::full_aliyun_access;

use crate::identity::{PolicyStore, World};
use crate::json::{Position, SourceText, Span};
use crate::policy::Dialect;

/// The names that the file of a world can have; a directory has one of them.
pub(crate) const WORLD_FILES: [&str; 2] = ["world.toml", "world.json"];

/// The texts of a world.
#[derive(Debug, Clone)]
pub struct WorldSources {
    /// `world.toml`, or `world.json` by the ending of its name.
    pub world: SourceText,
    /// Policy documents with their paths below `policies/`, as in `control/guard.json`.
    pub policies: Vec<(String, SourceText)>,
    /// `limits.toml`, where there is one.
    pub limits: Option<SourceText>,
    /// The directory that relative `file:` references start from.
    pub base: std::path::PathBuf,
}

/// A mistake in a world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Stable code to search for.
    pub code: String,
    /// What is wrong; lower case, no full stop.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
    /// Where it stands, where it has a place in a text.
    pub place: Option<(SourceText, Span)>,
}

impl Mistake {
    fn nowhere(code: &str, message: String, help: &str) -> Self {
        Self { code: code.to_owned(), message, help: Some(help.to_owned()), place: None }
    }

    /// Name of the text, line and column.
    #[must_use]
    pub fn position(&self) -> Option<(&str, Position)> {
        self.place.as_ref().map(|(source, span)| (source.name(), source.position(span.start)))
    }
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some((file, at)) = self.position() {
            write!(f, "{file}:{at} ")?;
        }
        write!(f, "{} {}", self.code, self.message)?;
        match &self.help {
            Some(help) => write!(f, " / {help}"),
            None => Ok(()),
        }
    }
}

/// Why a world was not loaded: every mistake of every file. A world is loaded whole or not at all, so that no
/// Deny is ever left out (spec ram-policy-language 11, spec gate-rules G17).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the world has {} mistake{}", mistakes.len(), if mistakes.len() == 1 { "" } else { "s" })]
pub struct LoadErrors {
    /// The mistakes; those of `world.toml` in text order, then those of each policy.
    pub mistakes: Vec<Mistake>,
}

/// Reads and checks the world in `directory`.
///
/// # Errors
/// [`LoadErrors`] with every mistake found, unreadable files among them.
pub fn load(directory: &Path, dialect: &Dialect) -> Result<World, LoadErrors> {
    load_after(directory, dialect, &PolicyStore::default())
}

/// Reads and checks the world in `directory` again: of policies whose files say what they said before, and stand where they stood,
/// it has those of `before` and reads nothing anew. What it takes besides grows with the files.
///
/// # Errors
/// As [`load`].
pub fn load_after(directory: &Path, dialect: &Dialect, before: &PolicyStore) -> Result<World, LoadErrors> {
    let mut unread = Vec::new();
    let Some(sources) = directory::read(directory, &mut unread) else { return Err(LoadErrors { mistakes: unread }) };
    match load_sources_after(&sources, dialect, before) {
        Ok(world) if unread.is_empty() => Ok(world),
        Ok(_) => Err(LoadErrors { mistakes: unread }),
        Err(mut errors) => {
            // A policy may seem to be missing because its file could not be read.
            let follows = |mistake: &Mistake| matches!(mistake.code.as_str(), "missing-policy" | "no-policies");
            errors.mistakes.retain(|mistake| unread.is_empty() || !follows(mistake));
            errors.mistakes.append(&mut unread);
            Err(errors)
        }
    }
}

/// Reads the texts of the world in `directory`, for [`load_sources`].
///
/// # Errors
/// [`LoadErrors`] with every file that cannot be read.
pub fn sources(directory: &Path) -> Result<WorldSources, LoadErrors> {
    let mut mistakes = Vec::new();
    match directory::read(directory, &mut mistakes) {
        Some(sources) if mistakes.is_empty() => Ok(sources),
        _ => Err(LoadErrors { mistakes }),
    }
}

/// Checks a world whose texts are already at hand.
///
/// # Errors
/// [`LoadErrors`] with every mistake found.
pub fn load_sources(sources: &WorldSources, dialect: &Dialect) -> Result<World, LoadErrors> {
    load_sources_after(sources, dialect, &PolicyStore::default())
}

/// As [`load_after`], of a world whose texts are already at hand.
///
/// # Errors
/// [`LoadErrors`] with every mistake found.
pub fn load_sources_after(
    sources: &WorldSources,
    dialect: &Dialect,
    before: &PolicyStore,
) -> Result<World, LoadErrors> {
    let mut mistakes = Vec::new();
    // Without it nothing says which kind a policy is of.
    let Some(outline) = world_file::read(&sources.world, &sources.base, &mut mistakes) else {
        return Err(LoadErrors { mistakes });
    };
    let mut world = outline.world;
    let references = &outline.policy_references;
    policies::read(&sources.policies, references, dialect, before, &mut world, &sources.world, &mut mistakes);
    if let Some(limits) = &sources.limits {
        world.rate_limits = limits_file::read(limits, &mut mistakes);
    }
    mistakes.sort_by_key(|mistake| match &mistake.place {
        Some((source, span)) if *source == sources.world => (0, span.start),
        _ => (1, 0),
    });
    if mistakes.is_empty() {
        return Ok(world);
    }
    // Mistakes are shown with the lines they are about, and a secret may stand in any line of the world's file.
    let shown = secret::masked(&sources.world);
    for mistake in &mut mistakes {
        if let Some((source, _)) = &mut mistake.place
            && *source == sources.world
        {
            *source = shown.clone();
        }
    }
    Err(LoadErrors { mistakes })
}

#[cfg(test)]
mod tests;
