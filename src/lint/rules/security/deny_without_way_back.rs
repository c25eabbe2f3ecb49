//! `security/deny-without-way-back`.

use crate::lint::rule::rule;
use crate::lint::rules::reach::every_resource;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Effect, Operand, PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds a Deny of everything until a second factor is shown, that leaves no way to set one up.
    ///
    /// ## Why is this bad?
    /// Who has no second factor yet is denied the calls by which it is bound, too, and can never show one.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"acs:MFAPresent": "false"}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Deny", "NotAction": ["ram:CreateVirtualMFADevice", "ram:BindMFADevice", "ram:GetUserMFAInfo"], "Resource": "*",
    ///   "Condition": {"Bool": {"acs:MFAPresent": "false"}}}
    /// ```
    ///
    /// ## Limits
    /// Where an administrator binds the devices for everybody, this is as it should be; it is a note for that reason.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Condition`
    code: "RAM730",
    name: "security/deny-without-way-back",
    severity: Note,
    kinds: &[PolicyKind::Identity],
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    let without = statement
        .condition()
        .iter()
        .find(|test| test.key() == "acs:mfapresent" && matches!(test.operands(), [Operand::Bool(false)]));
    let (Effect::Deny, Some(test)) = (statement.effect(), without) else { return };
    let needed = ["ram:CreateVirtualMFADevice", "ram:BindMFADevice"];
    if every_resource(statement) && needed.iter().all(|action| statement.action().matches(action)) {
        found
            .at(statement.action().span(), "who has no second factor cannot set one up")
            .help(
                "leave `ram:CreateVirtualMFADevice`, `ram:BindMFADevice` and `ram:GetUserMFAInfo` out, by `NotAction`",
            )
            .also(test.span(), "where this holds");
    }
}
