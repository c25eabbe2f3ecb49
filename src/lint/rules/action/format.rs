//! `action/format`.

use super::super::reach;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::Statement;

rule! {
    /// ## What it does
    /// Finds actions that no request can have: without service code, with a part missing, with a blank.
    ///
    /// ## Why is this bad?
    /// An action is a service code, a colon and a name, as in `ecs:StopInstance`. `ecs: StopInstance` or `StopInstance`
    /// matches no request: an Allow of it allows nothing, and a Deny denies nothing.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs: StopInstance", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs:StopInstance", "Resource": "*"}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Action`
    code: "RAM328",
    name: "action/format",
    severity: Error,
    kinds: ALL_KINDS,
    fix: Unsafe,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    for (pattern, span) in statement.action().patterns() {
        let text = pattern.as_str();
        if text.contains(char::is_whitespace) {
            let plain: String = text.split_whitespace().collect();
            let draft = found.at(span, format!("`{text}` has a blank, and no action has one")).help("take it away");
            draft.fix(format!("write `{plain}`"), [Edit::string(span, &plain)]);
        } else if !pattern.reaches(&reach::ACTION) {
            let draft = found.at(span, format!("`{text}` matches no action"));
            draft.help("write a service code, a colon and a name, as in `ecs:StopInstance`");
        }
    }
}
