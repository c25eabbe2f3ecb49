//! `resource/no-match-for-action`.

use super::super::reach;
use crate::catalog::{Authorization, Confidence, Operation};
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{ArnTemplate, Effect, Statement};

rule! {
    /// ## What it does
    /// Finds actions that are never checked on a resource of the statement: other actions of the service are, this one is
    /// not, as where what stops instances is allowed on a disk.
    ///
    /// ## Why is this bad?
    /// The Allow never allows the action, and the Deny never denies it, though each of the two lists is right by itself.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:StopInstance", "Resource": "acs:ecs:*:*:disk/d-1"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:StopInstance", "Resource": "acs:ecs:*:*:instance/i-1"}
    /// ```
    ///
    /// ## Limits
    /// The services are those of the catalogue ([docs/catalogue.md](../../catalogue.md) says how to add to it; the example takes
    /// one that lists these of ECS). Only actions of which the catalogue is sure are judged, and a pattern only where all that it matches are checked on
    /// other resources.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Resource`
    /// - `resource/type-unknown`, on names that no resource of the service has
    code: "RAM451",
    name: "resource/no-match-for-action",
    severity: Warning,
    kinds: reach::WITH_RESOURCE,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    let Some(resource) = statement.resource() else { return };
    let everything = resource.patterns().any(|(pattern, _)| pattern.is_universal());
    if everything || statement.action().is_negated() || resource.is_negated() || subject.has_unread(resource.span()) {
        return;
    }
    let named = |template: &ArnTemplate| resource.patterns().any(|(pattern, _)| pattern.reaches(template));
    let sure = |operation: &&Operation| {
        operation.authorization() == Authorization::Resource && operation.confidence() > Confidence::Low
    };
    for (pattern, span) in statement.action().patterns() {
        let reached = reach::operations(subject, pattern);
        if reached.is_empty() || !reached.iter().all(sure) {
            continue;
        }
        // Most often the first of them is named, and the others need no look.
        let mut own = reached.iter().copied().flat_map(reach::templates).peekable();
        let Some(first) = own.peek().cloned() else { continue };
        if own.any(|template| named(&template)) {
            continue;
        }
        // Where no action of the service is about what stands there, other rules say so.
        let service = reach::service(pattern.as_str()).unwrap_or_default();
        if !reach::names(subject, &service).iter().any(named) {
            continue;
        }
        let never = match statement.effect() {
            Effect::Allow => "never allows it",
            Effect::Deny => "never denies it",
        };
        let message = format!("`{}` is checked on other resources, so that this statement {never}", pattern.as_str());
        let draft = found.at(span, message).help(format!("name such as it is checked on, as in `{}`", first.as_str()));
        draft.also(resource.span(), "it is checked on none of these");
    }
}
