//! `schema/resource-and-notresource`.

use super::super::tree;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::{self, Code, PolicyKind};

rule! {
    /// ## What it does
    /// Finds a statement with both `Resource` and `NotResource`.
    ///
    /// ## Why is this bad?
    /// `NotResource` has left RAM's grammar, and where it was part of it, it stood in the place of `Resource`. Beside
    /// it, one of the two would be passed over.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs:*", "Resource": "*", "NotResource": "acs:ecs:*:*:instance/i-1"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs:*", "Resource": "*"}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy structure and syntax](https://www.alibabacloud.com/help/en/ram/policy-structure-and-syntax)
    code: "RAM221",
    name: "schema/resource-and-notresource",
    severity: Error,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Mistake(&[Code::UnsupportedElement], check),
}

fn check(mistake: &policy::Finding, subject: &Subject<'_>, found: &mut Findings) -> bool {
    let Some((siblings, member)) = subject.tree().and_then(|tree| tree::siblings(tree, mistake.span)) else {
        return false;
    };
    let Some(resource) = siblings.iter().find(|other| other.name == "Resource") else { return false };
    if member.name != "NotResource" || subject.kind() == PolicyKind::Trust {
        return false;
    }
    let message = "the statement has both `Resource` and `NotResource`";
    found.at(member.name_span, message).help("keep `Resource`").also(resource.name_span, "the other one");
    true
}
