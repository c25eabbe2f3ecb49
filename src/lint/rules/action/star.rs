//! `action/star`.

use super::super::reach;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{COVERAGE_WORK, Coverage, PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds an Allow of every action there is, by `*` or by patterns that come to the same.
    ///
    /// ## Why is this bad?
    /// It allows the management of permissions too, and with it everything else. `*:*`, `?*` or two patterns that
    /// together leave nothing out look like less than `*`, and are not.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "*:*", "Resource": "acs:ecs:*:*:instance/i-1"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "acs:ecs:*:*:instance/i-1"}
    /// ```
    ///
    /// ## Limits
    /// What the `Resource` leaves of it is another matter: `security/admin` finds what leaves everything. A Deny, and
    /// policies that only narrow what others allow, are let pass.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Action`
    code: "RAM334",
    name: "action/star",
    severity: Warning,
    kinds: &[PolicyKind::Identity],
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    if !reach::allows(statement) {
        return;
    }
    let patterns = statement.action().patterns().map(|(pattern, _)| pattern);
    if reach::action("?*:?*").covered_by(patterns, COVERAGE_WORK) == Coverage::Covered {
        let draft = found.at(statement.action().span(), "this allows every action of every service");
        reach::limits(draft.help("name the services, or the actions, that are meant"), statement);
    }
}
