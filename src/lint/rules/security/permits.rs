//! What a document permits, its denials and conditions honoured.

use crate::json::Span;
use crate::lint::Draft;
use crate::lint::rules::reach::{every_action, every_resource};
use crate::policy::{
    ArnTemplate, COVERAGE_WORK, Case, ConditionTest, Context, Coverage, Document, Effect, Pattern, Statement,
    TestOutcome,
};

/// A name that nobody gives to anything: what reaches it reaches names that nobody thought of.
const UNTHOUGHT: &str = "zq7-unthought-of-4w";

/// A statement that permits something.
#[derive(Debug, Clone)]
pub(super) struct Permit<'d> {
    pub(super) statement: &'d Statement,
    /// Where the action stands.
    pub(super) action: Span,
    /// The conditions that limit it, each with what they do.
    pub(super) limits: Vec<(Span, &'static str)>,
}

impl Permit<'_> {
    /// Names the conditions that limit it.
    pub(super) fn limits<'f>(&self, draft: Draft<'f>) -> Draft<'f> {
        self.limits.iter().fold(draft, |draft, (span, what)| draft.also(*span, *what))
    }
}

/// What resources RAM is asked about.
pub(super) struct Question {
    template: ArnTemplate,
    /// Whether the statement has to reach names that nobody thought of.
    any: bool,
}

impl Question {
    /// About the ARNs of a template of the data files, where holes are names.
    pub(super) fn on(template: &str) -> Self {
        Self { template: ArnTemplate::new(template), any: false }
    }

    /// About those ARNs of a template whose names nobody thought of; account and region are any.
    pub(super) fn any(template: &str) -> Self {
        let mut text = String::new();
        let mut left = template;
        while let Some((before, rest)) = left.split_once('{') {
            let (hole, after) = rest.split_once('}').unwrap_or((rest, ""));
            text.push_str(before);
            text.push_str(match hole {
                "account" => "{account}",
                "region" => "{region}",
                _ => UNTHOUGHT,
            });
            left = after;
        }
        text.push_str(left);
        Self { template: ArnTemplate::new(&text), any: true }
    }

    /// Whether a condition says which resources are meant: by their tags or their group.
    fn is_settled_by(&self, tests: &[ConditionTest]) -> bool {
        let names =
            |key: &str| key.starts_with("acs:resourcetag/") || key == "acs:resourcegroupid" || key.contains(":tag/");
        self.any && tests.iter().any(|test| !test.operator().is_negated() && names(test.key()))
    }
}

/// What a condition comes to, by what is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    Always,
    Never,
    Perhaps,
}

fn holds(tests: &[ConditionTest], known: &Context) -> Holds {
    let outcomes: Vec<_> = tests.iter().map(|test| test.evaluate(known.get(test.key()))).collect();
    if outcomes.contains(&TestOutcome::Unmet) {
        Holds::Never
    } else if outcomes.contains(&TestOutcome::Unreadable) {
        Holds::Perhaps
    } else {
        Holds::Always
    }
}

/// Whether every test of `of` is a test of `by` too, so that it holds wherever that does.
fn follows(of: &[ConditionTest], by: &[ConditionTest]) -> bool {
    let same = |a: &ConditionTest, b: &ConditionTest| {
        a.operator() == b.operator() && a.key() == b.key() && a.operands() == b.operands()
    };
    of.iter().all(|test| by.iter().any(|other| same(test, other)))
}

/// The statements that permit `action` on what is asked about (or on anything, without a question), where of the
/// context `known` is known.
pub(super) fn permits<'d>(
    document: &'d Document,
    action: &str,
    question: Option<&Question>,
    known: &Context,
) -> Vec<Permit<'d>> {
    let template = question.map(|question| &question.template);
    let with = |effect| document.statements().iter().filter(move |statement| statement.effect() == effect);
    let denials: Vec<_> = with(Effect::Deny)
        .filter(|deny| deny.action().matches(action))
        .map(|deny| (deny, holds(deny.condition(), known)))
        .filter(|(_, holds)| *holds != Holds::Never)
        .collect();
    let mut permits = Vec::new();
    for statement in with(Effect::Allow).filter(|statement| statement.action().matches(action)) {
        let own = holds(statement.condition(), known);
        if own == Holds::Never || question.is_some_and(|question| question.is_settled_by(statement.condition())) {
            continue;
        }
        let (certain, possible): (Vec<_>, Vec<_>) = denials
            .iter()
            .partition(|(deny, holds)| *holds == Holds::Always || follows(deny.condition(), statement.condition()));
        if !open(statement, &certain.iter().map(|(deny, _)| *deny).collect::<Vec<_>>(), template) {
            continue;
        }
        let limiting = |test: &&ConditionTest| test.evaluate(known.get(test.key())) != TestOutcome::Met;
        let mut limits: Vec<_> =
            statement.condition().iter().filter(limiting).map(|test| (test.span(), "only where this holds")).collect();
        for (deny, _) in possible {
            if open(statement, &[], template) && reaches(deny, statement, template) {
                limits.extend(
                    deny.condition().iter().filter(limiting).map(|test| (test.span(), "denied where this holds")),
                );
            }
        }
        let matching = statement.action().patterns().find(|(pattern, _)| pattern.matches(action));
        let action = match matching {
            Some((_, span)) if !statement.action().is_negated() => span,
            _ => statement.action().span(),
        };
        permits.push(Permit { statement, action, limits });
    }
    permits
}

/// Whether some resource of the template is left by the denials.
fn open(statement: &Statement, denials: &[&Statement], template: Option<&ArnTemplate>) -> bool {
    let Some(resource) = statement.resource() else { return false };
    let denied: Vec<&Pattern> = denials
        .iter()
        .filter_map(|deny| deny.resource())
        .filter(|resource| !resource.is_negated())
        .flat_map(|resource| resource.patterns().map(|(pattern, _)| pattern))
        .collect();
    let out_of_reach = |pattern: &Pattern| {
        if denied.is_empty() {
            return false;
        }
        pattern.covered_by(denied.iter().copied(), COVERAGE_WORK) == Coverage::Covered
            || template.is_some_and(|template| {
                denied.iter().any(|deny| deny.covers_template(template, COVERAGE_WORK) == Coverage::Covered)
            })
    };
    if resource.is_negated() {
        return !out_of_reach(&Pattern::new("*", Case::Arn));
    }
    resource.patterns().any(|(pattern, _)| {
        (pattern.is_universal() || template.is_none_or(|template| pattern.reaches(template))) && !out_of_reach(pattern)
    })
}

/// Whether a denial has to do with what the statement allows.
fn reaches(deny: &Statement, allow: &Statement, template: Option<&ArnTemplate>) -> bool {
    let (Some(denied), Some(allowed)) = (deny.resource(), allow.resource()) else { return false };
    if denied.is_negated() || allowed.is_negated() {
        return true;
    }
    denied.patterns().any(|(deny, _)| {
        template.is_none_or(|template| deny.reaches(template))
            && allowed.patterns().any(|(allow, _)| deny.meets(allow).is_some())
    })
}

/// Whether the statement allows so much that other rules speak of it: every action, or every action but some, on
/// every resource.
pub(super) fn is_boundless(statement: &Statement) -> bool {
    (statement.action().is_negated() || every_action(statement)) && every_resource(statement)
}
