//! `condition/ip-host-bits`.

use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::{Operand, Statement};

rule! {
    /// ## What it does
    /// Finds blocks of addresses with bits set behind their length, as `10.101.169.111/24`.
    ///
    /// ## Why is this bad?
    /// It means the whole block, `10.101.169.0/24`, where a reader may take it for one address.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"IpAddress": {"acs:SourceIp": "203.0.113.77/24"}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"IpAddress": {"acs:SourceIp": "203.0.113.0/24"}}}
    /// ```
    ///
    /// ## References
    /// - RAM, [conditional operators](https://www.alibabacloud.com/help/en/ram/conditional-operator)
    code: "RAM528",
    name: "condition/ip-host-bits",
    severity: Note,
    kinds: ALL_KINDS,
    fix: Safe,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    for test in statement.condition() {
        for (operand, written) in test.operands().iter().zip(test.written_operands()) {
            let (Operand::Ip(block), Some((address, _))) = (operand, written.text.split_once('/')) else { continue };
            let Some(address) = crate::policy::parse_address(address) else { continue };
            if block.net().network() == address {
                continue;
            }
            let meant = block.net().to_string();
            found
                .at(written.span, format!("`{}` is the block `{meant}`, and no single address", written.text))
                .help("write the block, or the address alone where one is meant")
                .fix(format!("write `{meant}`"), [Edit::string(written.span, &meant)]);
        }
    }
}
