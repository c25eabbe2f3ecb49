//! `action/service-wildcard`.

use super::super::reach;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds an Allow of everything that one service can do.
    ///
    /// ## Why is this bad?
    /// It allows what deletes and what opens to others beside what is needed, and whatever the service takes on later.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:*", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": ["oss:GetObject", "oss:ListObjects"], "Resource": "*"}
    /// ```
    ///
    /// ## Limits
    /// It is a note: full access to one service is what many a policy is there for, Alibaba Cloud's own ones included.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Action`
    code: "RAM333",
    name: "action/service-wildcard",
    severity: Note,
    kinds: &[PolicyKind::Identity],
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    if !reach::allows(statement) {
        return;
    }
    for (pattern, span) in statement.action().patterns() {
        let Some(service) = reach::service(pattern.as_str()) else { continue };
        // Every name is at least a letter long.
        if pattern.covers(&reach::action(&format!("{service}:?*"))) {
            let draft = found.at(span, format!("this allows everything that `{service}` can do"));
            reach::limits(draft.help("name the actions that are needed"), statement);
        }
    }
}
