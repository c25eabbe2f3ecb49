//! `action/no-resource-level-support`.

use super::super::reach;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Effect, Statement};

rule! {
    /// ## What it does
    /// Finds actions that are checked on every resource at once, in a statement whose `Resource` does not match `*`.
    ///
    /// ## Why is this bad?
    /// Such a call is checked on the resource `*`, which only `*` itself, or a pattern that matches that text, takes.
    /// With an ARN the Allow never allows it, and the Deny never denies it.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "polardb:CheckConnectionString", "Resource": "acs:polardb:*:*:dbcluster/*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "polardb:CheckConnectionString", "Resource": "*"}
    /// ```
    ///
    /// ## Limits
    /// Only actions of which the catalogue is sure are judged, and a pattern only where all that it matches are checked
    /// so.
    ///
    /// ## References
    /// - PolarDB, [RAM authorization](https://www.alibabacloud.com/help/en/polardb/developer-reference/api-polardb-2017-08-01-ram), where the resource is given as all resources
    code: "RAM338",
    name: "action/no-resource-level-support",
    severity: Warning,
    kinds: reach::WITH_RESOURCE,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    let Some(resource) = statement.resource().filter(|resource| !resource.matches("*")) else { return };
    if statement.action().is_negated() {
        return;
    }
    for (pattern, span) in statement.action().patterns() {
        let reached = reach::operations(subject, pattern);
        if reached.is_empty() || !reached.iter().all(|operation| reach::is_about_everything(operation)) {
            continue;
        }
        let never = match statement.effect() {
            Effect::Allow => "never allows it",
            Effect::Deny => "never denies it",
        };
        let message = format!("`{}` is checked on `*`, so that this statement {never}", pattern.as_str());
        let draft = found.at(span, message).help("put it into a statement with \"Resource\": \"*\"");
        draft.also(resource.span(), "this does not match `*`");
    }
}
