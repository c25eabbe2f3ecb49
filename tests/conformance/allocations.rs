//! What a decision takes of memory.

use ramgate::authz::{Mode, Outcome, PolicySet, Request};
use ramgate::catalog::Known;
use ramgate::identity::{Principal, Scope};
use ramgate::json::SourceText;
use ramgate::policy::{Context, Dialect, Operator};
use serde_json::{Value, json};

/// Ways to say an ARN, each of which the index finds by another way.
const FORMS: [fn(usize) -> String; 6] = [
    |number| format!("acs:polardb:cn-hangzhou:1:dbcluster/pc-{number}"),
    |number| format!("acs:polardb:cn-hangzhou:1:dbcluster/pc-{number}*"),
    |number| format!("acs:polardb:*:*:dbcluster/pc-{number}"),
    |number| format!("acs:polardb:*:*:dbcluster/pc-{number}*"),
    |number| format!("*pc-{number}*"),
    |_| "*".to_owned(),
];

/// The operands of an operator, few or many, and a value that is none of them.
fn operands(operator: Operator, many: bool) -> (Vec<String>, &'static str) {
    let numbers = 0..if many { 20 } else { 2 };
    let name = operator.name();
    if name.starts_with("Numeric") {
        (numbers.map(|number| format!("{number}.5")).collect(), "-12345678901234567890.25")
    } else if name.starts_with("Date") {
        (numbers.map(|number| format!("20{:02}-01-01T00:00:00Z", number + 30)).collect(), "2026-08-12T17:00:00.5+08:00")
    } else if name.ends_with("IpAddress") {
        (numbers.map(|number| format!("10.0.{number}.0/25")).collect(), "203.0.113.7")
    } else if name == "Bool" {
        (vec!["true".to_owned()], "false")
    } else {
        (numbers.map(|number| format!("É{number}")).collect(), "ÉCOLE")
    }
}

#[test]
fn a_decision_allocates_nothing() {
    let mut statements: Vec<Value> = Vec::new();
    let mut context = Context::unknown();
    for (number, operator) in Operator::ALL.iter().enumerate() {
        for many in [false, true] {
            let key = format!("k{number}{many}");
            let (operands, value) = operands(*operator, many);
            context.set(&key, value);
            for action in ["polardb:CloseX", "polardb:*", "*"] {
                for form in FORMS {
                    statements.push(json!({
                        "Effect": "Deny", "Action": action, "Resource": [form(7), form(number)],
                        "Condition": {operator.name(): {key.as_str(): operands}, "Bool": {"never": ["true"], "k": "true"}},
                    }));
                }
            }
        }
    }
    context.set("k", "false");
    let mut policies = PolicySet::new(Dialect::lenient());
    let source = SourceText::new("p.json", json!({"Version": "1", "Statement": statements}).to_string());
    policies.add_identity("p", &source, Scope::Account).unwrap();
    let principal = Principal::User { account: "1".into(), name: "alice".into(), id: "2".into() };
    for resource in [FORMS[0](7), FORMS[0](99), "x".repeat(10_000)] {
        let request = Request {
            principal: &principal,
            action: "polardb:CloseX",
            resource: &resource,
            owner: None,
            resource_group: &Known::Unknown,
            context: &context,
            mode: Mode::General,
        };
        // The index is made when it is first asked.
        let expected = policies.decide(&request).outcome;
        let mut outcome = Outcome::Allow;
        let allocated = allocation_counter::measure(|| outcome = policies.decide(&request).outcome);
        assert_eq!((allocated.count_total, outcome), (0, expected), "{resource}");
        assert_eq!(outcome, Outcome::ImplicitDeny);
    }
    assert!(allocation_counter::measure(|| drop(String::from("x"))).count_total > 0, "allocations are not counted");
}
