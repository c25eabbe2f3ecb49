//! `condition/date-window-empty`.

use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::{ConditionTest, Instant, Operand, Operator, Statement};

rule! {
    /// ## What it does
    /// Finds windows of time that end before they begin.
    ///
    /// ## Why is this bad?
    /// Nothing lies in such a window, so the statement never applies. Begin and end were mixed up, or two dates of
    /// different years.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {
    ///   "DateGreaterThan": {"acs:CurrentTime": "2027-06-01T00:00:00Z"}, "DateLessThan": {"acs:CurrentTime": "2027-01-01T00:00:00Z"}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {
    ///   "DateGreaterThan": {"acs:CurrentTime": "2027-01-01T00:00:00Z"}, "DateLessThan": {"acs:CurrentTime": "2027-06-01T00:00:00Z"}}}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Condition`
    code: "RAM525",
    name: "condition/date-window-empty",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    let instants = |test: &ConditionTest| -> Vec<Instant> {
        let instant = |operand: &Operand| match operand {
            Operand::Instant(instant) => Some(*instant),
            _ => None,
        };
        test.operands().iter().filter_map(instant).collect()
    };
    for from in statement.condition() {
        if !matches!(from.operator(), Operator::DateGreaterThan | Operator::DateGreaterThanEquals) {
            continue;
        }
        for to in statement.condition().iter().filter(|to| to.key() == from.key()) {
            // Any value may match, so the earliest begin and the latest end count.
            let (Some(begin), Some(end)) = (instants(from).into_iter().min(), instants(to).into_iter().max()) else {
                continue;
            };
            let both =
                (from.operator(), to.operator()) == (Operator::DateGreaterThanEquals, Operator::DateLessThanEquals);
            let empty = match to.operator() {
                Operator::DateLessThan | Operator::DateLessThanEquals => begin > end || (begin == end && !both),
                _ => false,
            };
            if empty {
                found
                    .at(to.span(), "this window of time ends before it begins, and the statement never applies")
                    .help("see which of the two dates is meant to be the later one")
                    .also(from.span(), "it begins here");
            }
        }
    }
}
