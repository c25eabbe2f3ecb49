//! `condition/empty-object`.

use crate::json::{Kind, Value};
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};

rule! {
    /// ## What it does
    /// Finds `"Condition": {}`.
    ///
    /// ## Why is this bad?
    /// It is no condition, and reads as if there were to be one.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*"}
    /// ```
    ///
    /// ## References
    /// - OSS, [bucket policies](https://www.alibabacloud.com/help/en/oss/user-guide/oss-bucket-policy)
    code: "RAM546",
    name: "condition/empty-object",
    severity: Note,
    kinds: ALL_KINDS,
    fix: Safe,
    since: "0.2.0",
    check: Check::Tree(check),
}

fn check(tree: &Value, subject: &Subject<'_>, found: &mut Findings) {
    let statements = tree.members().iter().filter(|member| member.name == "Statement");
    for statement in statements.flat_map(|member| match &member.value.kind {
        Kind::Array(values) => values.as_slice(),
        _ => std::slice::from_ref(&member.value),
    }) {
        for member in statement.members().iter().filter(|member| member.name == "Condition") {
            if matches!(&member.value.kind, Kind::Object(members) if members.is_empty()) {
                found
                    .at(member.value.span, "this is no condition")
                    .help("take it away, or write the condition that is meant")
                    .fix("take the empty `Condition` away", subject.removal(member.value.span));
            }
        }
    }
}
