//! One decision over 10, 1,000 and 10,000 statements, beside two evaluators as people write them for themselves.
//!
//! - `regex` makes a regular expression of every pattern when it is loaded, and tries statement after statement.
//! - `json` keeps the documents as they are: it parses them for every decision and matches with a backtracking loop.
//!
//! Neither knows more of RAM than these policies need; both must decide as ramgate does before anything is measured.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::cast_precision_loss, clippy::wildcard_imports)]

mod ratios;
#[path = "mix/wildcards.rs"]
mod wildcards;

use std::collections::HashMap;
use std::net::IpAddr;

use criterion::Criterion;
use ipnet::IpNet;
use ramgate::authz::{Mode, Outcome, PolicySet, Request};
use ramgate::catalog::Known;
use ramgate::identity::{Principal, Scope};
use ramgate::json::SourceText;
use ramgate::policy::{Context, Dialect};
use ratios::Ratios;
use regex::Regex;
use serde_json::{Value, json};
use wildcards::matches;

const ACTION: &str = "polardb:CloseDBClusterMigration";
const RESOURCE: &str = "acs:polardb:cn-hangzhou:1234567890123456:dbcluster/pc-0";
const KEYS: [(&str, &str); 3] =
    [("acs:SourceIp", "203.0.113.7"), ("acs:SecureTransport", "true"), ("acs:ResourceTag/team", "dba")];

/// Statements in a document; as many fit into the 6,144 bytes that RAM takes.
const IN_A_DOCUMENT: usize = 10;

const SERVICES: [&str; 20] = [
    "ecs",
    "oss",
    "rds",
    "polardb",
    "vpc",
    "slb",
    "kms",
    "log",
    "cms",
    "ram",
    "sts",
    "cdn",
    "dns",
    "fc",
    "cs",
    "cr",
    "redis",
    "mongodb",
    "actiontrail",
    "ros",
];
const VERBS: [&str; 8] = ["Describe*", "Modify*", "Create", "Delete", "List*", "Stop", "Start", "*"];

/// Statements about everything that an account has: few of them are about the action that is asked for.
fn many_services(index: usize) -> Value {
    let service = SERVICES[index % SERVICES.len()];
    let verb = |shift: usize| VERBS[(index / SERVICES.len() + shift) % VERBS.len()];
    let action = |shift: usize| match verb(shift) {
        wild if wild.ends_with('*') => format!("{service}:{wild}"),
        verb => format!("{service}:{verb}Instance{}", index % 7),
    };
    let resource = format!("acs:{service}:*:1234567890123456:instance/i-{index}*");
    let mut statement = json!({"Effect": "Allow", "Action": [action(0), action(1), action(2)], "Resource": resource});
    if index % 10 == 3 {
        statement["Effect"] = "Deny".into();
    }
    match index % 4 {
        1 => statement["Condition"] = json!({"IpAddress": {"acs:SourceIp": ["203.0.113.0/24", "198.51.100.0/24"]}}),
        2 => statement["Condition"] = json!({"StringEquals": {"acs:ResourceTag/team": ["web", "data"]}}),
        _ => {}
    }
    statement
}

/// A statement for each cluster: all of them are about the action that is asked for, and one about the cluster.
fn many_clusters(index: usize) -> Value {
    json!({
        "Effect": if index % 10 == 3 { "Deny" } else { "Allow" },
        "Action": "polardb:*Migration",
        "Resource": format!("acs:polardb:*:1234567890123456:dbcluster/pc-{}", index + 1),
        "Condition": {"Bool": {"acs:SecureTransport": "true"}},
    })
}

/// Documents with `count` statements, the last of which allows what is asked for.
fn documents(count: usize, statement: fn(usize) -> Value) -> Vec<String> {
    let last = json!({
        "Effect": "Allow", "Action": ACTION, "Resource": RESOURCE,
        "Condition": {"IpAddress": {"acs:SourceIp": "203.0.113.0/24"}},
    });
    let statements: Vec<Value> = (1..count).map(statement).chain([last]).collect();
    statements.chunks(IN_A_DOCUMENT).map(|part| json!({"Version": "1", "Statement": part}).to_string()).collect()
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let one = value.as_str();
    one.into_iter().chain(value.as_array().into_iter().flatten().filter_map(Value::as_str))
}

/// Whether the conditions hold; the same for both rivals.
fn holds(operator: &str, operands: &[&str], value: &str) -> bool {
    match operator {
        "StringEquals" | "Bool" => operands.contains(&value),
        "IpAddress" => {
            let address: IpAddr = value.parse().unwrap();
            operands.iter().any(|block| block.parse::<IpNet>().unwrap().contains(&address))
        }
        other => panic!("{other} is not among these policies"),
    }
}

/// The rival that compiles: a statement with its patterns as regular expressions.
struct Compiled {
    allow: bool,
    actions: Vec<Regex>,
    resources: Vec<Regex>,
    conditions: Vec<(String, String, Vec<String>)>,
}

