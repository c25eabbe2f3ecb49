//! `resource/effectively-star`.

use super::super::reach;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Effect, PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds an Allow whose `Resource` is every resource, though it does not say `*`.
    ///
    /// ## Why is this bad?
    /// `acs:*:*:*:*` looks as if something were left out. And it is not quite `*` either: calls that are checked on no
    /// single resource are checked on `*`, which an ARN does not match.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "acs:*:*:*:*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "acs:ecs:*:*:instance/*"}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Resource`
    code: "RAM454",
    name: "resource/effectively-star",
    severity: Warning,
    kinds: &[PolicyKind::Identity, PolicyKind::Resource],
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    let Some(resource) = statement.resource().filter(|resource| reach::every_arn(resource)) else { return };
    if statement.effect() != Effect::Allow || resource.patterns().any(|(pattern, _)| pattern.as_str() == "*") {
        return;
    }
    let message = match resource.matches("*") {
        true => "this is `*`, every resource, in other words",
        false => "this is every resource there is, all but the text `*` itself",
    };
    let draft = found.at(resource.span(), message).help("write `*` if every resource is meant, or name those that are");
    reach::limits(draft, statement);
}
