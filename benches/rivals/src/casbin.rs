//! casbin: its model of subjects, actions and objects with effects that deny, a policy line for each statement, and functions as its own
//! `keyMatch` for patterns and conditions, called only for what they are needed for. It decides between yes and no alone.

use casbin::function_map::OperatorFunction;
use casbin::rhai::{Dynamic, ImmutableString, Map};
use casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, MgmtApi};

use super::mix::Call;
use super::statement::{Action, Condition, Statement};
use super::wildcards::matches;
use super::{Found, Rival};

const MODEL: &str = "
[request_definition]
r = sub, act, obj, context

[policy_definition]
p = sub, act, obj, when, eft

[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))

[matchers]
m = r.sub == p.sub && ramAction(r.act, p.act) && ramMatch(r.obj, p.obj) && (p.when == \"\" || ramMet(r.context, p.when))
";
const CALLER: &str = "alice";

pub struct Casbin {
    enforcer: Enforcer,
    calls: Vec<Vec<Dynamic>>,
}

impl Casbin {
    pub fn new(statements: &[Statement], calls: &[Call]) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let enforcer = runtime.block_on(async {
            let model = DefaultModel::from_str(MODEL).await.expect("the model");
            let mut enforcer = Enforcer::new(model, MemoryAdapter::default()).await.expect("an enforcer");
            enforcer.add_function("ramAction", OperatorFunction::Arg2(action_matches));
            enforcer.add_function("ramMatch", OperatorFunction::Arg2(resource_matches));
            enforcer.add_function("ramMet", OperatorFunction::Arg2(met));
            for line in statements.iter().map(line) {
                // A statement that stands there twice is one line.
                let _new = enforcer.add_policy(line).await.expect("a policy");
            }
            enforcer
        });
        let text = |text: &str| Dynamic::from(text.to_owned());
        let prepared = |call: &Call| {
            let context: Map = call.context.iter().map(|(key, value)| ((*key).into(), text(value))).collect();
            vec![text(CALLER), text(&call.action), text(&call.resource), Dynamic::from(context)]
        };
        Self { enforcer, calls: calls.iter().map(prepared).collect() }
    }
}

impl Rival for Casbin {
    fn decide(&mut self, number: usize) -> Found {
        Found::Allowed(self.enforcer.enforce(self.calls[number].clone()).expect("a decision"))
    }
}

fn line(statement: &Statement) -> Vec<String> {
    let action = match &statement.action {
        Action::Exact(action) | Action::Like(action) => action.clone(),
        Action::Not(patterns) => format!("!{}", patterns.join("|")),
    };
    let when = statement
        .condition
        .as_ref()
        .map(|Condition { operator, key, operands }| format!("{operator} {key} {}", operands.join("|")));
    let effect = if statement.allows { "allow" } else { "deny" };
    vec![CALLER.to_owned(), action, statement.resource.clone(), when.unwrap_or_default(), effect.to_owned()]
}

fn with_texts(a: &Dynamic, b: &Dynamic, then: impl FnOnce(&str, &str) -> bool) -> Dynamic {
    let texts = (a.read_lock::<ImmutableString>(), b.read_lock::<ImmutableString>());
    let (Some(a), Some(b)) = texts else { panic!("two texts") };
    then(&a, &b).into()
}

fn action_matches(asked: Dynamic, said: Dynamic) -> Dynamic {
    with_texts(&asked, &said, |asked, said| match said.strip_prefix('!') {
        Some(patterns) => !patterns.split('|').any(|pattern| matches(pattern, asked)),
        None => matches(said, asked),
    })
}

fn resource_matches(asked: Dynamic, said: Dynamic) -> Dynamic {
    with_texts(&asked, &said, |asked, said| matches(said, asked))
}

fn met(context: Dynamic, when: Dynamic) -> Dynamic {
    let (Some(context), Some(when)) = (context.read_lock::<Map>(), when.read_lock::<ImmutableString>()) else {
        panic!("a map and a text")
    };
    let mut parts = when.splitn(3, ' ');
    let mut part = || parts.next().expect("three parts");
    let (operator, key, mut operands) = (part(), part(), part().split('|'));
    let Some(value) = context.get(key).and_then(|value| value.read_lock::<ImmutableString>()) else {
        return false.into();
    };
    let number = |text: &str| text.parse::<f64>().expect("a number");
    let met = match operator {
        "IpAddress" => operands.any(|block| within(&value, block)),
        "StringEquals" | "Bool" => operands.any(|operand| operand == value.as_str()),
        // All instants of the mix are in UTC and of one length.
        "DateLessThan" => operands.any(|operand| value.as_str() < operand),
        "NumericLessThan" => operands.any(|operand| number(&value) < number(operand)),
        other => panic!("{other} is not of the mix"),
    };
    met.into()
}

/// All addresses of the mix are IPv4.
fn within(address: &str, block: &str) -> bool {
    let bits = |text: &str| text.parse::<std::net::Ipv4Addr>().expect("an address").to_bits();
    let (base, length) = block.split_once('/').expect("a block");
    let length: u32 = length.parse().expect("a length");
    (bits(address) ^ bits(base)).checked_shr(32 - length).unwrap_or(0) == 0
}
