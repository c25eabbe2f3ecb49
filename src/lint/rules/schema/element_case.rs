//! `schema/element-case`.

use super::super::tree;
use crate::lint::linter::relabel;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::{self, Code};

rule! {
    /// ## What it does
    /// Finds an element in other letters than the language has: `effect`, `ACTION`, `Statement ` with a blank.
    ///
    /// ## Why is this bad?
    /// Elements are written in exactly the letters of the language in every document that is known to work. Whether RAM
    /// refuses another spelling or passes it over is not documented; passed over, a `condition` would no longer limit
    /// its statement.
    ///
    /// ## Example
    /// ```json
    /// {"effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"}
    /// ```
    ///
    /// ## Limits
    /// The fix is not a safe one, since nobody knows what the document does before it.
    ///
    /// ## References
    /// - RAM, [policy structure and syntax](https://www.alibabacloud.com/help/en/ram/policy-structure-and-syntax)
    code: "RAM209",
    name: "schema/element-case",
    severity: Error,
    kinds: ALL_KINDS,
    fix: Unsafe,
    since: "0.2.0",
    check: Check::Mistake(&[Code::UnknownMember], check),
}

const ELEMENTS: [&str; 10] = [
    "Version",
    "Statement",
    "Sid",
    "Effect",
    "Principal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

fn check(mistake: &policy::Finding, subject: &Subject<'_>, found: &mut Findings) -> bool {
    let Some((_, member)) = subject.tree().and_then(|tree| tree::siblings(tree, mistake.span)) else { return false };
    let Some(name) = ELEMENTS.iter().find(|name| name.eq_ignore_ascii_case(member.name.trim())) else { return false };
    let draft = relabel(mistake, found);
    draft.fix(format!("write `{name}`"), [Edit::string(mistake.span, name)]);
    true
}