fn expression(pattern: &str) -> Regex {
    let escaped = regex::escape(pattern).replace(r"\*", ".*").replace(r"\?", ".");
    Regex::new(&format!("(?s)^{escaped}$")).unwrap()
}

fn compile(documents: &[String]) -> Vec<Compiled> {
    let mut compiled = Vec::new();
    for document in documents {
        let document: Value = serde_json::from_str(document).unwrap();
        for statement in document["Statement"].as_array().unwrap() {
            let mut conditions = Vec::new();
            for (operator, keys) in statement["Condition"].as_object().into_iter().flatten() {
                for (key, operands) in keys.as_object().unwrap() {
                    conditions.push((operator.clone(), key.clone(), texts(operands).map(str::to_owned).collect()));
                }
            }
            compiled.push(Compiled {
                allow: statement["Effect"] == "Allow",
                actions: texts(&statement["Action"]).map(|action| expression(&action.to_ascii_lowercase())).collect(),
                resources: texts(&statement["Resource"]).map(expression).collect(),
                conditions,
            });
        }
    }
    compiled
}

fn decide_compiled(statements: &[Compiled], keys: &HashMap<&str, &str>) -> bool {
    let action = ACTION.to_ascii_lowercase();
    let mut allowed = false;
    for statement in statements {
        let applies = statement.actions.iter().any(|pattern| pattern.is_match(&action))
            && statement.resources.iter().any(|pattern| pattern.is_match(RESOURCE))
            && statement.conditions.iter().all(|(operator, key, operands)| {
                let operands: Vec<&str> = operands.iter().map(String::as_str).collect();
                keys.get(key.as_str()).is_some_and(|value| holds(operator, &operands, value))
            });
        match (applies, statement.allow) {
            (true, false) => return false,
            (true, true) => allowed = true,
            (false, _) => {}
        }
    }
    allowed
}

fn decide_parsing(documents: &[String], keys: &HashMap<&str, &str>) -> bool {
    let action = ACTION.to_ascii_lowercase();
    let mut allowed = false;
    for document in documents {
        let document: Value = serde_json::from_str(document).unwrap();
        for statement in document["Statement"].as_array().unwrap() {
            let applies = texts(&statement["Action"]).any(|pattern| matches(&pattern.to_ascii_lowercase(), &action))
                && texts(&statement["Resource"]).any(|pattern| matches(pattern, RESOURCE))
                && statement["Condition"].as_object().into_iter().flatten().all(|(operator, tests)| {
                    tests.as_object().unwrap().iter().all(|(key, operands)| {
                        let operands: Vec<&str> = texts(operands).collect();
                        keys.get(key.as_str()).is_some_and(|value| holds(operator, &operands, value))
                    })
                });
            match (applies, statement["Effect"] == "Allow") {
                (true, false) => return false,
                (true, true) => allowed = true,
                (false, _) => {}
            }
        }
    }
    allowed
}

fn measure(criterion: &mut Criterion, ratios: &mut Ratios, task: (&str, &str), documents: &[String]) {
    let mut policies = PolicySet::new(Dialect::strict());
    for (index, document) in documents.iter().enumerate() {
        let source = SourceText::new(format!("policy-{index}.json"), document.as_str());
        policies.add_identity(&format!("policy-{index}"), &source, Scope::Account).unwrap();
    }
    let principal = Principal::User { account: "1234567890123456".into(), name: "alice".into(), id: "2".into() };
    let mut context = Context::unknown();
    for (key, value) in KEYS {
        context.set(key, value);
    }
    let request = Request {
        principal: &principal,
        action: ACTION,
        resource: RESOURCE,
        owner: None,
        resource_group: &Known::Unknown,
        context: &context,
        mode: Mode::General,
    };
    let keys: HashMap<&str, &str> = KEYS.into_iter().collect();
    let compiled = compile(documents);

    assert_eq!(policies.decide(&request).outcome, Outcome::Allow);
    assert!(decide_compiled(&compiled, &keys) && decide_parsing(documents, &keys));
    ratios.measure(criterion, task, "ramgate", || policies.decide(&request));
    ratios.measure(criterion, task, "regex", || decide_compiled(&compiled, &keys));
    ratios.measure(criterion, task, "json", || decide_parsing(documents, &keys));
}

fn main() {
    let mut criterion = ratios::criterion();
    let mut ratios = Ratios::new(&["ramgate", "regex", "json"]);
    for (count, size) in [(10, "10"), (1_000, "1,000"), (10_000, "10,000")] {
        measure(&mut criterion, &mut ratios, ("many services", size), &documents(count, many_services));
        measure(&mut criterion, &mut ratios, ("many clusters", size), &documents(count, many_clusters));
    }
    criterion.final_summary();
    ratios.print();
}
