//! `empty/resource`.

use super::super::reach;
use crate::lint::linter::relabel;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{self, Code};

rule! {
    /// ## What it does
    /// Finds `Resource` that holds nothing: an empty list, or an empty text.
    ///
    /// ## Why is this bad?
    /// It matches nothing, so that the statement does nothing, or, in the negated form, everything. What RAM makes of
    /// it is not documented; the gate refuses it wherever it could widen what is allowed or let a Deny go unnoticed.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs:*", "Resource": []}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs:*", "Resource": "*"}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Resource`
    code: "RAM652",
    name: "empty/resource",
    severity: Error,
    kinds: reach::WITH_RESOURCE,
    fix: Unsafe,
    since: "0.2.0",
    check: Check::Mistake(&[Code::EmptyList, Code::EmptyPattern], check),
}

fn check(mistake: &policy::Finding, subject: &Subject<'_>, found: &mut Findings) -> bool {
    if !(mistake.message.starts_with("`Resource`") || mistake.message.starts_with("`NotResource`")) {
        return false;
    }
    let draft = relabel(mistake, found);
    if mistake.code == Code::EmptyPattern {
        draft.fix("take it away", subject.removal(mistake.span));
    }
    true
}
