//! `resource/question-mark-literal`.

use super::super::reach;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::Statement;

rule! {
    /// ## What it does
    /// Finds a question mark in a resource that stands before a query, as in a URL.
    ///
    /// ## Why is this bad?
    /// `?` is a wildcard for exactly one character there. It matches a question mark, and every other character as
    /// well.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:GetObject", "Resource": "acs:oss:*:*:bucket/page?id=1"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:GetObject", "Resource": "acs:oss:*:*:bucket/page"}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Resource`
    code: "RAM456",
    name: "resource/question-mark-literal",
    severity: Note,
    kinds: reach::WITH_RESOURCE,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    let Some(resource) = statement.resource() else { return };
    for (pattern, span) in resource.patterns() {
        let text = pattern.as_str();

        let mut queries = text.match_indices('?').filter_map(|(at, _)| text.get(at + 1..));
        let is_query = |rest: &str| {
            let name = rest.find(|letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-')));
            name.is_some_and(|end| end > 0 && rest.get(end..).is_some_and(|rest| rest.starts_with('=')))
        };
        if queries.any(is_query) {
            let draft = found.at(span, "`?` stands for any one character, and here it looks as if it began a query");
            draft.help("name the resource without its query");
        }
    }
}
