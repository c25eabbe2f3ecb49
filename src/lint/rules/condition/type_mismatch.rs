//! `condition/type-mismatch`.

use super::keys::{self, Holds};
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Operand, Statement};

rule! {
    /// ## What it does
    /// Finds operators of another type than what the key holds, as `StringEquals` on an address.
    ///
    /// ## Why is this bad?
    /// Texts of addresses, dates and booleans differ where the values are the same: `203.0.113.0/24` as a string is met
    /// by no address, and a date as a string not by its own moment in another zone.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"StringEquals": {"acs:SourceIp": "203.0.113.0/24"}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"IpAddress": {"acs:SourceIp": "203.0.113.0/24"}}}
    /// ```
    ///
    /// ## Limits
    /// Keys of which the type is not documented are left alone, and `rds:DiskEncryptionRequired` is a text that says
    /// `false`.
    ///
    /// ## References
    /// - RAM, [conditional operators](https://www.alibabacloud.com/help/en/ram/conditional-operator)
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Condition`
    code: "RAM516",
    name: "condition/type-mismatch",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    for test in statement.condition() {
        let Some(key) = keys::find(test.key()) else { continue };
        let Some(operand) = test.operands().first() else { continue };
        let (what, operators) = match (key.holds, operand) {
            (Some(Holds::Ip), operand) if !matches!(operand, Operand::Ip(_)) => {
                ("an address", "`IpAddress` and `NotIpAddress`")
            }
            (Some(Holds::Bool), operand) if !matches!(operand, Operand::Bool(_)) => ("a boolean", "`Bool`"),
            (Some(Holds::Date), operand) if !matches!(operand, Operand::Instant(_)) => {
                ("a date", "those that begin with `Date`")
            }
            (Some(Holds::Number), operand) if !matches!(operand, Operand::Number(_)) => {
                ("a number", "those that begin with `Numeric`")
            }
            (Some(Holds::String), Operand::Ip(_) | Operand::Bool(_) | Operand::Instant(_) | Operand::Number(_)) => {
                ("a text", "those that begin with `String`")
            }
            _ => continue,
        };
        let message =
            format!("`{}` holds {what}, which `{}` does not compare", test.written_key().text, test.operator());
        found.at(test.span(), message).help(format!("the operators for it are {operators}"));
    }
}
