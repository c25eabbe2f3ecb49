//! `condition/date-expired`.

use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Effect, Operand, Operator, Statement};

rule! {
    /// ## What it does
    /// Finds statements whose time is over.
    ///
    /// ## Why is this bad?
    /// An Allow with `DateLessThan` in the past allows nothing any more, and a Deny denies nothing. The first is
    /// clutter that may be brought back to life by whoever moves the date; the second is a hole.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"DateLessThan": {"acs:CurrentTime": "2020-01-01T00:00:00Z"}}}
    /// ```
    ///
    /// ## Limits
    /// The dates are held against the moment of the check.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Condition`
    code: "RAM524",
    name: "condition/date-expired",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    let Some(now) = subject.settings().instant() else { return };
    for test in statement.condition() {
        let before =
            matches!(test.operator(), Operator::DateLessThan | Operator::DateLessThanEquals | Operator::DateEquals);
        let past = |operand: &Operand| matches!(operand, Operand::Instant(instant) if *instant < now);
        if !before || test.key() != "acs:currenttime" || test.operands().is_empty() || !test.operands().iter().all(past)
        {
            continue;
        }
        let message = match statement.effect() {
            Effect::Allow => "this is in the past: the statement allows nothing any more",
            Effect::Deny => "this is in the past: the statement denies nothing any more",
        };
        found.at(test.span(), message).help("take the statement out, or move the date where it is still needed");
    }
}
