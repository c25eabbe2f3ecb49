//! `syntax/data-type-mismatch`.

use super::super::tree;
use crate::json::Span;
use crate::lint::linter::relabel;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::{self, Code};

rule! {
    /// ## What it does
    /// Finds a value of the wrong JSON type: a number where a string belongs, one object where a list belongs.
    ///
    /// ## Why is this bad?
    /// The language has strings, lists of strings and objects, each in its place. RAM refuses a document that mixes
    /// them up, with a message that does not say where.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"Bool": {"acs:SecureTransport": true}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"Bool": {"acs:SecureTransport": "true"}}}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements)
    code: "RAM107",
    name: "syntax/data-type-mismatch",
    severity: Error,
    kinds: ALL_KINDS,
    fix: Safe,
    since: "0.2.0",
    check: Check::Mistake(&[Code::WrongType, Code::ConditionValue], check),
}

fn check(mistake: &policy::Finding, subject: &Subject<'_>, found: &mut Findings) -> bool {
    let draft = relabel(mistake, found);
    let written = subject.source().slice(mistake.span);
    if mistake.code == Code::ConditionValue && !written.starts_with(['{', '[', '"', 'n']) {
        draft.fix("put it into quotes", [Edit::string(mistake.span, written)]);
    } else if written.starts_with('{')
        && subject.tree().and_then(|tree| tree::member_of(tree, mistake.span)).is_some_and(|m| m.name == "Statement")
    {
        let (start, end) = (mistake.span.start, mistake.span.end);
        let edits = [Edit::replace(Span::new(start, start), "["), Edit::replace(Span::new(end, end), "]")];
        draft.fix("put it into a list", edits);
    }
    true
}
