//! `condition/ip-single-host`.

use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::{Operand, Statement};

rule! {
    /// ## What it does
    /// Finds a single address that is written as a block, `203.0.113.2/32`, and is the only value.
    ///
    /// ## Why is this bad?
    /// RAM documents that a single address, as the only value, is written without `/32`. What it does with one is not
    /// documented.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"IpAddress": {"acs:SourceIp": "203.0.113.2/32"}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"IpAddress": {"acs:SourceIp": "203.0.113.2"}}}
    /// ```
    ///
    /// ## Limits
    /// Beside other values, `/32` is left alone: Alibaba Cloud has it so in a sample of its own.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Condition`
    code: "RAM529",
    name: "condition/ip-single-host",
    severity: Note,
    kinds: ALL_KINDS,
    fix: Safe,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    for test in statement.condition() {
        let ([Operand::Ip(block)], [written]) = (test.operands(), test.written_operands()) else { continue };
        let net = block.net();
        if net.prefix_len() == net.max_prefix_len() && written.text.contains('/') {
            let meant = net.addr().to_string();
            found
                .at(written.span, format!("`{}` is one address, which RAM takes without its length", written.text))
                .help("as the only value, write the address alone")
                .fix(format!("write `{meant}`"), [Edit::string(written.span, &meant)]);
        }
    }
}
