//! `schema/sid-unique`.

use super::super::tree;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Document, Statement};

rule! {
    /// ## What it does
    /// Finds a `Sid` that two statements of a document share.
    ///
    /// ## Why is this bad?
    /// A `Sid` is there to name a statement: in a denial's explanation, in a review, in a tool that edits the policy. A
    /// name of two statements names none.
    ///
    /// ## Example
    /// ```json
    /// {"Version": "1", "Statement": [
    ///   {"Sid": "Look", "Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"},
    ///   {"Sid": "Look", "Effect": "Allow", "Action": "vpc:Describe*", "Resource": "*"}
    /// ]}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Version": "1", "Statement": [
    ///   {"Sid": "LookAtInstances", "Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"},
    ///   {"Sid": "LookAtNetworks", "Effect": "Allow", "Action": "vpc:Describe*", "Resource": "*"}
    /// ]}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy structure and syntax](https://www.alibabacloud.com/help/en/ram/policy-structure-and-syntax)
    code: "RAM224",
    name: "schema/sid-unique",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Document(check),
}

fn check(document: &Document, subject: &Subject<'_>, found: &mut Findings) {
    let place = |statement: &Statement| {
        let members = subject.tree().map_or(&[][..], |tree| tree::members_at(tree, statement.span()));
        let sid = members.iter().find(|member| member.name.eq_ignore_ascii_case("Sid"));
        sid.map_or(statement.effect_span(), |member| member.value.span)
    };
    let statements = document.statements();
    for (index, statement) in statements.iter().enumerate() {
        let Some(sid) = statement.sid().filter(|sid| !sid.is_empty()) else { continue };
        if let Some(first) = statements.iter().take(index).find(|first| first.sid() == Some(sid)) {
            let message = format!("another statement is called `{sid}` too");
            found.at(place(statement), message).help("give each a name of its own").also(place(first), "the other one");
        }
    }
}
