//! `action/mixed-case-dup`.

use crate::json::Span;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::Statement;

rule! {
    /// ## What it does
    /// Finds an action that stands twice in a list, in other letters.
    ///
    /// ## Why is this bad?
    /// Actions compare without case, so that the second one says nothing.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": ["ecs:DescribeInstances", "ecs:describeInstances"], "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": ["ecs:DescribeInstances"], "Resource": "*"}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Action`
    code: "RAM336",
    name: "action/mixed-case-dup",
    severity: Note,
    kinds: ALL_KINDS,
    fix: Safe,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    let patterns: Vec<_> = statement.action().patterns().map(|(pattern, span)| (pattern.as_str(), span)).collect();
    for (index, (text, span)) in patterns.iter().enumerate() {
        let twin = |(other, _): &&(&str, Span)| other != text && other.eq_ignore_ascii_case(text);
        if let Some((other, first)) = patterns.iter().take(index).find(twin) {
            let draft = found.at(*span, format!("`{text}` is `{other}` again")).also(*first, "here it stands already");
            draft.fix("take it away", subject.removal(*span));
        }
    }
}
