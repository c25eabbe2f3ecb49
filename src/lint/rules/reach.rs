//! What patterns of a statement reach.

use std::sync::LazyLock;

use crate::catalog::{Authorization, Confidence, Operation};
use crate::json::Span;
use crate::lint::{Draft, Subject};
use crate::policy::{
    ArnTemplate, COVERAGE_WORK, Case, Coverage, Effect, Pattern, PolicyKind, ResourceClause, Statement,
};

/// The kinds of policy that have `Resource`.
pub(super) const WITH_RESOURCE: &[PolicyKind] =
    &[PolicyKind::Identity, PolicyKind::Control, PolicyKind::Session, PolicyKind::Resource];

/// Every action.
pub(super) static ACTION: LazyLock<ArnTemplate> = LazyLock::new(|| ArnTemplate::new("{service}:{name}"));

/// The service code of an action pattern, in lower case, where it is written out.
pub(super) fn service(action: &str) -> Option<String> {
    let (code, _) = action.split_once(':')?;
    (!code.is_empty() && !code.contains(['*', '?'])).then(|| code.to_ascii_lowercase())
}

/// The five parts of a resource pattern, where it has them and its service is written out.
pub(super) fn parts(resource: &str) -> Option<[&str; 5]> {
    let parts: Vec<&str> = resource.splitn(5, ':').collect();
    let parts: [&str; 5] = parts.try_into().ok()?;
    let [acs, service, ..] = parts;
    (acs.eq_ignore_ascii_case("acs") && !service.is_empty() && !service.contains(['*', '?'])).then_some(parts)
}

/// The patterns of the statement's resources that have [`parts`], each with its place and those.
pub(super) fn arns(statement: &Statement) -> impl Iterator<Item = (&Pattern, Span, [&str; 5])> {
    let patterns = statement.resource().into_iter().flat_map(|resource| resource.patterns());
    patterns.filter_map(|(pattern, span)| Some((pattern, span, parts(pattern.as_str())?)))
}

/// The operations of the catalogue whose actions a pattern matches.
pub(super) fn operations<'a>(subject: &Subject<'a>, pattern: &Pattern) -> Vec<&'a Operation> {
    subject.operations(pattern)
}

/// Whether every call of the operation is checked on `*`, as far as that is sure.
pub(super) fn is_about_everything(operation: &Operation) -> bool {
    operation.authorization() == Authorization::AllResources && operation.confidence() > Confidence::Low
}

/// The resources that calls of the operation may be checked on; `*` where they are checked on that.
pub(super) fn templates(operation: &Operation) -> Vec<ArnTemplate> {
    operation.resource_templates().iter().map(|text| ArnTemplate::new(text)).collect()
}

/// The names of the resources of a service, by its code; where a call gives the type, it is one of those that others name.
pub(super) fn names(subject: &Subject<'_>, service: &str) -> Vec<ArnTemplate> {
    let templates = subject.settings().catalog.resource_templates(service);
    let mut names: Vec<_> = templates.iter().map(|text| ArnTemplate::new(text)).collect();
    names.retain(|name| name.as_str().splitn(5, ':').nth(4).is_some_and(|rest| !rest.starts_with('{')));
    names
}

/// A pattern over actions.
pub(super) fn action(text: &str) -> Pattern {
    Pattern::new(text, Case::Ignore)
}

/// Whether the statement allows what its `Action` names.
pub(super) fn allows(statement: &Statement) -> bool {
    statement.effect() == Effect::Allow && !statement.action().is_negated()
}

/// Whether the patterns together reach every resource.
pub(super) fn every_resource(statement: &Statement) -> bool {
    statement
        .resource()
        .is_some_and(|resource| !resource.is_negated() && are_all("acs:*:*:*:*", Case::Arn, resource.patterns()))
}

/// Whether the patterns together reach every resource that has an ARN; the text `*`, which calls about no single resource
/// are checked on, they may leave out.
pub(super) fn every_arn(resource: &ResourceClause) -> bool {
    !resource.is_negated() && are_all("acs:?*:*:*:?*", Case::Arn, resource.patterns())
}

/// Whether the patterns of the statement together are every action.
pub(super) fn every_action(statement: &Statement) -> bool {
    let action = statement.action();
    !action.is_negated() && are_all("*:*", Case::Ignore, action.patterns())
}

/// Whether patterns together cover `all`.
fn are_all<'p>(all: &str, case: Case, patterns: impl Iterator<Item = (&'p Pattern, Span)>) -> bool {
    let patterns: Vec<&Pattern> = patterns.map(|(pattern, _)| pattern).collect();
    // Where every one of them goes on with a letter of its own, they miss the texts that go on with another.
    let wild = |pattern: &str| pattern.find(['*', '?']);
    let begins = wild(all).unwrap_or_default();
    patterns.iter().any(|pattern| wild(pattern.as_str()).is_some_and(|at| at <= begins))
        && Pattern::new(all, case).covered_by(patterns, COVERAGE_WORK) == Coverage::Covered
}

/// Names the conditions that limit a statement.
pub(super) fn limits<'f>(draft: Draft<'f>, statement: &Statement) -> Draft<'f> {
    statement.condition().iter().fold(draft, |draft, test| draft.also(test.span(), "only where this holds"))
}

/// A few of many, in back-ticks.
pub(super) fn some<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let texts: Vec<_> = texts.into_iter().collect();
    let mut shown: Vec<_> = texts.iter().take(3).map(|text| format!("`{text}`")).collect();
    if texts.len() > shown.len() {
        shown.push(format!("{} more", texts.len() - shown.len()));
    }
    shown.join(", ")
}

/// Whether some call is about both statements, as far as their actions and resources tell.
pub(super) fn meet(a: &Statement, b: &Statement) -> bool {
    let patterns = |statement: &'_ Statement| -> Vec<Pattern> {
        statement.action().patterns().map(|(pattern, _)| pattern.clone()).collect()
    };
    let (left, right) = (patterns(a), patterns(b));
    if !clauses_meet((a.action().is_negated(), &left), (b.action().is_negated(), &right)) {
        return false;
    }
    let (Some(of_a), Some(of_b)) = (a.resource(), b.resource()) else { return true };
    let patterns = |resource: &'_ ResourceClause| -> Vec<Pattern> {
        resource.patterns().map(|(pattern, _)| pattern.clone()).collect()
    };
    let (left, right) = (patterns(of_a), patterns(of_b));
    clauses_meet((of_a.is_negated(), &left), (of_b.is_negated(), &right))
}

/// Whether a text is in both of two clauses, each a set of patterns or all but them.
fn clauses_meet((a_negated, a): (bool, &[Pattern]), (b_negated, b): (bool, &[Pattern])) -> bool {
    let outside = |inner: &[Pattern], but: &[Pattern]| {
        inner.iter().any(|pattern| pattern.covered_by(but, COVERAGE_WORK) != Coverage::Covered)
    };
    match (a_negated, b_negated) {
        (false, false) => a.iter().any(|one| b.iter().any(|other| one.meets(other).is_some())),
        (false, true) => outside(a, b),
        (true, false) => outside(b, a),
        (true, true) => true,
    }
}
