//! `condition/ip-value`.

use crate::lint::linter::relabel;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::{self, Code};

rule! {
    /// ## What it does
    /// Finds values of the address operators that are neither an address nor a block of addresses.
    ///
    /// ## Why is this bad?
    /// RAM cannot compare an address with it. Ranges with a dash, host names and wildcards are what people try most.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"IpAddress": {"acs:SourceIp": "203.0.113.*"}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"IpAddress": {"acs:SourceIp": "203.0.113.0/24"}}}
    /// ```
    ///
    /// ## References
    /// - RAM, [conditional operators](https://www.alibabacloud.com/help/en/ram/conditional-operator)
    code: "RAM526",
    name: "condition/ip-value",
    severity: Error,
    kinds: ALL_KINDS,
    fix: Unsafe,
    since: "0.2.0",
    check: Check::Mistake(&[Code::OperandIp], check),
}

fn check(mistake: &policy::Finding, subject: &Subject<'_>, found: &mut Findings) -> bool {
    let draft = relabel(mistake, found);
    let written = subject.source().slice(mistake.span).trim_matches('"').trim();
    let Some(meant) = block(written) else { return true };
    draft.fix(format!("write `{meant}`"), [Edit::string(mistake.span, &meant)]);
    true
}

/// The block of a text such as `203.0.113.*`.
fn block(written: &str) -> Option<String> {
    let fixed: Vec<_> = written.split('.').take_while(|part| *part != "*").collect();
    let stars = written.split('.').skip(fixed.len());
    if written.split('.').count() != 4
        || fixed.is_empty()
        || !stars.clone().all(|part| part == "*")
        || stars.count() == 0
    {
        return None;
    }
    let mut octets = fixed.clone();
    octets.resize(4, "0");
    let block = format!("{}/{}", octets.join("."), fixed.len() * 8);
    crate::policy::IpBlock::parse(&block).map(|_| block)
}
