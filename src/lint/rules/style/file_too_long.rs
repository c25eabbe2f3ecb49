//! `style/file-too-long`.

use crate::json::Span;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};

rule! {
    /// ## What it does
    /// Finds a policy of more than four hundred lines.
    ///
    /// ## Why is this bad?
    /// Nobody keeps it in mind as a whole, and what one end allows the other end is not read against.
    ///
    /// ## Example
    /// ```text
    /// A policy of 401 lines.
    /// ```
    ///
    /// ## References
    /// - RAM, [policy structure and syntax](https://www.alibabacloud.com/help/en/ram/policy-structure-and-syntax)
    code: "RAM862",
    name: "style/file-too-long",
    severity: Note,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Text(check),
}

/// How many lines a reader keeps in mind.
const MOST: usize = 400;

fn check(subject: &Subject<'_>, found: &mut Findings) {
    let lines = subject.source().text().lines().count();
    if lines > MOST {
        let draft = found.at(Span::new(0, 0), format!("the policy has {lines} lines"));
        draft.help("split it by what it is for, and attach the parts side by side");
    }
}
