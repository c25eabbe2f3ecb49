//! `condition/date-value`.

use crate::lint::linter::relabel;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::{self, Code};

rule! {
    /// ## What it does
    /// Finds dates that are not ISO 8601 with a zone.
    ///
    /// ## Why is this bad?
    /// A date without a zone is some other moment for each reader, and RAM documents none. What cannot be read cannot
    /// be compared.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"DateLessThan": {"acs:CurrentTime": "2027-01-01"}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"DateLessThan": {"acs:CurrentTime": "2027-01-01T00:00:00Z"}}}
    /// ```
    ///
    /// ## References
    /// - RAM, [conditional operators](https://www.alibabacloud.com/help/en/ram/conditional-operator)
    code: "RAM522",
    name: "condition/date-value",
    severity: Error,
    kinds: ALL_KINDS,
    fix: Unsafe,
    since: "0.2.0",
    check: Check::Mistake(&[Code::OperandDate], check),
}

fn check(mistake: &policy::Finding, subject: &Subject<'_>, found: &mut Findings) -> bool {
    let draft = relabel(mistake, found);
    let written = subject.source().slice(mistake.span).trim_matches('"').trim();
    let candidates = [
        format!("{written}T00:00:00Z"),
        format!("{written}Z"),
        format!("{}Z", written.replace(' ', "T")),
        written.replace(' ', "T"),
    ];
    let Some(meant) = candidates.into_iter().find(|candidate| crate::policy::parse_instant(candidate).is_some()) else {
        return true;
    };
    draft.fix(format!("write `{meant}`"), [Edit::string(mistake.span, &meant)]);
    true
}
