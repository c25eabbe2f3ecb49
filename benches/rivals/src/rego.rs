//! regorus: one rule set, compiled once, over data that is indexed by action, by resource, and by both, so that only what no index can
//! find is gone through. Its virtual machine evaluates it, with the compiled program and the data kept.

use ramgate::authz::Outcome;
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::{Engine, Value};
use serde_json::{Map, json};

use super::mix::Call;
use super::statement::{Action, Condition, Statement, is_wild};
use super::{Found, Rival};

const RULE: &str = "data.ram.decision";
const POLICY: &str = r#"
package ram

default decision := "ImplicitDeny"

decision := "ExplicitDeny" if "Deny" in effects
else := "Allow" if "Allow" in effects

effects contains statement.effect if {
    some statement in data.index.both[input.action][input.resource]
    met(statement)
}

effects contains statement.effect if {
    some statement in data.index.action[input.action]
    about(statement)
    met(statement)
}

effects contains statement.effect if {
    some statement in data.index.resource[input.resource]
    allows_action(statement)
    met(statement)
}

effects contains statement.effect if {
    some statement in data.index.rest
    allows_action(statement)
    about(statement)
    met(statement)
}

about(statement) if startswith(input.resource, statement.beginning)
about(statement) if regex.match(statement.resource, input.resource)

allows_action(statement) if regex.match(statement.action, input.action)
allows_action(statement) if {
    statement.not_action
    not regex.match(statement.not_action, input.action)
}

met(statement) if not statement.operator
met(statement) if {
    statement.operator == "IpAddress"
    some block in statement.operands
    net.cidr_contains(block, input.context[statement.key])
}
met(statement) if {
    statement.operator == "Equals"
    input.context[statement.key] in statement.operands
}
met(statement) if {
    statement.operator == "LessThan"
    input.context[statement.key] < statement.operand
}
"#;

pub struct Rego {
    machine: RegoVM,
    inputs: Vec<Value>,
}

impl Rego {
    pub fn new(statements: &[Statement], calls: &[Call]) -> Self {
        // Its room by default is for fewer expressions than there are.
        regorus::cache::configure(regorus::cache::Config { regex: 8 * 1024, ..regorus::cache::Config::default() });
        let mut engine = Engine::new();
        engine.add_policy("ram.rego".to_owned(), POLICY.to_owned()).expect("the policy");
        let data = Value::from_json_str(&index(statements).to_string()).expect("data");
        engine.add_data(data.clone()).expect("data");
        let compiled = engine.compile_with_entrypoint(&RULE.into()).expect("a compiled policy");
        let mut machine = RegoVM::new();
        machine.load_program(Compiler::compile_from_policy(&compiled, &[RULE]).expect("a program"));
        machine.set_data(data).expect("data");
        let inputs = calls.iter().map(input).collect();
        Self { machine, inputs }
    }
}

impl Rival for Rego {
    fn decide(&mut self, number: usize) -> Found {
        self.machine.set_input(self.inputs[number].clone());
        let decided = self.machine.execute().unwrap_or_else(|error| panic!("{error}"));
        Found::Outcome(match &*decided.as_string().expect("a text").to_string() {
            "Allow" => Outcome::Allow,
            "ExplicitDeny" => Outcome::ExplicitDeny,
            "ImplicitDeny" => Outcome::ImplicitDeny,
            other => panic!("{other} is no decision"),
        })
    }
}

fn index(statements: &[Statement]) -> serde_json::Value {
    let (mut both, mut action, mut resource, mut rest) = (Map::new(), Map::new(), Map::new(), Vec::new());
    for statement in statements {
        let effect = if statement.allows { "Allow" } else { "Deny" };
        let mut entry = Map::from_iter([("effect".to_owned(), json!(effect))]);
        if let Some(condition) = &statement.condition {
            entry.extend(self::condition(condition));
        }
        let exact_resource = !is_wild(&statement.resource);
        if !exact_resource {
            let (name, text) = match statement.resource.strip_suffix('*') {
                Some(beginning) if !is_wild(beginning) => ("beginning", beginning.to_owned()),
                _ => ("resource", expression(&statement.resource)),
            };
            entry.insert(name.to_owned(), text.into());
        }
        match &statement.action {
            Action::Exact(_) => {}
            Action::Like(pattern) => drop(entry.insert("action".to_owned(), expression(pattern).into())),
            Action::Not(patterns) => {
                let all: Vec<String> = patterns.iter().map(|pattern| expression(pattern)).collect();
                entry.insert("not_action".to_owned(), all.join("|").into());
            }
        }
        let place = match &statement.action {
            Action::Exact(exact) if exact_resource => {
                let resources = both.entry(exact).or_insert_with(|| json!({}));
                let resources = resources.as_object_mut().expect("an object");
                resources.entry(&statement.resource).or_insert_with(|| json!([]))
            }
            Action::Exact(exact) => action.entry(exact).or_insert_with(|| json!([])),
            _ if exact_resource => resource.entry(&statement.resource).or_insert_with(|| json!([])),
            _ => {
                rest.push(entry);
                continue;
            }
        };
        place.as_array_mut().expect("a list").push(entry.into());
    }
    json!({"index": {"both": both, "action": action, "resource": resource, "rest": rest}})
}

/// A regular expression for the whole text.
fn expression(pattern: &str) -> String {
    let mut expression = "^".to_owned();
    for letter in pattern.chars() {
        match letter {
            '*' => expression.push_str(".*"),
            '?' => expression.push('.'),
            letter if letter.is_ascii_alphanumeric() => expression.push(letter),
            letter => expression.extend(['\\', letter]),
        }
    }
    expression + "$"
}

fn condition(Condition { operator, key, operands }: &Condition) -> Vec<(String, serde_json::Value)> {
    let of = |name: &str, value: serde_json::Value| (name.to_owned(), value);
    let key_of = of("key", json!(key));
    match operator.as_str() {
        "IpAddress" => vec![key_of, of("operator", json!("IpAddress")), of("operands", json!(operands))],
        "StringEquals" => vec![key_of, of("operator", json!("Equals")), of("operands", json!(operands))],
        "Bool" => vec![key_of, of("operator", json!("Equals")), of("operands", json!([operands[0] == "true"]))],
        "DateLessThan" | "NumericLessThan" => {
            vec![key_of, of("operator", json!("LessThan")), of("operand", value(key, &operands[0]))]
        }
        other => panic!("{other} is not of the mix"),
    }
}

/// A value in the form in which it is compared. All instants of the mix are in UTC and of one length.
fn value(key: &str, text: &str) -> serde_json::Value {
    match key {
        "acs:SecureTransport" => json!(text == "true"),
        "acs:TLSVersion" => json!(text.parse::<f64>().expect("a number")),
        _ => json!(text),
    }
}

fn input(call: &Call) -> Value {
    let context: Map<String, serde_json::Value> =
        call.context.iter().map(|(key, text)| ((*key).to_owned(), value(key, text))).collect();
    let input = json!({"action": call.action, "resource": call.resource, "context": context});
    Value::from_json_str(&input.to_string()).expect("an input")
}
