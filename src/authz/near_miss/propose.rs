//! Changes that could turn what refuses a request. Whether they do is for the replay to say.

use std::sync::Arc;

use super::edit::{Edit, added, added_beside, edited, of_statement, quoted, taken, without_statement};
use super::replay::{Place, Policies, Replayed, Stage};
use super::values::values;
use super::width::{EVERYTHING, about, actions, resources, weight, width};
use super::{Change, GivenValue, Placed};
use crate::authz::evaluate::names;
use crate::authz::{Outcome, PolicyType, Request, group_value};
use crate::catalog::Known;
use crate::identity::{PolicySource, Principal};
use crate::json::Span;
use crate::policy::{ConditionTest, ContextValue, Effect, Pattern, Statement, TestOutcome};

/// The most statements of a place that are not about a request for which changes are proposed.
const NEAREST: usize = 6;

/// The most elements of a statement that are changed for a request.
const ELEMENTS: usize = 2;

/// Changes that are made together.
#[derive(Debug, Default)]
pub(super) struct Proposal<'p> {
    pub(super) weight: u32,
    pub(super) changes: Vec<Change>,
    pub(super) context: Vec<(String, ContextValue)>,
    pub(super) group: Option<Known<Option<String>>>,
    pub(super) policies: Option<Policies<'p>>,
}

/// One refusing place, with what is needed to propose changes there.
struct Proposer<'a, 'p> {
    policies: &'a Policies<'p>,
    request: &'a Request<'a>,
    place: Place,
    stage: &'a Stage,
}

/// What of a statement a request does not meet.
#[derive(Default)]
struct Unmet<'s> {
    action: bool,
    resource: bool,
    principal: bool,
    tests: Vec<&'s ConditionTest>,
}

impl Unmet<'_> {
    /// How far the statement reaches beyond the request once what is unmet has what the request has.
    fn width(&self, statement: &Statement) -> usize {
        width(statement, self.action, self.resource)
    }

    fn count(&self) -> usize {
        usize::from(self.action) + usize::from(self.resource) + usize::from(self.principal) + self.tests.len()
    }
}

/// Changes for whatever refuses the request.
pub(super) fn proposals<'p>(policies: &Policies<'p>, request: &Request<'_>, replayed: &Replayed) -> Vec<Proposal<'p>> {
    let decision = &replayed.decision;
    let refusing = replayed.stages.iter().filter(|stage| match (decision.outcome, decision.policy_type) {
        (Outcome::ExplicitDeny, decided) => stage.outcome == Outcome::ExplicitDeny && stage.policy_type == decided,
        (_, PolicyType::ControlPolicy | PolicyType::SessionPolicy | PolicyType::AssumeRolePolicy) => {
            stage.outcome == Outcome::ImplicitDeny && stage.policy_type == decision.policy_type
        }
        // Any of the identity's policies, or of the bucket's, could allow.
        _ => stage.outcome == Outcome::ImplicitDeny && stage.policy_type != PolicyType::AssumeRolePolicy,
    });
    let mut proposals = Vec::new();
    for stage in refusing {
        let Some(place) = policies.place(stage) else { continue };
        let proposer = Proposer { policies, request, place, stage };
        match stage.outcome {
            Outcome::ExplicitDeny => proposer.against_deny(&mut proposals),
            _ => proposer.for_allow(&mut proposals),
        }
    }
    if decision.outcome == Outcome::ImplicitDeny
        && matches!(
            decision.policy_type,
            PolicyType::AccountLevelIdentityBasedPolicy | PolicyType::ResourceGroupLevelIdentityBasedPolicy
        )
    {
        resource_groups(policies, request, &mut proposals);
    }
    proposals
}

/// That the resource is in one of the groups that policies are attached for.
fn resource_groups<'p>(policies: &Policies<'p>, request: &Request<'_>, proposals: &mut Vec<Proposal<'p>>) {
    for scope in policies.applicable().groups.iter().take(NEAREST) {
        let group = Known::Known(Some(scope.group.clone()));
        if *request.resource_group != group {
            let from = GivenValue::from(&group_value(request.resource_group));
            proposals.push(Proposal {
                weight: weight::RESOURCE_GROUP,
                changes: vec![Change::ResourceGroup { from, to: scope.group.clone() }],
                context: vec![("acs:ResourceGroupId".to_owned(), group_value(&group))],
                group: Some(group),
                policies: None,
            });
        }
    }
}

