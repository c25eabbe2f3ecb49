//! `schema/empty-statement-list`.

use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject, linter};
use crate::policy::{self, Code};

rule! {
    /// ## What it does
    /// Finds a document whose `Statement` is an empty list.
    ///
    /// ## Why is this bad?
    /// It allows nothing and denies nothing. Whether RAM takes it is not documented; the gate does not, since a policy
    /// that was meant to deny something may have lost its statements.
    ///
    /// ## Example
    /// ```json
    /// {"Version": "1", "Statement": []}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {
    ///   "Version": "1",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"}
    ///   ]
    /// }
    /// ```
    ///
    /// ## References
    /// - RAM, [policy structure and syntax](https://www.alibabacloud.com/help/en/ram/policy-structure-and-syntax)
    code: "RAM213",
    name: "schema/empty-statement-list",
    severity: Error,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Mistake(&[Code::EmptyList], check),
}

fn check(mistake: &policy::Finding, subject: &Subject<'_>, found: &mut Findings) -> bool {
    let statements =
        subject.tree().and_then(|tree| tree.members().iter().find(|member| member.value.span == mistake.span));
    if statements.is_some() {
        linter::relabel(mistake, found);
    }
    statements.is_some()
}
