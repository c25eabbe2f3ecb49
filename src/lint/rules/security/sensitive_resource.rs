//! `security/sensitive-resource`.

use super::super::{reach, services};
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{COVERAGE_WORK, Case, Coverage, Document, Effect, Pattern, PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds an Allow that reaches a resource which the configuration calls sensitive.
    ///
    /// ## Why is this bad?
    /// Who reaches the books, the keys or the personal data is to be known and answered for, one policy after the other.
    ///
    /// ## Example
    /// ```text
    /// # .ramgate-lint.toml
    /// sensitive = ["acs:oss:*:*:payroll*"]
    ///
    /// {"Effect": "Allow", "Action": "oss:GetObject", "Resource": "acs:oss:*:*:pay*"}
    /// ```
    ///
    /// Use instead:
    /// ```text
    /// {"Effect": "Allow", "Action": "oss:GetObject", "Resource": "acs:oss:*:*:payments/*"}
    /// ```
    ///
    /// ## Limits
    /// Without `sensitive` in the configuration nothing is. What the same policy denies without a condition is let pass.
    /// Where the permission is meant, a suppression with its reason says so.
    ///
    /// ## References
    /// - [docs/lint.md](../../lint.md), on the configuration
    code: "RAM746",
    name: "security/sensitive-resource",
    severity: Warning,
    kinds: &[PolicyKind::Identity, PolicyKind::Resource],
    fix: None,
    since: "0.2.0",
    check: Check::Document(check),
}

fn check(document: &Document, subject: &Subject<'_>, found: &mut Findings) {
    let with = |effect| document.statements().iter().filter(move |statement| statement.effect() == effect);
    for sensitive in &subject.settings().sensitive {
        let Some([_, service, ..]) = reach::parts(sensitive) else { continue };
        let pattern = Pattern::new(sensitive, Case::Arn);
        for allow in with(Effect::Allow).filter(|allow| is_about(allow, service)) {
            if with(Effect::Deny).any(|deny| takes_away(deny, allow, &pattern)) {
                continue;
            }
            let Some(resource) = allow.resource() else { continue };
            let span = if resource.is_negated() {
                let all_but = resource.patterns().map(|(pattern, _)| pattern);
                (pattern.covered_by(all_but, COVERAGE_WORK) != Coverage::Covered).then(|| resource.span())
            } else {
                resource.patterns().find(|(other, _)| reaches(other, sensitive)).map(|(_, span)| span)
            };
            if let Some(span) = span {
                let draft = found.at(span, format!("this reaches `{sensitive}`, which is sensitive"));
                let draft = draft.help("leave it out, or answer for it in the suppressions");
                reach::limits(draft, allow);
            }
        }
    }
}

/// Whether a pattern and a sensitive one have an ARN in common. Of ARNs in all their parts each is asked for itself: a star further
/// left is no colon there.
fn reaches(pattern: &Pattern, sensitive: &str) -> bool {
    match (reach::parts(pattern.as_str()), reach::parts(sensitive)) {
        (Some([_, service, own @ ..]), Some([_, of, others @ ..])) => {
            let meet = |(one, other): (&str, &str)| {
                Pattern::new(one, Case::Exact).meets(&Pattern::new(other, Case::Exact)).is_some()
            };
            service.eq_ignore_ascii_case(of) && own.into_iter().zip(others).all(meet)
        }
        _ => pattern.meets(&Pattern::new(sensitive, Case::Arn)).is_some(),
    }
}

/// Whether actions of the statement may be checked on resources of the service.
fn is_about(statement: &Statement, service: &str) -> bool {
    let of_service = |action: &str| {
        reach::service(action).is_none_or(|own| own.eq_ignore_ascii_case(service) || services::borrows(&own, service))
    };
    statement.action().is_negated() || statement.action().patterns().any(|(pattern, _)| of_service(pattern.as_str()))
}

/// Whether the Deny takes the resource out of all that the Allow is about.
fn takes_away(deny: &Statement, allow: &Statement, sensitive: &Pattern) -> bool {
    let (denied, Some(resource)) = (deny.action(), deny.resource()) else { return false };
    let covers = |pattern: &Pattern| {
        pattern.covered_by(denied.patterns().map(|(denied, _)| denied), COVERAGE_WORK) == Coverage::Covered
    };
    deny.condition().is_empty()
        && !denied.is_negated()
        && !resource.is_negated()
        && (reach::every_action(deny)
            || !allow.action().is_negated() && allow.action().patterns().all(|(one, _)| covers(one)))
        && sensitive.covered_by(resource.patterns().map(|(pattern, _)| pattern), COVERAGE_WORK) == Coverage::Covered
}
