//! The ARNs that an operation can name.

use super::super::Case;
use super::{Language, Symbol};

/// Which characters a wildcard stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Every character.
    Any,
    /// Those of a [`Hole`].
    Of(Hole),
}

impl Class {
    pub(super) fn contains(self, letter: char) -> bool {
        match self {
            Self::Any => true,
            Self::Of(hole) => match hole {
                Hole::Region => matches!(letter, 'a'..='z' | '0'..='9' | '-'),
                Hole::Account => matches!(letter, 'a'..='z' | '0'..='9'),
                Hole::Name => !matches!(letter, ':' | '/'),
                Hole::Path => true,
            },
        }
    }
}

/// What can stand in a hole of an [`ArnTemplate`]: one character or more of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hole {
    /// A region: lower-case ASCII letters, digits and `-`.
    Region,
    /// An account: digits, or a word of lower-case ASCII letters as in `system` (spec ram-policy-language 3).
    Account,
    /// One name: anything without `/` and `:`.
    Name,
    /// Anything, such as the key of an object.
    Path,
}

/// The ARNs that an operation can name: text with holes, as in `acs:polardb:{region}:{account}:dbcluster/{id}`.
///
/// Braces make a hole, whatever is written in them. `*` is any text, for documentation writes it where it does not
/// say what can stand there; all other text stands for itself, `?` too.
///
/// ```
/// use ramgate::policy::{ArnTemplate, COVERAGE_WORK, Case, Coverage, Pattern};
///
/// let template = ArnTemplate::new("acs:polardb:{#regionId}:{#accountId}:dbcluster/{#dbclusterId}");
/// let pattern = |text| Pattern::new(text, Case::Arn);
/// assert!(pattern("acs:polardb:cn-*:*:dbcluster/pc-?").meets_template(&template).is_some());
/// assert_eq!(pattern("acs:polardb:*:*:dbcluster").meets_template(&template), None);
/// assert_eq!(pattern("acs:PolarDB:*:*:*/?*").covers_template(&template, COVERAGE_WORK), Coverage::Covered);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArnTemplate {
    text: Box<str>,
    language: Language,
}

impl ArnTemplate {
    /// Reads a template. A hole in the third part of the ARN is a region, in the fourth an account, and a name after.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self::with_holes(text, |_| None)
    }

    /// Reads a template, where `hole` may say what the hole of this name is; `None` leaves it to its place.
    #[must_use]
    pub fn with_holes(text: &str, hole: impl Fn(&str) -> Option<Hole>) -> Self {
        let mut symbols = Vec::with_capacity(text.len());
        let (mut left, mut colons) = (text, 0_usize);
        while let Some(letter) = left.chars().next() {
            left = left.get(letter.len_utf8()..).unwrap_or_default();
            match (letter, left.split_once('}')) {
                ('{', Some((name, after))) => {
                    left = after;
                    let by_place = match colons {
                        2 => Hole::Region,
                        3 => Hole::Account,
                        _ => Hole::Name,
                    };
                    let class = Class::Of(hole(name).unwrap_or(by_place));
                    symbols.extend([Symbol::One(class), Symbol::Run(class)]);
                }
                ('*', _) => symbols.push(Symbol::Run(Class::Any)),
                (letter, _) => {
                    colons += usize::from(letter == ':');
                    symbols.push(Symbol::Char(letter));
                }
            }
        }
        Self { text: text.into(), language: Language { symbols, case: Case::Exact } }
    }

    /// The template as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn language(&self) -> &Language {
        &self.language
    }
}
