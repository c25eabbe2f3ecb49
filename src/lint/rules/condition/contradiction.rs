//! `condition/contradiction`.

use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::{ConditionTest, ContextValue, Effect, Operand, Operator, Statement, TestOutcome};

rule! {
    /// ## What it does
    /// Finds conditions that no value of a key can meet at once, so that the statement never applies.
    ///
    /// ## Why is this bad?
    /// All tests of a statement have to hold. Two that exclude each other make an Allow that allows nothing, or a Deny
    /// that denies nothing.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs:*", "Resource": "*", "Condition": {
    ///   "StringEquals": {"acs:ResourceTag/env": "prod"}, "StringNotLike": {"acs:ResourceTag/env": "p*"}}}
    /// ```
    ///
    /// ## Limits
    /// Dates have a rule of their own, `condition/date-window-empty`. A key that holds several values could meet both
    /// tests; no key that is documented does.
    ///
    /// ## References
    /// - RAM, [conditional operators](https://www.alibabacloud.com/help/en/ram/conditional-operator)
    code: "RAM576",
    name: "condition/contradiction",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    for (at, test) in statement.condition().iter().enumerate() {
        let others: Vec<_> = statement
            .condition()
            .iter()
            .enumerate()
            .filter(|(other, by)| *other != at && by.key() == test.key())
            .collect();
        for (other, by) in others {
            // Of two such tests that exclude each other, the first one tells.
            let excluded = finite(test).is_some_and(|values| excludes(by, &values))
                && !(finite(by).is_some() && other < at)
                || other > at && apart(test, by);
            if excluded {
                let nothing = match statement.effect() {
                    Effect::Allow => "the statement allows nothing",
                    Effect::Deny => "the statement denies nothing",
                };
                found
                    .at(test.span(), format!("no value of `{}` meets both, so {nothing}", test.written_key().text))
                    .help("put them into two statements where either is meant, or take one away")
                    .also(by.span(), "this one and");
                return;
            }
        }
    }
}

/// The only values that meet a test.
fn finite(test: &ConditionTest) -> Option<Vec<&str>> {
    let finite = matches!(test.operator(), Operator::StringEquals | Operator::Bool)
        || test.operator() == Operator::StringLike
            && test.operands().iter().all(|operand| matches!(operand, Operand::Like(pattern) if !pattern.is_wild()));
    (finite && !test.operands().is_empty())
        .then(|| test.written_operands().iter().map(|written| &*written.text).collect())
}

fn excludes(test: &ConditionTest, values: &[&str]) -> bool {
    values.iter().all(|value| test.evaluate(&ContextValue::Present(vec![(*value).to_owned()])) == TestOutcome::Unmet)
}

/// Whether two positive tests on addresses, or on patterns, have no value in common.
fn apart(a: &ConditionTest, b: &ConditionTest) -> bool {
    let apart = |a: &Operand, b: &Operand| match (a, b) {
        (Operand::Ip(a), Operand::Ip(b)) => !a.net().contains(&b.net()) && !b.net().contains(&a.net()),
        (Operand::Like(a), Operand::Like(b)) => a.meets(b).is_none(),
        _ => false,
    };
    let positive = |test: &ConditionTest| matches!(test.operator(), Operator::IpAddress | Operator::StringLike);
    positive(a)
        && positive(b)
        && !a.operands().is_empty()
        && !b.operands().is_empty()
        && a.operands().iter().all(|a| b.operands().iter().all(|b| apart(a, b)))
}
