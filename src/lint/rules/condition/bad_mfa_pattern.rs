//! `condition/bad-mfa-pattern`.

use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Effect, Operand, Statement};

rule! {
    /// ## What it does
    /// Finds conditions on `acs:MFAPresent` that do not ask for a second factor.
    ///
    /// ## Why is this bad?
    /// Calls with an AccessKey do not carry the key. A Deny where it is `false` therefore denies nothing to them; a
    /// Deny where it is `true` punishes whoever has a second factor, and an Allow where it is `false` rewards whoever
    /// has none.
    ///
    /// ## Example
    /// ```json
    /// {"Version": "1", "Statement": [
    ///   {"Effect": "Allow", "Action": "ecs:*", "Resource": "*"},
    ///   {"Effect": "Deny", "Action": "ecs:Delete*", "Resource": "*", "Condition": {"Bool": {"acs:MFAPresent": "false"}}}
    /// ]}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:Delete*", "Resource": "*", "Condition": {"Bool": {"acs:MFAPresent": "true"}}}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Condition`
    code: "RAM560",
    name: "condition/bad-mfa-pattern",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    for test in statement.condition().iter().filter(|test| test.key() == "acs:mfapresent") {
        let [Operand::Bool(value)] = test.operands() else { continue };
        let (message, help) = match (statement.effect(), value) {
            (Effect::Allow, true) => continue,
            (Effect::Allow, false) => (
                "this allows what it names to those who have not shown a second factor only",
                "write \"true\" to ask for a second factor",
            ),
            (Effect::Deny, true) => (
                "this denies what it names to those who have shown a second factor",
                "to ask for a second factor, allow where it is \"true\"",
            ),
            (Effect::Deny, false) => (
                "calls with an AccessKey do not carry `acs:MFAPresent`, so this denies them nothing",
                "allow the actions only where it is \"true\", in place of denying them where it is not",
            ),
        };
        found.at(test.span(), message).help(help);
    }
}