impl<'p> Proposer<'_, 'p> {
    fn unmet<'s>(&self, statement: &'s Statement) -> Unmet<'s> {
        let conditional = !statement.condition().is_empty();
        let caller = names(self.request.principal);
        let met = |test: &ConditionTest| match test.evaluate(self.request.context.get(test.key())) {
            TestOutcome::Met => true,
            TestOutcome::Unreadable => statement.effect() == Effect::Deny,
            TestOutcome::Unmet => false,
        };
        Unmet {
            action: !statement.action().matches(self.request.action),
            resource: statement.resource().is_some_and(|resource| !resource.matches(self.request.resource)),
            principal: statement.principal().is_some_and(|principal| !principal.matches(&caller, conditional)),
            tests: statement.condition().iter().filter(|test| !met(test)).collect(),
        }
    }

    /// Every statement with this effect, with what is unmet of it.
    fn statements<'s>(
        &self,
        policies: &'s [Arc<PolicySource>],
        effect: Effect,
    ) -> Vec<(&'s Arc<PolicySource>, &'s Statement, Unmet<'s>)> {
        let statements = policies
            .iter()
            .flat_map(|policy| policy.document.statements().iter().map(move |statement| (policy, statement)));
        statements
            .filter(|(_, statement)| statement.effect() == effect)
            .map(|(policy, statement)| (policy, statement, self.unmet(statement)))
            .collect()
    }

    /// All Denies that apply must be turned, so that it is enough to begin with the first.
    fn against_deny(&self, proposals: &mut Vec<Proposal<'p>>) {
        let policies = self.policies.at(self.place);
        let denies = self.statements(&policies, Effect::Deny);
        let Some((policy, statement, _)) = denies.into_iter().find(|(_, _, unmet)| unmet.count() == 0) else { return };
        let at = |span: Span| placed(policy, statement, span);
        for test in statement.condition() {
            let now = self.request.context.get(test.key());
            proposals.extend(self.values(test, TestOutcome::Unmet));
            if let (true, ContextValue::Present(values)) = (test.operator().is_negated(), now) {
                let edits = values.iter().map(|value| operand(policy, test, value)).collect::<Option<Vec<_>>>();
                let opens = "the Deny then never holds for it".to_owned();
                let change = operand_change(at(test.written_key().span), test, values, opens);
                self.push_edited(proposals, policy, edits, weight::EXCEPTION, change);
            }
        }
        let action = (statement.action().is_negated(), "NotAction", "Action", self.request.action);
        self.against_element(
            proposals,
            policy,
            statement,
            action,
            statement.action().patterns().collect(),
            statement.action().span(),
        );
        if let Some(resource) = statement.resource() {
            let element = (resource.is_negated(), "NotResource", "Resource", self.request.resource);
            self.against_element(proposals, policy, statement, element, resource.patterns().collect(), resource.span());
        }
        let gone = without_statement(policy, statement.index());
        let opens = format!("nothing denies {} by it any more", about(statement));
        proposals.push(Proposal {
            weight: weight::DENY,
            changes: vec![Change::WithoutStatement { statement: at(statement.span()), opens }],
            policies: Some(self.policies.replaced(policy, &gone)),
            ..Proposal::default()
        });
    }

    /// One element of a Deny: an exception where it has exceptions, and otherwise less of what it names.
    fn against_element(
        &self,
        proposals: &mut Vec<Proposal<'p>>,
        policy: &Arc<PolicySource>,
        statement: &Statement,
        (negated, exceptions, element, value): (bool, &'static str, &'static str, &str),
        patterns: Vec<(&Pattern, Span)>,
        span: Span,
    ) {
        let source = policy.document.source();
        if negated {
            let edit = added(source, span, &quoted(value)).map(|edit| vec![edit]);
            let opens = "the Deny then never covers it".to_owned();
            let statement = placed(policy, statement, span);
            let change = Change::Pattern { statement, element: exceptions, added: value.to_owned(), opens };
            self.push_edited(proposals, policy, edit, weight::EXCEPTION, vec![change]);
            return;
        }
        let covering: Vec<usize> =
            patterns.iter().enumerate().filter(|(_, (pattern, _))| pattern.matches(value)).map(|(at, _)| at).collect();
        let ([at], spans) = (covering.as_slice(), patterns.iter().map(|(_, span)| *span).collect::<Vec<_>>()) else {
            return;
        };
        let Some((pattern, span)) = patterns.get(*at).filter(|(pattern, _)| !pattern.is_wild()) else { return };
        let opens = if element == "Action" {
            format!("it then no longer denies that on {}", resources(statement))
        } else {
            format!("it then no longer denies {} there", actions(statement))
        };
        let statement = placed(policy, statement, *span);
        let change = Change::WithoutPattern { statement, element, taken: pattern.as_str().to_owned(), opens };
        self.push_edited(
            proposals,
            policy,
            taken(&spans, *at).map(|edit| vec![edit]),
            weight::PATTERN_OF_DENY,
            vec![change],
        );
    }

    /// That one of the Allows applies, of those that lack least, or that there is one more.
    fn for_allow(&self, proposals: &mut Vec<Proposal<'p>>) {
        let policies = self.policies.at(self.place);
        let mut allows = self.statements(&policies, Effect::Allow);
        allows.retain(|(_, _, unmet)| (1..=ELEMENTS).contains(&unmet.count()) && !unmet.principal);
        // A statement of its own is smaller than one about everything.
        allows.retain(|(_, statement, unmet)| !(unmet.action || unmet.resource) || unmet.width(statement) < EVERYTHING);
        allows.sort_by_key(|(_, statement, unmet)| (unmet.count(), unmet.width(statement)));
        for (policy, statement, unmet) in allows.into_iter().take(NEAREST) {
            self.for_statement(proposals, policy, statement, &unmet);
        }
        if let Some((statement, policies)) = self.another_allow(&policies) {
            let (policy_type, level) = (self.stage.policy_type, self.stage.level.clone());
            proposals.push(Proposal {
                weight: weight::STATEMENT,
                changes: vec![Change::Allow { policy_type, level, statement }],
                policies: Some(policies),
                ..Proposal::default()
            });
        }
    }

    /// Ways to make an Allow apply.
    fn for_statement(
        &self,
        proposals: &mut Vec<Proposal<'p>>,
        policy: &Arc<PolicySource>,
        statement: &Statement,
        unmet: &Unmet<'_>,
    ) {
        let source = policy.document.source();
        let wide = weight::WIDTHS.get(unmet.width(statement)).copied().unwrap_or_default();
        let mut edits = Vec::new();
        let mut changes = Vec::new();
        let condition = if statement.condition().is_empty() { "" } else { ", under its condition" };
        let mut elements = Vec::new();
        if unmet.action {
            let action = statement.action();
            let opens = format!("it then allows that on {}{condition}", resources(statement));
            elements.push(("Action", action.is_negated(), action.span(), self.request.action, opens));
        }
        if let (true, Some(resource)) = (unmet.resource, statement.resource()) {
            let opens = format!("it then allows {} there{condition}", actions(statement));
            elements.push(("Resource", resource.is_negated(), resource.span(), self.request.resource, opens));
        }
        for (element, negated, span, value, opens) in elements {
            // What an Allow leaves out by `Not…`, somebody left out on purpose.
            let (false, Some(edit)) = (negated, added(source, span, &quoted(value))) else { return };
            edits.push(edit);
            changes.push(Change::Pattern {
                statement: placed(policy, statement, span),
                element,
                added: value.to_owned(),
                opens,
            });
        }
        let weight = (weight::PATTERN + wide) * u32::try_from(changes.len()).unwrap_or(u32::MAX);
        let base = |proposal: Proposal<'p>| -> Option<Proposal<'p>> {
            let policies = if edits.is_empty() {
                None
            } else {
                Some(self.policies.replaced(policy, &edited(policy, edits.clone())?))
            };
            Some(Proposal {
                weight: weight + proposal.weight,
                changes: changes.iter().cloned().chain(proposal.changes).collect(),
                policies,
                ..proposal
            })
        };
        match unmet.tests.as_slice() {
            [] => proposals.extend(base(Proposal::default())),
            tests => {
                for values in self.together(tests) {
                    proposals.extend(base(values));
                }
                let mut all = edits.clone();
                let mut operands = changes.clone();
                for test in tests {
                    let ContextValue::Present(values) = self.request.context.get(test.key()) else { return };
                    let [value] = values.as_slice() else { return };
                    let Some(edit) = operand(policy, test, value).filter(|_| !test.operator().is_negated()) else {
                        return;
                    };
                    all.push(edit);
                    let opens = format!("it then allows {} for this value too", about(statement));
                    let at = placed(policy, statement, test.written_key().span);
                    operands.extend(operand_change(at, test, values, opens));
                }
                let tests = u32::try_from(tests.len()).unwrap_or(u32::MAX);
                self.push_edited(proposals, policy, Some(all), weight + (weight::OPERAND + wide) * tests, operands);
            }
        }
    }

    /// Values for which all of `tests` are met: of several tests the first value for each.
    fn together(&self, tests: &[&ConditionTest]) -> Vec<Proposal<'p>> {
        match tests {
            [test] => self.values(test, TestOutcome::Met),
            tests => {
                let each: Option<Vec<Proposal<'p>>> =
                    tests.iter().map(|test| self.values(test, TestOutcome::Met).into_iter().next()).collect();
                let joined = each.map(|each| {
                    each.into_iter().fold(Proposal::default(), |mut all, one| {
                        all.weight += one.weight;
                        all.changes.extend(one.changes);
                        all.context.extend(one.context);
                        all.group = one.group.or(all.group);
                        all
                    })
                });
                joined.into_iter().collect()
            }
        }
    }

    /// Values of the key for which `test` comes to `outcome`. Who asks is not changed.
    fn values(&self, test: &ConditionTest, outcome: TestOutcome) -> Vec<Proposal<'p>> {
        if test.key() == "acs:principalarn" {
            return Vec::new();
        }
        let now = self.request.context.get(test.key());
        let key = &*test.written_key().text;
        let weight = if *now == ContextValue::Unknown { weight::UNKNOWN_VALUE } else { weight::VALUE };
        let proposal = |wanted: super::values::Wanted| Proposal {
            weight,
            changes: vec![Change::Context {
                key: key.to_owned(),
                from: now.into(),
                to: (&wanted.value).into(),
                meaning: wanted.meaning,
            }],
            group: (test.key() == "acs:resourcegroupid").then(|| group_of(&wanted.value)),
            context: vec![(key.to_owned(), wanted.value)],
            policies: None,
        };
        values(test, outcome, now).into_iter().map(proposal).collect()
    }

    /// A statement that allows exactly this request, and the policies with it. Where it would go is the caller's own
    /// policies, a control policy, or the one session or trust policy that there is.
    fn another_allow(&self, policies: &[Arc<PolicySource>]) -> Option<(String, Policies<'p>)> {
        let (action, resource) = (quoted(self.request.action), quoted(self.request.resource));
        let statement = match self.place {
            Place::Account | Place::Control(_) | Place::Session => {
                format!(r#"{{"Effect": "Allow", "Action": {action}, "Resource": {resource}}}"#)
            }
            Place::Trust => {
                let (kind, name) = trusted(self.request.principal)?;
                let name = quoted(&name);
                format!(r#"{{"Effect": "Allow", "Action": {action}, "Principal": {{"{kind}": [{name}]}}}}"#)
            }
            // A policy of the account does as well.
            Place::Group(_) | Place::Resource => return None,
        };
        let own = match self.place {
            Place::Session | Place::Trust => policies.first(),
            _ => None,
        };
        let changed = match own {
            Some(policy) => {
                let first = policy.document.statements().first()?.span();
                let edit = added_beside(policy.document.source(), first, &statement)?;
                self.policies.replaced(policy, &edited(policy, vec![edit])?)
            }
            None => self.policies.with(self.place, &of_statement("another", self.place.kind(), &statement)?),
        };
        Some((statement, changed))
    }

    fn push_edited(
        &self,
        proposals: &mut Vec<Proposal<'p>>,
        policy: &Arc<PolicySource>,
        edits: Option<Vec<Edit>>,
        weight: u32,
        changes: Vec<Change>,
    ) {
        let changed = edits.filter(|edits| !edits.is_empty()).and_then(|edits| edited(policy, edits));
        proposals.extend(changed.map(|changed| Proposal {
            weight,
            changes,
            policies: Some(self.policies.replaced(policy, &changed)),
            ..Proposal::default()
        }));
    }
}

/// The group that a value of `acs:ResourceGroupId` says.
fn group_of(value: &ContextValue) -> Known<Option<String>> {
    match value {
        ContextValue::Present(values) => Known::Known(values.first().cloned()),
        ContextValue::Absent => Known::Known(None),
        ContextValue::Unknown => Known::Unknown,
    }
}

/// Under which kind a trust policy names the caller, and how.
fn trusted(principal: &Principal) -> Option<(&'static str, String)> {
    match principal {
        Principal::User { .. } | Principal::RoleSession { .. } => Some(("RAM", principal.arn())),
        Principal::Federated { provider } => Some(("Federated", provider.clone())),
        Principal::Service { name } => Some(("Service", name.clone())),
        Principal::Owner { .. } => None,
    }
}

fn placed(policy: &PolicySource, statement: &Statement, span: Span) -> Placed {
    Placed::new(policy, statement, span)
}

/// Another operand for `test`.
fn operand(policy: &PolicySource, test: &ConditionTest, value: &str) -> Option<Edit> {
    test.operator().operand(value)?;
    added_beside(policy.document.source(), test.written_operands().first()?.span, &quoted(value))
}

fn operand_change(statement: Placed, test: &ConditionTest, values: &[String], opens: String) -> Vec<Change> {
    let change = |value: &String| Change::Operand {
        statement: statement.clone(),
        operator: test.operator().name(),
        key: test.written_key().text.to_string(),
        added: value.clone(),
        opens: opens.clone(),
    };
    values.iter().map(change).collect()
}
