//! `condition/ip-private-only`.

use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Effect, Operand, Operator, Statement};

rule! {
    /// ## What it does
    /// Finds an Allow that is limited to private addresses in `acs:SourceIp`.
    ///
    /// ## Why is this bad?
    /// Most services know a caller by its public address in `acs:SourceIp`, and one within a VPC by `acs:SourceVpc` and
    /// `acs:VpcSourceIp`. The Allow may then never apply.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"IpAddress": {"acs:SourceIp": "192.168.0.0/16"}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {
    ///   "IpAddress": {"acs:VpcSourceIp": "192.168.0.0/16"}, "StringEquals": {"acs:SourceVpc": "vpc-bp1example"}}}
    /// ```
    ///
    /// ## Limits
    /// A Deny, and `NotIpAddress`, are left alone: Log Service documents them with private addresses. So are statements
    /// that speak of a VPC.
    ///
    /// ## References
    /// - KMS, [use RAM to control access](https://www.alibabacloud.com/help/en/kms/key-management-service/security-and-compliance/use-ram-to-manage-access-to-kms-resources)
    code: "RAM534",
    name: "condition/ip-private-only",
    severity: Note,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    let by_vpc = statement.condition().iter().any(|test| matches!(test.key(), "acs:sourcevpc" | "acs:vpcsourceip"));
    if statement.effect() != Effect::Allow || by_vpc {
        return;
    }
    for test in statement.condition() {
        let private = |operand: &Operand| match operand {
            Operand::Ip(block) => PRIVATE
                .iter()
                .filter_map(|net| crate::policy::IpBlock::parse(net))
                .any(|net| net.net().contains(&block.net())),
            _ => false,
        };
        let all = !test.operands().is_empty() && test.operands().iter().all(private);
        if all && test.key() == "acs:sourceip" && test.operator() == Operator::IpAddress {
            found
                .at(test.span(), "these addresses are private, and `acs:SourceIp` is a public one for most services")
                .help("for callers within a VPC, write `acs:VpcSourceIp` together with `acs:SourceVpc`");
        }
    }
}

/// RFC 1918, RFC 6598 and RFC 4193.
const PRIVATE: [&str; 5] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"];
