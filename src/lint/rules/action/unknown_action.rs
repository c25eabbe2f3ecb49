//! `action/unknown-action`.

use super::super::near::nearest;
use super::super::reach;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::Statement;

rule! {
    /// ## What it does
    /// Finds actions that the catalogue does not have, of a service that it has.
    ///
    /// ## Why is this bad?
    /// An action that there is not matches no request. Most often one letter is wrong.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "polardb:DescribeDBCluster", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "polardb:DescribeDBClusters", "Resource": "*"}
    /// ```
    ///
    /// ## Limits
    /// Services that the catalogue does not list are not judged, and a service may have taken actions on since it was
    /// written. With a catalogue that is pinned, a finding is an error.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Action`
    code: "RAM330",
    name: "action/unknown-action",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    for (pattern, span) in statement.action().patterns().filter(|(pattern, _)| !pattern.is_wild()) {
        let Some(service) = reach::service(pattern.as_str()) else { continue };
        let Some(actions) = subject.actions(&service) else { continue };
        if actions.iter().any(|action| pattern.matches(action)) {
            continue;
        }
        let message = format!("`{}` is no known action of `{service}`", pattern.as_str());
        let draft = found.at(span, message).severity(subject.unknown());
        match nearest(pattern.as_str(), actions.iter().map(String::as_str)) {
            Some(near) => draft.help(format!("did you mean `{near}`?")),
            None => draft.help("see how the action is spelt"),
        };
    }
}
