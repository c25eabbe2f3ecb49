//! `condition/ip-any`.

use ipnet::IpNet;

use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Effect, Operand, Operator, Statement};

rule! {
    /// ## What it does
    /// Finds conditions on addresses that every IPv4 address meets, or none, whatever the blocks they are made of.
    ///
    /// ## Why is this bad?
    /// The condition looks like a limit and is none: `0.0.0.0/0`, or two halves of it, let everybody in. With
    /// `NotIpAddress` it is met by nobody, and a Deny then denies nothing.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"IpAddress": {"acs:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"IpAddress": {"acs:SourceIp": ["203.0.113.0/24", "198.51.100.7"]}}}
    /// ```
    ///
    /// ## References
    /// - RAM, [conditional operators](https://www.alibabacloud.com/help/en/ram/conditional-operator)
    code: "RAM538",
    name: "condition/ip-any",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    for test in statement.condition() {
        let net = |operand: &Operand| match operand {
            Operand::Ip(block) => Some(block.net()),
            _ => None,
        };
        let union = IpNet::aggregate(&test.operands().iter().filter_map(net).collect());
        let every = |v4: bool| union.iter().any(|net| net.prefix_len() == 0 && net.addr().is_ipv4() == v4);
        if !every(true) {
            continue;
        }
        let who = if every(false) { "every address" } else { "every IPv4 address" };
        let message = match (test.operator(), statement.effect()) {
            (Operator::IpAddress, _) => format!("this is {who}, and no limit"),
            (_, Effect::Allow) => format!("this takes out {who}, so that hardly anything is allowed"),
            (_, Effect::Deny) => format!("this takes out {who}, so that hardly anything is denied"),
        };
        found.at(test.span(), message).help("name the addresses that are meant, or take the condition away");
    }
}
