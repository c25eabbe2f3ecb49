//! `condition/tautology`.

use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Effect, Operand, Operator, Statement};

rule! {
    /// ## What it does
    /// Finds an Allow with a date from which on it counts, where that is past and there is no end.
    ///
    /// ## Why is this bad?
    /// The condition always holds. It looks as if something were limited, and nothing is any more.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:StopInstance", "Resource": "acs:ecs:*:*:instance/i-1",
    ///   "Condition": {"DateGreaterThan": {"acs:CurrentTime": "2020-01-01T00:00:00Z"}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:StopInstance", "Resource": "acs:ecs:*:*:instance/i-1"}
    /// ```
    ///
    /// ## Limits
    /// A Deny from a date on ends what others allow, and is meant to go on counting. A beginning beside an end says when
    /// something is allowed, and stays.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Condition`
    code: "RAM570",
    name: "condition/tautology",
    severity: Note,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    let Some(now) = subject.settings().instant() else { return };
    let of_time: Vec<_> = statement.condition().iter().filter(|test| test.key() == "acs:currenttime").collect();
    let begins = |operator| matches!(operator, Operator::DateGreaterThan | Operator::DateGreaterThanEquals);
    if statement.effect() != Effect::Allow || !of_time.iter().all(|test| begins(test.operator())) {
        return;
    }
    for test in of_time {
        // Of several dates the earliest one counts.
        let past = |operand: &Operand| matches!(operand, Operand::Instant(instant) if *instant < now);
        if test.operands().iter().any(past) {
            let message = "this is past, so that it always holds";
            found.at(test.span(), message).help("take it away, or add the date on which the permission ends");
        }
    }
}
