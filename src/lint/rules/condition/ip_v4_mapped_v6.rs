//! `condition/ip-v4-mapped-v6`.

use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::{Operand, Statement};

rule! {
    /// ## What it does
    /// Finds IPv4 addresses that are written as IPv6, `::ffff:203.0.113.7`.
    ///
    /// ## Why is this bad?
    /// Requests carry the IPv4 address. Whether a reader takes the one for the other differs; for one that does not,
    /// the value is met by nothing.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs:*", "Resource": "*", "Condition": {"IpAddress": {"acs:SourceIp": "::ffff:203.0.113.7"}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs:*", "Resource": "*", "Condition": {"IpAddress": {"acs:SourceIp": "203.0.113.7"}}}
    /// ```
    ///
    /// ## References
    /// - RAM, [conditional operators](https://www.alibabacloud.com/help/en/ram/conditional-operator)
    code: "RAM532",
    name: "condition/ip-v4-mapped-v6",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: Safe,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    for test in statement.condition() {
        for (operand, written) in test.operands().iter().zip(test.written_operands()) {
            let Operand::Ip(block) = operand else { continue };
            let net = block.net();
            if net.addr().is_ipv4() && written.text.contains(':') {
                let single = net.prefix_len() == net.max_prefix_len();
                let meant = if single { net.addr().to_string() } else { net.to_string() };
                found
                    .at(written.span, format!("`{}` is the IPv4 address `{meant}`", written.text))
                    .fix(format!("write `{meant}`"), [Edit::string(written.span, &meant)]);
            }
        }
    }
}
