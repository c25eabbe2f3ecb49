//! `cp/principal-arn-of-nobody`.

use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{ArnTemplate, Case, Operand, Pattern, PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds conditions of a control policy on `acs:PrincipalARN` that no role or user can meet.
    ///
    /// ## Why is this bad?
    /// The ARN of a principal has an empty region, and names a role or a user: `acs:ram::1234567890123456:role/ops`. A
    /// pattern that cannot become such an ARN leaves nobody out.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs:DeleteInstance", "Resource": "*",
    ///   "Condition": {"StringNotLike": {"acs:PrincipalARN": "acs:ram:*:*:assumed-role/ops/*"}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs:DeleteInstance", "Resource": "*",
    ///   "Condition": {"StringNotLike": {"acs:PrincipalARN": "acs:ram:*:*:role/ops"}}}
    /// ```
    ///
    /// ## References
    /// - Resource Management, [control policies](https://www.alibabacloud.com/help/en/resource-management/resource-directory/user-guide/languages-of-access-control-policies)
    code: "RAM823",
    name: "cp/principal-arn-of-nobody",
    severity: Warning,
    kinds: &[PolicyKind::Control, PolicyKind::Identity],
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    let known = ["role/{name}", "user/{name}", "root"]
        .map(|relative| ArnTemplate::new(&format!("acs:ram::{{account}}:{relative}")));
    for test in statement.condition().iter().filter(|test| test.key() == "acs:principalarn") {
        for (operand, written) in test.operands().iter().zip(test.written_operands()) {
            let pattern = match operand {
                Operand::Like(pattern) => pattern.clone(),
                Operand::Text(_) => Pattern::new(&written.text, Case::Exact),
                _ => continue,
            };
            if known.iter().all(|known| !pattern.reaches(known)) {
                found.at(written.span, format!("no principal has an ARN such as `{}`", written.text)).help(
                    "write `acs:ram:*:*:role/NAME` for a role, whose sessions go by it, or `acs:ram:*:*:user/NAME`",
                );
            }
        }
    }
}
