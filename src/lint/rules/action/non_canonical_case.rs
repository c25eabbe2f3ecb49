//! `action/non-canonical-case`.

use super::super::reach;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::Statement;

rule! {
    /// ## What it does
    /// Finds actions in other letters than the service writes them in.
    ///
    /// ## Why is this bad?
    /// Actions compare without case in most services, as RAM's help puts it. Whoever searches for
    /// `polardb:DeleteDBCluster` does not find `PolarDB:deleteDbCluster`.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "PolarDB:describeDBClusters", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "polardb:DescribeDBClusters", "Resource": "*"}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Action`
    code: "RAM341",
    name: "action/non-canonical-case",
    severity: Note,
    kinds: ALL_KINDS,
    fix: Safe,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    for (pattern, span) in statement.action().patterns() {
        let text = pattern.as_str();
        let Some(service) = reach::service(text).filter(|service| !service.contains(char::is_whitespace)) else {
            continue;
        };
        let (_, name) = text.split_once(':').unwrap_or_default();
        let known = subject.actions(&service).unwrap_or_default();
        let canonical = match known.iter().find(|action| action.eq_ignore_ascii_case(text)) {
            Some(action) => action.clone(),
            None => format!("{service}:{name}"),
        };
        if canonical != text {
            let draft = found.at(span, format!("`{text}` is written `{canonical}`"));
            draft.fix(format!("write `{canonical}`"), [Edit::string(span, &canonical)]);
        }
    }
}
