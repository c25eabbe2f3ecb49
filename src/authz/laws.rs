//! Laws that hold for all policies and requests.
#![allow(clippy::unwrap_used)]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::*;
use crate::catalog::Known;
use crate::identity::{Principal, Scope};
use crate::json::SourceText;
use crate::policy::{Context, ContextValue, Dialect};

/// Policies as lists of statements; a control or session policy of `None` is not attached.
#[derive(Debug, Clone)]
struct Policies {
    account: Vec<Value>,
    group: Vec<Value>,
    control: Option<Vec<Value>>,
    session: Option<Vec<Value>>,
}

impl Policies {
    /// Those of one of the four kinds, where they are attached.
    fn of_kind(&mut self, kind: usize) -> Option<&mut Vec<Value>> {
        match kind {
            0 => Some(&mut self.account),
            1 => Some(&mut self.group),
            2 => self.control.as_mut(),
            _ => self.session.as_mut(),
        }
    }
}

#[derive(Debug, Clone)]
struct Question {
    action: &'static str,
    resource: &'static str,
    group: Known<Option<String>>,
    team: ContextValue,
}

fn statement() -> impl Strategy<Value = Value> {
    let action = select(vec!["*", "polardb:*", "polardb:Close*", "polardb:CloseX", "ecs:*"]);
    let resource = select(vec!["*", "acs:polardb:*:*:dbcluster/pc-1", "acs:polardb:*:*:dbcluster/*"]);
    let condition = prop::option::of((
        select(vec!["StringEquals", "StringNotEquals", "StringLike", "NumericLessThan"]),
        select(vec!["1", "2"]),
    ));
    (select(vec!["Allow", "Deny"]), any::<bool>(), action, resource, condition).prop_map(
        |(effect, negated, action, resource, condition)| {
            let mut statement = json!({"Effect": effect, "Resource": resource});
            statement[if negated { "NotAction" } else { "Action" }] = action.into();
            if let Some((operator, operand)) = condition {
                statement["Condition"] = json!({operator: {"acs:ResourceTag/team": operand}});
            }
            statement
        },
    )
}

/// An explanation tells of its statements what a look at every one of them tells, and leaves out only such as are about another
/// action or resource.
fn assert_considered(considered: &Trace, every: &Trace) {
    assert_eq!(considered.stages.len(), every.stages.len());
    for (stage, every) in considered.stages.iter().zip(&every.stages) {
        assert_eq!(
            (stage.policy_type, &stage.level, stage.outcome, stage.rule),
            (every.policy_type, &every.level, every.outcome, every.rule)
        );
        assert_eq!((stage.statements.len() + stage.ruled_out, 0), (every.statements.len(), every.ruled_out));
        let mut told = stage.statements.iter().peekable();
        for statement in &every.statements {
            if told.next_if_eq(&statement).is_none() {
                assert!(matches!(statement.result, StatementResult::OtherAction | StatementResult::OtherResource));
            }
        }
        assert_eq!(told.next(), None);
    }
}

fn statements() -> impl Strategy<Value = Vec<Value>> {
    vec(statement(), 1..5)
}

fn policies() -> impl Strategy<Value = Policies> {
    let optional = || prop::option::of(statements());
    (statements(), statements(), optional(), optional()).prop_map(|(account, group, control, session)| Policies {
        account,
        group,
        control,
        session,
    })
}

fn question() -> impl Strategy<Value = Question> {
    let action = select(vec!["polardb:CloseX", "polardb:closex", "polardb:DeleteX", "ecs:StopX"]);
    let resource = select(vec![
        "*",
        "acs:polardb:cn-hangzhou:1234567890123456:dbcluster/pc-1",
        "acs:polardb:cn-hangzhou:1234567890123456:dbcluster/pc-2",
    ]);
    let group = select(vec![Known::Unknown, Known::Known(None), Known::Known(Some("rg-a".to_owned()))]);
    let team = prop_oneof![
        Just(ContextValue::Absent),
        Just(ContextValue::Unknown),
        vec(select(vec!["1", "2", "x"]), 1..3)
            .prop_map(|values| ContextValue::Present(values.into_iter().map(str::to_owned).collect())),
    ];
    (action, resource, group, team).prop_map(|(action, resource, group, team)| Question {
        action,
        resource,
        group,
        team,
    })
}

/// How policies and questions are put, which must not matter.
#[derive(Debug, Clone)]
struct Form<'f> {
    /// Where every policy that can be two is split, if it is.
    split: Option<usize>,
    /// What the condition key is called.
    key: &'f str,
}

const TEAM: &str = "acs:ResourceTag/team";

