//! Which rules are asked, and how bad what they find is.

use strsim::levenshtein;

use super::{GROUPS, Rule, all};
use crate::report::Severity;

/// What a word of a configuration names: all rules, those of a group or of a beginning of codes, or one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Breadth {
    All,
    Group(String),
    Codes(String),
    One(String),
}

/// A word that names rules: `ALL`, a group (`action`), the beginning of codes (`RAM3`), a code or a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector(Breadth);

/// A word that names no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no rule `{word}`{}", near.as_ref().map(|near| format!(": did you mean `{near}`?")).unwrap_or_default())]
pub struct UnknownRule {
    /// The word.
    pub word: String,
    /// A name like it.
    pub near: Option<String>,
}

impl Selector {
    /// Reads a word.
    ///
    /// # Errors
    /// Where it names no rule there is.
    pub fn parse(word: &str) -> Result<Self, UnknownRule> {
        let upper = word.to_ascii_uppercase();
        if upper == "ALL" {
            return Ok(Self(Breadth::All));
        }
        if GROUPS.iter().any(|group| group.name == word) {
            return Ok(Self(Breadth::Group(word.to_owned())));
        }
        if let Some(rule) = super::find(word) {
            return Ok(Self(Breadth::One(rule.code.to_owned())));
        }
        if upper.starts_with("RAM") && all().any(|rule| rule.code.starts_with(&upper)) {
            return Ok(Self(Breadth::Codes(upper)));
        }
        Err(UnknownRule { word: word.to_owned(), near: near(word) })
    }

    /// Whether it names `rule`.
    #[must_use]
    pub fn names(&self, rule: &Rule) -> bool {
        match &self.0 {
            Breadth::All => true,
            Breadth::Group(group) => rule.group() == group,
            Breadth::Codes(beginning) => rule.code.starts_with(beginning.as_str()),
            Breadth::One(code) => rule.code == code,
        }
    }

    /// How narrow it is; the narrower of two counts.
    fn narrowness(&self) -> usize {
        match &self.0 {
            Breadth::All => 0,
            Breadth::Group(_) => 4,
            Breadth::Codes(beginning) => beginning.len(),
            Breadth::One(_) => 7,
        }
    }
}

/// The name that differs from `word` in few letters, or in its group.
fn near(word: &str) -> Option<String> {
    let names = || all().map(|rule| rule.name);
    let bare = word.rsplit('/').next().unwrap_or(word);
    let groups = GROUPS.iter().map(|group| group.name);
    let same = names().find(|name| name.split_once('/').is_some_and(|(_, rule)| rule == bare));
    let close = names().chain(groups).map(|name| (levenshtein(word, name), name)).min()?;
    same.or((close.0 <= 2 && close.0 * 3 <= word.len()).then_some(close.1)).map(str::to_owned)
}

/// Which rules are asked, and how bad what they find is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Rules that are asked; none named, and all are.
    pub select: Vec<Selector>,
    /// Rules that are not asked. Of a selector here and one above that name a rule, the narrower counts, and this one
    /// where they are equally narrow.
    pub ignore: Vec<Selector>,
    /// How bad it is what these rules find, whatever they say themselves; the narrowest counts, and of equally narrow
    /// ones the last.
    pub severity: Vec<(Selector, Severity)>,
}

impl Selection {
    /// Whether `rule` is asked.
    #[must_use]
    pub fn has(&self, rule: &Rule) -> bool {
        let narrowest = |selectors: &[Selector]| {
            selectors.iter().filter(|selector| selector.names(rule)).map(Selector::narrowness).max()
        };
        let selected = if self.select.is_empty() { Some(0) } else { narrowest(&self.select) };
        selected.is_some_and(|selected| narrowest(&self.ignore).is_none_or(|ignored| selected > ignored))
    }

    /// How bad it is what `rule` finds, where that is said here.
    #[must_use]
    pub fn severity_of(&self, rule: &Rule) -> Option<Severity> {
        let named = self.severity.iter().filter(|(selector, _)| selector.names(rule));
        named.max_by_key(|(selector, _)| selector.narrowness()).map(|(_, severity)| *severity)
    }

    /// This selection, and another one where it says more: its rules to ignore are added, its severities come later, and
    /// its rules to select, where it has any, stand in place of those here.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let select = if other.select.is_empty() { &self.select } else { &other.select };
        Self {
            select: select.clone(),
            ignore: self.ignore.iter().chain(&other.ignore).cloned().collect(),
            severity: self.severity.iter().chain(&other.severity).cloned().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selectors(words: &[&str]) -> Vec<Selector> {
        words.iter().map(|word| Selector::parse(word).unwrap()).collect()
    }

    #[test]
    fn the_narrower_of_select_and_ignore_counts() {
        let rule = super::super::find("RAM711").unwrap();
        for (select, ignore, asked) in [
            (&[][..], &[][..], true),
            (&["ALL"], &["security"], false),
            (&["security/allow-notaction"], &["security"], true),
            (&["RAM711"], &["security/allow-notaction"], false),
            (&["RAM7"], &["ALL"], true),
            (&["RAM3", "syntax"], &[], false),
            (&["ram711"], &["RAM71"], true),
            (&[], &["ALL"], false),
        ] {
            let selection = Selection { select: selectors(select), ignore: selectors(ignore), ..Selection::default() };
            assert_eq!(selection.has(rule), asked, "{select:?} without {ignore:?}");
        }
    }

    #[test]
    fn the_narrowest_and_then_the_last_severity_counts() {
        let rule = super::super::find("RAM711").unwrap();
        let severities = |all: &[(&str, Severity)]| Selection {
            severity: all.iter().map(|(word, severity)| (Selector::parse(word).unwrap(), *severity)).collect(),
            ..Selection::default()
        };
        use Severity::{Error, Note, Warning};
        assert_eq!(severities(&[("RAM711", Error), ("security", Note)]).severity_of(rule), Some(Error));
        assert_eq!(severities(&[("security", Error), ("security", Warning)]).severity_of(rule), Some(Warning));
        assert_eq!(severities(&[("syntax", Error)]).severity_of(rule), None);
    }

    #[test]
    fn a_word_that_names_no_rule_says_which_one_is_like_it() {
        for (word, says) in [
            (
                "security/alow-notaction",
                "there is no rule `security/alow-notaction`: did you mean `security/allow-notaction`?",
            ),
            ("allow-notaction", "there is no rule `allow-notaction`: did you mean `security/allow-notaction`?"),
            ("actions", "there is no rule `actions`: did you mean `action`?"),
            ("RAM000", "there is no rule `RAM000`"),
            ("", "there is no rule ``"),
        ] {
            assert_eq!(Selector::parse(word).unwrap_err().to_string(), says);
        }
    }
}
