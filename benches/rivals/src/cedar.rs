//! Cedar: a policy for each statement, ids in its scope wherever the statement names them, and for every call the slice of the
//! entities that it is about. Patterns of actions are groups of actions, of which each action is a member.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::str::FromStr;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, Request, RestrictedExpression,
};
use ramgate::authz::Outcome;

use super::mix::Call;
use super::statement::{Action, Condition, Statement, is_wild};
use super::wildcards::matches;
use super::{Found, Rival};

const CALLER: &str = r#"User::"alice""#;

pub struct Cedar {
    authorizer: Authorizer,
    policies: PolicySet,
    calls: Vec<(Request, Entities)>,
}

impl Cedar {
    pub fn new(statements: &[Statement], calls: &[Call]) -> Self {
        let mut text = String::new();
        for statement in statements {
            text.push_str(&policy(statement));
        }
        let policies = PolicySet::from_str(&text).unwrap_or_else(|error| panic!("{error}"));
        let groups: HashSet<&str> = statements.iter().flat_map(|statement| groups(&statement.action)).collect();
        let calls = calls.iter().map(|call| prepared(call, &groups)).collect();
        Self { authorizer: Authorizer::new(), policies, calls }
    }
}

impl Rival for Cedar {
    fn decide(&mut self, number: usize) -> Found {
        let (request, entities) = &self.calls[number];
        let response = self.authorizer.is_authorized(request, &self.policies, entities);
        debug_assert_eq!(response.diagnostics().errors().count(), 0);
        Found::Outcome(match response.decision() {
            Decision::Allow => Outcome::Allow,
            Decision::Deny if response.diagnostics().reason().next().is_some() => Outcome::ExplicitDeny,
            Decision::Deny => Outcome::ImplicitDeny,
        })
    }
}

fn groups(action: &Action) -> Vec<&str> {
    match action {
        Action::Exact(_) => Vec::new(),
        Action::Like(pattern) => vec![pattern],
        Action::Not(patterns) => patterns.iter().map(String::as_str).collect(),
    }
}

fn policy(statement: &Statement) -> String {
    let effect = if statement.allows { "permit" } else { "forbid" };
    let mut conditions = Vec::new();
    let action = match &statement.action {
        Action::Exact(action) => format!("action == Action::{action:?}"),
        Action::Like(group) => format!("action in Action::{group:?}"),
        Action::Not(groups) => {
            let groups: Vec<String> = groups.iter().map(|group| format!("Action::{group:?}")).collect();
            conditions.push(format!("!(action in [{}])", groups.join(", ")));
            "action".to_owned()
        }
    };
    let resource = if is_wild(&statement.resource) {
        conditions.push(like(&statement.resource));
        "resource".to_owned()
    } else {
        format!("resource == Resource::{:?}", statement.resource)
    };
    conditions.extend(statement.condition.iter().map(condition));
    let mut text = format!("{effect}(principal == {CALLER}, {action}, {resource})");
    if !conditions.is_empty() {
        write!(text, " when {{ {} }}", conditions.join(" && ")).expect("a text");
    }
    text + ";\n"
}

/// Cedar has no `?`; what may stand for it in the ids of the mix is 36 characters.
fn like(pattern: &str) -> String {
    let Some((before, after)) = pattern.split_once('?') else { return format!("resource.arn like {pattern:?}") };
    let letters = ('0'..='9').chain('a'..='z');
    let all: Vec<String> = letters.map(|letter| format!("resource.arn like \"{before}{letter}{after}\"")).collect();
    format!("({})", all.join(" || "))
}

fn condition(Condition { operator, key, operands }: &Condition) -> String {
    let key = format!("context[{key:?}]");
    let [first, ..] = operands.as_slice() else { panic!("operands") };
    match operator.as_str() {
        "IpAddress" => {
            let blocks: Vec<String> = operands.iter().map(|block| format!("{key}.isInRange(ip({block:?}))")).collect();
            format!("({})", blocks.join(" || "))
        }
        "StringEquals" => format!("{operands:?}.contains({key})"),
        "DateLessThan" => format!("{key} < datetime({first:?})"),
        "Bool" => format!("{key} == {first}"),
        "NumericLessThan" => format!("{key}.lessThan(decimal({first:?}))"),
        other => panic!("{other} is not of the mix"),
    }
}

fn prepared(call: &Call, groups: &HashSet<&str>) -> (Request, Entities) {
    let id = |kind: &str, id: &str| EntityUid::from_str(&format!("{kind}::{id:?}")).expect("an id");
    let caller = EntityUid::from_str(CALLER).expect("an id");
    let (action, resource) = (id("Action", &call.action), id("Resource", &call.resource));
    let of: HashSet<EntityUid> =
        groups.iter().filter(|group| matches(group, &call.action)).map(|group| id("Action", group)).collect();
    let arn = RestrictedExpression::new_string(call.resource.clone());
    let entities = [
        Entity::new_no_attrs(caller.clone(), HashSet::new()),
        Entity::new_no_attrs(action.clone(), of),
        Entity::new(resource.clone(), HashMap::from([("arn".to_owned(), arn)]), HashSet::new()).expect("an entity"),
    ];
    let pairs = call.context.iter().map(|(key, value)| {
        let value = match *key {
            "acs:SourceIp" => RestrictedExpression::new_ip(value),
            "acs:CurrentTime" => RestrictedExpression::new_datetime(value),
            "acs:TLSVersion" => RestrictedExpression::new_decimal(value),
            "acs:SecureTransport" => RestrictedExpression::new_bool(value == "true"),
            _ => RestrictedExpression::new_string(value.clone()),
        };
        ((*key).to_owned(), value)
    });
    let context = Context::from_pairs(pairs).expect("a context");
    let request = Request::new(caller, action, resource, context, None).expect("a request");
    (request, Entities::from_entities(entities, None).expect("a slice"))
}
