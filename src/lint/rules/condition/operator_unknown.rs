//! `condition/operator-unknown`.

use crate::lint::linter::relabel;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::{self, Code, Operator};

rule! {
    /// ## What it does
    /// Finds condition operators that RAM does not have, those of AWS among them.
    ///
    /// ## Why is this bad?
    /// RAM refuses the policy. Of AWS's operators RAM has no `...IfExists`, `Null`, `ForAllValues:`, `ForAnyValue:`,
    /// `Arn...` and `Binary...`; what they are for is said in other ways, or cannot be said.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"stringEquals": {"acs:ResourceTag/team": "a"}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"StringEquals": {"acs:ResourceTag/team": "a"}}}
    /// ```
    ///
    /// ## Limits
    /// The fix is for operators of which only the letter case, or a blank, is wrong.
    ///
    /// ## References
    /// - RAM, [conditional operators](https://www.alibabacloud.com/help/en/ram/conditional-operator)
    code: "RAM500",
    name: "condition/operator-unknown",
    severity: Error,
    kinds: ALL_KINDS,
    fix: Safe,
    since: "0.2.0",
    check: Check::Mistake(&[Code::UnknownOperator], check),
}

fn check(mistake: &policy::Finding, subject: &Subject<'_>, found: &mut Findings) -> bool {
    let draft = relabel(mistake, found);
    let written = subject.source().slice(mistake.span).trim_matches('"').trim();
    if let Some(operator) = Operator::ALL.iter().find(|operator| operator.name().eq_ignore_ascii_case(written)) {
        draft.fix(format!("write `{operator}`"), [Edit::string(mistake.span, operator.name())]);
    } else if written.starts_with("Arn") {
        draft.help("this is an operator of AWS's: in RAM, ARNs are compared with `StringLike` and `StringEquals`");
    } else if written.starts_with("ForA") {
        draft.help("this is a qualifier of AWS's: RAM has none, and any value of the request may match any value here");
    } else if written.starts_with("Binary") {
        draft.help("this is an operator of AWS's, and RAM has nothing like it");
    }
    true
}
