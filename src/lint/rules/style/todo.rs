//! `style/todo`.

use crate::json::Span;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};

rule! {
    /// ## What it does
    /// Finds `TODO`, `FIXME` and `XXX` in a policy.
    ///
    /// ## Why is this bad?
    /// Somebody left it unfinished, and it is in force all the same.
    ///
    /// ## Example
    /// ```json
    /// {"Sid": "TODO narrow this", "Effect": "Allow", "Action": "ecs:*", "Resource": "*"}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy structure and syntax](https://www.alibabacloud.com/help/en/ram/policy-structure-and-syntax)
    code: "RAM863",
    name: "style/todo",
    severity: Note,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Text(check),
}

fn check(subject: &Subject<'_>, found: &mut Findings) {
    let text = subject.source().text();
    let is_letter = |letter: char| letter.is_alphanumeric() || letter == '_';
    for mark in ["TODO", "FIXME", "XXX"] {
        for (start, _) in text.match_indices(mark) {
            let end = start + mark.len();
            let before = text.get(..start).and_then(|before| before.chars().next_back());
            let after = text.get(end..).and_then(|after| after.chars().next());
            if ![before, after].into_iter().flatten().any(is_letter) {
                found
                    .at(Span::new(start, end), format!("`{mark}` stands here"))
                    .help("do it, or say where it is kept in mind");
            }
        }
    }
}
