//! What patterns have to do with each other: whether one covers, meets or equals another, for all texts there are.
//!
//! A pattern here is a list of symbols, and every question is about the *languages* of patterns, the sets of texts that
//! they match. Letter case is a matter of the text (see [`Case`]), so the texts are told apart by a small automaton, the
//! [`Texts`], which knows in which of them and as far as where a letter's case does not count.
//!
//! | question | answer | cost |
//! |---|---|---|
//! | [`Pattern::covers`], [`Pattern::equals`] | exact | product of the lengths; where two patterns of ARNs differ by case only, times the places in which the service code can end |
//! | [`Pattern::meets`], [`Pattern::meets_template`] | exact, with a shortest text | product of the lengths, in time and memory |
//! | [`Pattern::reaches`] | exact | the same at most |
//! | [`Pattern::is_universal`] | exact | length |
//! | [`Pattern::covered_by`], [`Pattern::covers_template`] | exact, or [`Coverage::Unknown`] | bounded by the caller |

mod covers;
mod meets;
mod template;
#[cfg(test)]
mod tests;
mod texts;
mod union;

pub use template::{ArnTemplate, Hole};
pub use union::{COVERAGE_WORK, Coverage};

use super::{Case, Pattern};
use template::Class;

/// One symbol of a language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Symbol {
    /// This character.
    Char(char),
    /// One character of the class.
    One(Class),
    /// Any number of characters of the class, or none.
    Run(Class),
}

/// A set of texts.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Language {
    symbols: Vec<Symbol>,
    case: Case,
}

impl Language {
    /// The language of a pattern. In a run of wildcards the `?` come first and one `*` last, if there is any: `*?`,
    /// `?*` and `*?*` are the same.
    fn of(pattern: &Pattern) -> Self {
        let mut symbols = Vec::with_capacity(pattern.text.len());
        let mut star = false;
        for letter in pattern.text.chars() {
            match letter {
                '*' => star = true,
                '?' => symbols.push(Symbol::One(Class::Any)),
                _ => {
                    if std::mem::take(&mut star) {
                        symbols.push(Symbol::Run(Class::Any));
                    }
                    symbols.push(Symbol::Char(letter));
                }
            }
        }
        if star {
            symbols.push(Symbol::Run(Class::Any));
        }
        Self { symbols, case: pattern.case }
    }

    /// How many symbols there are.
    fn len(&self) -> usize {
        self.symbols.len()
    }
}

impl Symbol {
    fn is_run(self) -> bool {
        matches!(self, Self::Run(_))
    }

    /// Whether it can stand for `found`, where the case of ASCII letters counts or not.
    fn takes(self, found: char, folds: bool) -> bool {
        match self {
            Self::Char(letter) => letter == found || (folds && letter.eq_ignore_ascii_case(&found)),
            Self::One(class) | Self::Run(class) => class.contains(found),
        }
    }
}

impl Pattern {
    /// Whether every text that `other` matches is matched by `self`.
    ///
    /// Exact. Patterns of different [`Case`] are of different elements of the language; of those only a
    /// [universal](Self::is_universal) one is said to cover the other.
    ///
    /// ```
    /// use ramgate::policy::{Case, Pattern};
    ///
    /// let pattern = |text| Pattern::new(text, Case::Ignore);
    /// assert!(pattern("ecs:*Instance?*").covers(&pattern("ecs:describeinstances")));
    /// assert!(!pattern("ecs:*Instance?*").covers(&pattern("ecs:*Instance*")));
    /// ```
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        if self.case == other.case { covers::covers(self, other) } else { self.is_universal() }
    }

    /// A shortest text that both match; `None` where there is none. Exact, for patterns of different [`Case`] too.
    ///
    /// ```
    /// use ramgate::policy::{Case, Pattern};
    ///
    /// let pattern = |text| Pattern::new(text, Case::Arn);
    /// assert_eq!(pattern("acs:oss:*:*:a*").meets(&pattern("acs:oss:*b")).as_deref(), Some("acs:oss:::ab"));
    /// assert_eq!(pattern("acs:oss:*:*:a*").meets(&pattern("acs:ecs:*")), None);
    /// ```
    #[must_use]
    pub fn meets(&self, other: &Self) -> Option<String> {
        meets::witness(&Language::of(self), &Language::of(other))
    }

    /// Whether both match the same texts. Exact, for patterns of one [`Case`].
    #[must_use]
    pub fn equals(&self, other: &Self) -> bool {
        self.covers(other) && other.covers(self)
    }

    /// Whether it matches every text: only stars do.
    #[must_use]
    pub fn is_universal(&self) -> bool {
        !self.text.is_empty() && self.text.bytes().all(|byte| byte == b'*')
    }

    /// Whether every text that `self` matches is matched by one of `patterns`, exactly, or [`Coverage::Unknown`] where
    /// that took more than `work` steps ([`COVERAGE_WORK`] is plenty for patterns that people write).
    ///
    /// The steps grow with the product of the lengths, for each `*` of `self` anew where the patterns count the letters
    /// that stand for it; many `*` and patterns that count meet the bound.
    ///
    /// ```
    /// use ramgate::policy::{COVERAGE_WORK, Case, Coverage, Pattern};
    ///
    /// let pattern = |text| Pattern::new(text, Case::Ignore);
    /// let union = [pattern("ecs:?*"), pattern("ecs:")];
    /// assert_eq!(pattern("ecs:*").covered_by(&union, COVERAGE_WORK), Coverage::Covered);
    /// let Coverage::Uncovered(text) = pattern("ecs:*").covered_by(&union[..1], COVERAGE_WORK) else { panic!() };
    /// assert!(text.eq_ignore_ascii_case("ecs:"));
    /// ```
    #[must_use]
    pub fn covered_by<'p>(&self, patterns: impl IntoIterator<Item = &'p Self>, work: usize) -> Coverage {
        let own = Language::of(self);
        let mut languages = Vec::new();
        for pattern in patterns {
            if pattern.covers(self) {
                return Coverage::Covered;
            }
            let language = Language::of(pattern);
            if !meets::apart(&language, &own) {
                languages.push(language);
            }
        }
        union::coverage(&own, &languages, work)
    }

    /// A shortest ARN that `template` can produce and `self` matches; `None` where there is none. Exact.
    #[must_use]
    pub fn meets_template(&self, template: &ArnTemplate) -> Option<String> {
        meets::witness(&Language::of(self), template.language())
    }

    /// Whether there is such an ARN: [`meets_template`](Self::meets_template) without the text, and in a fraction of its time
    /// where there is one.
    #[must_use]
    pub fn reaches(&self, template: &ArnTemplate) -> bool {
        meets::any(&Language::of(self), template.language())
    }

    /// Whether `self` matches every ARN that `template` can produce, exactly, or [`Coverage::Unknown`] where that took
    /// more than `work` steps.
    #[must_use]
    pub fn covers_template(&self, template: &ArnTemplate, work: usize) -> Coverage {
        union::coverage(template.language(), &[Language::of(self)], work)
    }
}
