//! `condition/unpaired-key`.

use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::Statement;

rule! {
    /// ## What it does
    /// Finds `acs:VpcSourceIp` without `acs:SourceVpc`.
    ///
    /// ## Why is this bad?
    /// Private addresses are the same in every VPC. Without the VPC, whoever has a VPC of their own with such an
    /// address meets the condition.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*", "Condition": {"IpAddress": {"acs:VpcSourceIp": "192.168.0.0/16"}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*", "Condition": {
    ///   "IpAddress": {"acs:VpcSourceIp": "192.168.0.0/16"}, "StringEquals": {"acs:SourceVpc": "vpc-bp1example"}}}
    /// ```
    ///
    /// ## References
    /// - KMS, [use RAM to control access](https://www.alibabacloud.com/help/en/kms/key-management-service/security-and-compliance/use-ram-to-manage-access-to-kms-resources)
    code: "RAM568",
    name: "condition/unpaired-key",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    let by_vpc = statement.condition().iter().any(|test| test.key() == "acs:sourcevpc");
    for test in statement.condition().iter().filter(|test| test.key() == "acs:vpcsourceip" && !by_vpc) {
        found
            .at(test.span(), "an address within a VPC says nothing without the VPC")
            .help("add `StringEquals` with `acs:SourceVpc` and the id of the VPC");
    }
}
