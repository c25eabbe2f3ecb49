//! `schema/sid-empty`.

use super::super::tree;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::Statement;

rule! {
    /// ## What it does
    /// Finds a `Sid` that is empty or blank.
    ///
    /// ## Why is this bad?
    /// It names nothing.
    ///
    /// ## Example
    /// ```json
    /// {"Sid": "", "Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy structure and syntax](https://www.alibabacloud.com/help/en/ram/policy-structure-and-syntax)
    code: "RAM225",
    name: "schema/sid-empty",
    severity: Note,
    kinds: ALL_KINDS,
    fix: Safe,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    let members = subject.tree().map_or(&[][..], |tree| tree::members_at(tree, statement.span()));
    for member in members.iter().filter(|member| member.name.eq_ignore_ascii_case("Sid")) {
        if member.value.as_str().is_some_and(|sid| sid.trim().is_empty()) {
            let draft = found
                .at(member.value.span, "the `Sid` is empty")
                .help("name what the statement is for, or take it away");
            draft.fix("take it away", subject.removal(member.value.span));
        }
    }
}
