//! `condition/operator-unknown`.

use crate::lint::linter::relabel;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::{self, Code, Operator};
use crate::report::Severity;

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
    /// The fix is for operators of which only the letter case, or a blank, is wrong. `ForAllValues:` and `ForAnyValue:` are
    /// warnings: they are in none of RAM's pages, and in a module that Alibaba Cloud has published.
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
    } else if let Some((qualifier @ ("ForAllValues" | "ForAnyValue"), _)) = written.split_once(':') {
        // A module of Alibaba Cloud's own has one; what RAM makes of it stands nowhere.
        draft.severity(Severity::Warning).help(format!(
            "RAM documents no `{qualifier}`; without it, any value of the request may match any value here"
        ));
    } else if written.starts_with("Binary") {
        draft.help("this is an operator of AWS's, and RAM has nothing like it");
    }
    true
}
