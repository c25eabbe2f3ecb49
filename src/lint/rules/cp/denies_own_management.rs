//! `cp/denies-own-management`.

use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Effect, PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds control policies that deny the management of control policies without leaving anybody out.
    ///
    /// ## Why is this bad?
    /// Only the management account, which no control policy reaches, can then take the policy back. Where the
    /// management is delegated to a member account, nobody there can.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "Action": ["ram:*ControlPolicy"], "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Deny", "Action": ["ram:*ControlPolicy"], "Resource": "*",
    ///   "Condition": {"StringNotLike": {"acs:PrincipalARN": "acs:ram:*:*:role/control-policies"}}}
    /// ```
    ///
    /// ## References
    /// - Resource Management, [control policies](https://www.alibabacloud.com/help/en/resource-management/resource-directory/user-guide/languages-of-access-control-policies)
    code: "RAM822",
    name: "cp/denies-own-management",
    severity: Warning,
    kinds: &[PolicyKind::Control],
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    let own = ["DetachControlPolicy", "UpdateControlPolicy", "DeleteControlPolicy"];
    let denied = own.iter().find(|name| {
        ["ram", "resourcemanager"].iter().any(|code| statement.action().matches(&format!("{code}:{name}")))
    });
    let left_out =
        statement.condition().iter().any(|test| test.key() == "acs:principalarn" && test.operator().is_negated());
    let everywhere = statement.resource().is_some_and(|resource| resource.matches("*"));
    if let (Effect::Deny, Some(name), false, true) = (statement.effect(), denied, left_out, everywhere) {
        found
            .at(statement.action().span(), format!("this denies `{name}`, by which the policy itself is taken back"))
            .help("leave somebody out, by `StringNotLike` with `acs:PrincipalARN` and the role that looks after control policies");
    }
}
