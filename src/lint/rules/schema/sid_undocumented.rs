//! `schema/sid-undocumented`.

use crate::lint::linter::relabel;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::{self, Code};
use crate::report::Severity;

rule! {
    /// ## What it does
    /// Finds a `Sid`.
    ///
    /// ## Why is this bad?
    /// RAM's grammar does not have it. The service is known to take and to keep it, and it changes no decision; a tool
    /// that holds to the grammar may refuse the document.
    ///
    /// ## Example
    /// ```json
    /// {"Sid": "Look", "Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy structure and syntax](https://www.alibabacloud.com/help/en/ram/policy-structure-and-syntax)
    code: "RAM223",
    name: "schema/sid-undocumented",
    severity: Note,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Mistake(&[Code::Sid], check),
}

fn check(mistake: &policy::Finding, _: &Subject<'_>, found: &mut Findings) -> bool {
    relabel(mistake, found).severity(Severity::Note);
    true
}
