//! `schema/notresource-unsupported`.

use super::super::tree;
use crate::lint::linter::relabel;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::{self, Code};

rule! {
    /// ## What it does
    /// Finds `NotResource`.
    ///
    /// ## Why is this bad?
    /// The grammar of RAM policies lists `Resource` only; it had `NotResource` until 2021. Whether the service still
    /// takes it is not documented, and no policy in public use has it.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs:StopInstance", "NotResource": "acs:ecs:*:*:instance/i-1"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs:StopInstance", "Resource": "acs:ecs:*:*:instance/i-2"}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy structure and syntax](https://www.alibabacloud.com/help/en/ram/policy-structure-and-syntax)
    code: "RAM222",
    name: "schema/notresource-unsupported",
    severity: Error,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Mistake(&[Code::UnsupportedElement], check),
}

fn check(mistake: &policy::Finding, subject: &Subject<'_>, found: &mut Findings) -> bool {
    let Some((_, member)) = subject.tree().and_then(|tree| tree::siblings(tree, mistake.span)) else { return false };
    if member.name != "NotResource" {
        return false;
    }
    relabel(mistake, found);
    true
}
