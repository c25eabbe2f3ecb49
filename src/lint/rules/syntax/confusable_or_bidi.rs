//! `syntax/confusable-or-bidi`.

use unicode_security::{RestrictionLevel, RestrictionLevelDetection};

use super::super::tree;
use crate::json::{Span, Value};
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};

rule! {
    /// ## What it does
    /// Finds letters that look like others and characters that cannot be seen: a word that mixes scripts, an action
    /// with a letter outside ASCII, controls that turn the direction of the text.
    ///
    /// ## Why is this bad?
    /// The statement reads as if it did one thing and does another. `есs:*` with two Cyrillic letters matches no action
    /// at all, and a Deny of it denies nothing. A direction control lets a reviewer see another order of characters
    /// than the one that is in the file.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "Action": "есs:*", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs:*", "Resource": "*"}
    /// ```
    ///
    /// ## Limits
    /// A whole word in another script is let pass: keys of objects and names of tags may be in any language.
    ///
    /// ## References
    /// - [Unicode security mechanisms, UTS 39](https://www.unicode.org/reports/tr39/)
    /// - [CVE-2021-42574](https://nvd.nist.gov/vuln/detail/CVE-2021-42574), on direction controls in source text
    code: "RAM105",
    name: "syntax/confusable-or-bidi",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Tree(check),
}

fn check(tree: &Value, subject: &Subject<'_>, found: &mut Findings) {
    let statements = subject.document().map_or(&[][..], |document| document.statements());
    let actions: Vec<Span> =
        statements.iter().flat_map(|statement| statement.action().patterns()).map(|(_, span)| span).collect();
    tree::strings(tree, &mut |text, span| {
        if text.is_ascii() {
            return;
        }
        if let Some(hidden) = text.chars().find(|letter| is_hidden(*letter)) {
            let message = format!("an invisible character (U+{:04X}) stands in this text", u32::from(hidden));
            found.at(span, message).help("take it away, and see whether the text still says what was meant");
        } else if actions.contains(&span) {
            let letter = text.chars().find(|letter| !letter.is_ascii()).unwrap_or_default();
            let message =
                format!("`{letter}` (U+{:04X}) stands in an action, and actions are ASCII", u32::from(letter));
            found.at(span, message).help("write it anew; the letter may look like another one");
        } else if let Some(word) = text.split(|letter: char| !letter.is_alphanumeric()).find(|word| mixes(word)) {
            let foreign: Vec<_> = word.chars().filter(|letter| !letter.is_ascii()).collect();
            let codes: Vec<_> = foreign.iter().map(|letter| format!("U+{:04X}", u32::from(*letter))).collect();
            let message = format!("`{word}` mixes letters of several scripts ({})", codes.join(", "));
            found.at(span, message).help("write it anew, if one of the letters only looks like the one that is meant");
        }
    });
}

/// Controls of the direction, and characters of no width.
fn is_hidden(letter: char) -> bool {
    matches!(letter,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{061c}' | '\u{feff}' | '\u{00ad}')
}

/// Whether a word is of scripts that are not written together; Chinese or Japanese beside Latin letters is usual.
fn mixes(word: &str) -> bool {
    word.detect_restriction_level() > RestrictionLevel::HighlyRestrictive
}
