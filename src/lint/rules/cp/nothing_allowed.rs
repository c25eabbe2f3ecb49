//! `cp/nothing-allowed`.

use crate::lint::rule::rule;
use crate::lint::rules::reach::{every_action, every_resource};
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Document, Effect, PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds control policies that allow nothing, or deny everything to everybody.
    ///
    /// ## Why is this bad?
    /// Every node on the way to the root has to allow a call. Where `FullAliyunAccess` is taken off and such a policy
    /// is left, nobody in the accounts below can do anything.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "Action": "*", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs:DeleteInstance", "Resource": "*"}
    /// ```
    ///
    /// ## Limits
    /// A policy with denials only is common beside `FullAliyunAccess`, and is left alone.
    ///
    /// ## References
    /// - Resource Management, [control policies](https://www.alibabacloud.com/help/en/resource-management/resource-directory/user-guide/languages-of-access-control-policies)
    code: "RAM820",
    name: "cp/nothing-allowed",
    severity: Error,
    kinds: &[PolicyKind::Control],
    fix: None,
    since: "0.2.0",
    check: Check::Document(check),
}

fn check(document: &Document, _: &Subject<'_>, found: &mut Findings) {
    let everything = |statement: &&Statement| {
        statement.effect() == Effect::Deny
            && statement.condition().is_empty()
            && every_action(statement)
            && every_resource(statement)
    };
    if let Some(deny) = document.statements().iter().find(everything) {
        found
            .at(deny.span(), "this denies everything in the accounts that the policy is attached to")
            .help("deny what must not be done, or leave out those who may by a condition on `acs:PrincipalARN`");
    }
}
