//! `condition/number-value`.

use crate::lint::linter::relabel;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::{self, Code};

rule! {
    /// ## What it does
    /// Finds values of the numeric operators that are no decimal numbers.
    ///
    /// ## Why is this bad?
    /// RAM cannot compare a number with it. Exponents, thousands separators, units and a leading `+` are no part of a
    /// number here.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:*", "Resource": "*", "Condition": {"NumericLessThan": {"oss:object-remaining-retention-days": "9 days"}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:*", "Resource": "*", "Condition": {"NumericLessThan": {"oss:object-remaining-retention-days": "9"}}}
    /// ```
    ///
    /// ## References
    /// - RAM, [conditional operators](https://www.alibabacloud.com/help/en/ram/conditional-operator)
    code: "RAM520",
    name: "condition/number-value",
    severity: Error,
    kinds: ALL_KINDS,
    fix: Unsafe,
    since: "0.2.0",
    check: Check::Mistake(&[Code::OperandNumber], check),
}

fn check(mistake: &policy::Finding, subject: &Subject<'_>, found: &mut Findings) -> bool {
    let draft = relabel(mistake, found);
    let written = subject.source().slice(mistake.span).trim_matches('"').trim();
    let meant = written.trim().trim_start_matches('+');
    if crate::policy::Decimal::parse(meant).is_none() {
        return true;
    }
    draft.fix(format!("write `{meant}`"), [Edit::string(mistake.span, meant)]);
    true
}
