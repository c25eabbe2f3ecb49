//! `resource/service-mismatch`.

use super::super::{reach, services};
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::Statement;

rule! {
    /// ## What it does
    /// Finds resources of a service to which none of the statement's actions belong.
    ///
    /// ## Why is this bad?
    /// An action is checked on resources of its own service, a few aside: the pair never comes up, and the statement
    /// does not do what it says.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs:StopInstance", "Resource": "acs:oss:*:*:bucket"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs:StopInstance", "Resource": "acs:ecs:*:*:instance/*"}
    /// ```
    ///
    /// ## Limits
    /// Actions whose service has a wildcard are let pass, as are pairs that are known to come up: `sts:AssumeRole` is
    /// checked on a role of RAM, and `ecs:` actions on vSwitches of `vpc`.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Resource`
    code: "RAM452",
    name: "resource/service-mismatch",
    severity: Warning,
    kinds: reach::WITH_RESOURCE,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    let Some(resource) = statement.resource().filter(|_| !statement.action().is_negated()) else { return };
    let written: Vec<_> = statement.action().patterns().map(|(pattern, _)| reach::service(pattern.as_str())).collect();
    let Some(mut actions) = written.into_iter().collect::<Option<Vec<String>>>() else { return };
    actions.sort_unstable();
    actions.dedup();
    for (pattern, span) in resource.patterns() {
        let Some([_, service, ..]) = reach::parts(pattern.as_str()) else { continue };
        let fits = |action: &String| action.eq_ignore_ascii_case(service) || services::borrows(action, service);
        if !actions.iter().any(fits) {
            let named = reach::some(actions.iter().map(String::as_str));
            let message = format!("this is a resource of `{service}`, and the actions are of {named}");
            let draft = found.at(span, message).help("put it into a statement with actions of its service");
            draft.also(statement.action().span(), "these are never checked on it");
        }
    }
}
