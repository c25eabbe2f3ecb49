//! `condition/like-without-wildcard`.

use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Operand, Operator, Statement};

rule! {
    /// ## What it does
    /// Finds `StringLike` and `StringNotLike` without any wildcard.
    ///
    /// ## Why is this bad?
    /// It is the same as `StringEquals`, which says so. Where a wildcard was meant, it is missing.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"StringLike": {"acs:ResourceTag/team": "dev"}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"StringEquals": {"acs:ResourceTag/team": "dev"}}}
    /// ```
    ///
    /// ## Limits
    /// Where one of several values has a wildcard, the operator is right.
    ///
    /// ## References
    /// - RAM, [conditional operators](https://www.alibabacloud.com/help/en/ram/conditional-operator)
    code: "RAM544",
    name: "condition/like-without-wildcard",
    severity: Note,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    for test in statement.condition() {
        let equals = match test.operator() {
            Operator::StringLike => Operator::StringEquals,
            Operator::StringNotLike => Operator::StringNotEquals,
            _ => continue,
        };
        let plain = |operand: &Operand| matches!(operand, Operand::Like(pattern) if !pattern.is_wild());
        if !test.operands().is_empty() && test.operands().iter().all(plain) {
            found
                .at(test.span(), format!("`{}` without a wildcard is `{equals}`", test.operator()))
                .help(format!("write `{equals}`, or the wildcard that is meant"));
        }
    }
}
