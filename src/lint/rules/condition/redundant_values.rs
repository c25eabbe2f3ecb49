//! `condition/redundant-values`.

use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Operand, Operator, Statement};

rule! {
    /// ## What it does
    /// Finds values that another value of the same test covers.
    ///
    /// ## Why is this bad?
    /// They make the list longer and change nothing. Whoever takes the one that covers out later believes that the
    /// others are what is left.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"IpAddress": {"acs:SourceIp": ["203.0.113.0/24", "203.0.113.7"]}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"IpAddress": {"acs:SourceIp": ["203.0.113.0/24"]}}}
    /// ```
    ///
    /// ## References
    /// - RAM, [conditional operators](https://www.alibabacloud.com/help/en/ram/conditional-operator)
    code: "RAM574",
    name: "condition/redundant-values",
    severity: Note,
    kinds: ALL_KINDS,
    fix: Safe,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    for test in statement.condition() {
        let operands: Vec<_> = test.operands().iter().zip(test.written_operands()).collect();
        for (at, (operand, written)) in operands.iter().enumerate() {
            let covering = operands.iter().enumerate().find(|(other, (by, _))| {
                // Of two that cover each other, the first stays.
                *other != at
                    && covers(test.operator(), by, operand)
                    && (*other < at || !covers(test.operator(), operand, by))
            });
            if let Some((_, (_, by))) = covering {
                found
                    .at(written.span, format!("`{}` is covered by `{}`", written.text, by.text))
                    .also(by.span, "by this")
                    .fix(format!("take `{}` away", written.text), subject.removal(written.span));
            }
        }
    }
}

/// Whether every value that matches `operand` matches `by`.
fn covers(operator: Operator, by: &Operand, operand: &Operand) -> bool {
    match (by, operand) {
        (Operand::Ip(by), Operand::Ip(operand)) => by.net().contains(&operand.net()),
        (Operand::Like(by), Operand::Like(operand)) => by.covers(operand),
        (Operand::Number(a), Operand::Number(b)) => match operator {
            Operator::NumericLessThan | Operator::NumericLessThanEquals => a >= b,
            Operator::NumericGreaterThan | Operator::NumericGreaterThanEquals => a <= b,
            _ => a == b,
        },
        (Operand::Instant(a), Operand::Instant(b)) => match operator {
            Operator::DateLessThan | Operator::DateLessThanEquals => a >= b,
            Operator::DateGreaterThan | Operator::DateGreaterThanEquals => a <= b,
            _ => a == b,
        },
        (Operand::Folded(a), Operand::Folded(b)) => a.eq_ignore_ascii_case(b),
        (a, b) => a == b,
    }
}
