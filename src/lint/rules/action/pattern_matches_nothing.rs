//! `action/pattern-matches-nothing`.

use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Effect, Statement};

rule! {
    /// ## What it does
    /// Finds action patterns with wildcards that match no action of a service in the catalogue.
    ///
    /// ## Why is this bad?
    /// An Allow then allows nothing, and a Deny denies nothing: the statement reads as if it did something. The reason
    /// is most often a misspelt verb.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "polardb:Dscribe*", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "polardb:Describe*", "Resource": "*"}
    /// ```
    ///
    /// ## Limits
    /// Services that the catalogue does not list, and patterns with a wildcard in the service code, are not judged. A
    /// service may have taken actions on since the catalogue was written, which is why this is a warning; with a
    /// catalogue that is pinned it is an error.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Action`
    code: "RAM331",
    name: "action/pattern-matches-nothing",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    for (pattern, span) in statement.action().patterns().filter(|(pattern, _)| pattern.is_wild()) {
        let Some((service, _)) = pattern.as_str().split_once(':') else { continue };
        let Some(actions) = subject.actions(service) else { continue };
        if actions.iter().any(|action| pattern.matches(action)) {
            continue;
        }
        let consequence = match (statement.effect(), statement.action().is_negated()) {
            (_, true) => "nothing is taken out by it",
            (Effect::Allow, false) => "nothing is allowed by it",
            (Effect::Deny, false) => "nothing is denied by it",
        };
        let service = service.to_ascii_lowercase();
        let message = format!("`{}` matches no known action of `{service}`", pattern.as_str());
        found.at(span, message).help(format!("{consequence}; see how the action is spelt")).severity(subject.unknown());
    }
}