fn decide(policies: &Policies, question: &Question) -> Decision {
    decide_in(policies, question, &Form { split: None, key: TEAM })
}

fn decide_in(policies: &Policies, question: &Question, form: &Form<'_>) -> Decision {
    asked(policies, question, form, |set, request| set.decide(request).to_decision())
}

/// Puts the question to the policies by `ask`.
fn asked<T>(
    policies: &Policies,
    question: &Question,
    form: &Form<'_>,
    ask: impl FnOnce(&PolicySet, &Request<'_>) -> T,
) -> T {
    let renamed = |statement: &Value| {
        let mut statement = statement.clone();
        for (_, keys) in statement.get_mut("Condition").and_then(Value::as_object_mut).into_iter().flatten() {
            let operands = keys[TEAM].take();
            *keys = json!({form.key: operands});
        }
        statement
    };
    let document = |statements: &[Value]| {
        let statements: Vec<Value> = statements.iter().map(renamed).collect();
        SourceText::new("law.json", json!({"Version": "1", "Statement": statements}).to_string())
    };
    let parts = |statements: &[Value]| -> Vec<(String, SourceText)> {
        let (first, second) = statements.split_at(form.split.map_or(0, |at| at % statements.len()));
        let parts = [("one", first), ("two", second)].into_iter().filter(|(_, part)| !part.is_empty());
        parts.map(|(name, part)| (name.to_owned(), document(part))).collect()
    };
    let mut set = PolicySet::new(Dialect::strict());
    for (name, part) in parts(&policies.account) {
        set.add_identity(&name, &part, Scope::Account).unwrap();
    }
    for (name, part) in parts(&policies.group) {
        set.add_identity(&name, &part, Scope::ResourceGroup("rg-a".into())).unwrap();
    }
    if let Some(control) = &policies.control {
        for (name, part) in parts(control) {
            set.add_control(&name, &part, "member").unwrap();
        }
    }
    if let Some(session) = &policies.session {
        set.set_session("session", &document(session)).unwrap();
    }
    let principal = Principal::RoleSession {
        account: "1234567890123456".into(),
        role: "ops".into(),
        session: "s1".into(),
        policy: None,
    };
    let mut context = Context::new();
    context.set_value(form.key, question.team.clone());
    let request = Request {
        principal: &principal,
        action: question.action,
        resource: question.resource,
        owner: None,
        resource_group: &question.group,
        context: &context,
        mode: Mode::General,
    };
    ask(&set, &request)
}

proptest! {
    #[test]
    fn the_order_of_statements_never_matters(policies in policies(), question in question(), by in 0_usize..4) {
        let expected = decide(&policies, &question).outcome;
        let mut other = policies.clone();
        let lists = [Some(&mut other.account), Some(&mut other.group), other.control.as_mut(), other.session.as_mut()];
        for statements in lists.into_iter().flatten() {
            let by = by % statements.len();
            statements.reverse();
            statements.rotate_left(by);
        }
        prop_assert_eq!(decide(&other, &question).outcome, expected);
    }

    #[test]
    fn adding_a_deny_never_allows_more(
        policies in policies(), question in question(), mut deny in statement(), place in 0_usize..4,
    ) {
        deny["Effect"] = "Deny".into();
        let before = decide(&policies, &question).outcome;
        let mut other = policies.clone();
        if let Some(statements) = other.of_kind(place) {
            statements.push(deny);
        }
        let after = decide(&other, &question).outcome;
        prop_assert!(before == Outcome::Allow || after != Outcome::Allow, "{before} became {after}");
    }

    #[test]
    fn removing_an_allow_never_allows(
        policies in policies(), question in question(), place in 0_usize..4, which in 0_usize..5,
    ) {
        let before = decide(&policies, &question).outcome;
        let mut other = policies.clone();
        if let Some(statements) = other.of_kind(place) {
            let at = which % statements.len();
            if statements[at]["Effect"] == "Allow" {
                // What matches nothing stands for no statement, for a policy has at least one.
                statements[at] = json!({"Effect": "Allow", "Action": "none:None", "Resource": "none"});
            }
        }
        let after = decide(&other, &question).outcome;
        prop_assert!(before == Outcome::Allow || after != Outcome::Allow, "{before} became {after}");
    }

    #[test]
    fn splitting_a_policy_in_two_changes_nothing(policies in policies(), question in question(), at in 1_usize..5) {
        let expected = decide(&policies, &question);
        let found = decide_in(&policies, &question, &Form { split: Some(at), key: TEAM });
        prop_assert_eq!((found.outcome, found.policy_type), (expected.outcome, expected.policy_type));
    }

    #[test]
    fn renaming_a_key_everywhere_changes_nothing(
        policies in policies(), question in question(), key in "acs:[A-Za-z]{1,8}(/[a-zA-Z:é ]{0,4})?|[^\\*]{1,6}",
    ) {
        let expected = decide(&policies, &question).outcome;
        let found = decide_in(&policies, &question, &Form { split: None, key: &key }).outcome;
        prop_assert_eq!(found, expected);
    }

    /// Whoever watches, and however many: the decision is the same, and the trace tells the same as the decision.
    #[test]
    fn explaining_never_changes_the_decision(policies in policies(), question in question()) {
        asked(&policies, &question, &Form { split: None, key: TEAM }, |set, request| {
            let decision = set.decide(request).to_decision();
            let (explained, trace) = set.trace(request);
            assert_eq!(explained, decision);
            assert_eq!(set.observe(request, &mut (Trace::new(request), ConsultedKeys::default())), decision);
            let statements = || trace.stages.iter().flat_map(|stage| &stage.statements);
            for traced in statements() {
                let unmatched = traced.elements.iter().filter(|element| !element.matches).count();
                let unmet = traced.result == StatementResult::ConditionUnmet;
                assert_eq!(unmatched, usize::from(traced.result != StatementResult::Applies && !unmet));
                assert!(!unmet || traced.tests.last().is_some_and(|test| test.outcome != TracedOutcome::Met));
            }
            let explanation = set.explain(request);
            assert_eq!(explanation.decision(), decision);
            assert_considered(&explanation.to_trace(), &trace);
            if let Some(determining) = decision.determining {
                let named = |traced: &TracedStatement| traced.statement == determining;
                assert!(statements().any(|traced| named(traced) && traced.result == StatementResult::Applies));
            }
        });
    }

    #[test]
    fn control_and_session_policies_never_grant(policies in policies(), question in question()) {
        let bare = Policies { control: None, session: None, ..policies.clone() };
        if decide(&bare, &question).outcome != Outcome::Allow {
            prop_assert_ne!(decide(&policies, &question).outcome, Outcome::Allow);
        }
    }

    /// Not knowing a key or a group never allows what some value of it would not (spec gate-rules G2).
    #[test]
    fn what_is_unknown_never_allows_more(policies in policies(), question in question(), value in select(vec!["1", "2"])) {
        let unknown = Question { team: ContextValue::Unknown, group: Known::Unknown, ..question.clone() };
        if decide(&policies, &unknown).outcome == Outcome::Allow {
            for team in [ContextValue::Absent, ContextValue::Present(vec![value.to_owned()])] {
                for group in [Known::Known(None), Known::Known(Some("rg-a".to_owned()))] {
                    let known = Question { team: team.clone(), group, ..question.clone() };
                    prop_assert_eq!(decide(&policies, &known).outcome, Outcome::Allow);
                }
            }
        }
    }
}

proptest! {
    // Each case is a search.
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// What is told to allow does allow, is found again, and needs all of its changes.
    #[test]
    fn near_misses_are_allowed_when_they_are_made(policies in policies(), question in question()) {
        asked(&policies, &question, &Form { split: None, key: TEAM }, |set, request| {
            let found = set.near_misses(request, Search::default());
            if set.decide(request).outcome == Outcome::Allow {
                assert_eq!(found, NearMisses::default());
            }
            assert_eq!(set.near_misses(request, Search::default()), found);
            for (number, miss) in found.found.iter().enumerate() {
                assert_eq!(miss.decision.outcome, Outcome::Allow);
                assert!(miss.changes.len() <= Search::default().changes);
                for other in found.found.iter().skip(number + 1) {
                    assert!(miss.changes.iter().any(|change| !other.changes.contains(change)), "{other} has all of {miss}");
                }
                // What changes the request alone can be tried without the search.
                let mut context = request.context.clone();
                let mut group = request.resource_group.clone();
                let of_request = miss.changes.iter().all(|change| match change {
                    Change::Context { key, to, .. } => {
                        context.set_value(key, match to {
                            GivenValue::Values(values) => ContextValue::Present(values.clone()),
                            GivenValue::Absent => ContextValue::Absent,
                            GivenValue::Unknown => ContextValue::Unknown,
                        });
                        true
                    }
                    Change::ResourceGroup { to, .. } => {
                        group = Known::Known(Some(to.clone()));
                        true
                    }
                    _ => false,
                });
                if of_request {
                    let changed = Request { context: &context, resource_group: &group, ..*request };
                    assert_eq!(set.decide(&changed).outcome, Outcome::Allow, "{miss}");
                }
            }
            for grant in set.grants(request).grants {
                assert_eq!(grant.statement.effect, crate::policy::Effect::Allow);
            }
        });
    }
}
