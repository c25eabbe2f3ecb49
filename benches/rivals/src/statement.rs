//! The statements of the mix, as far as they have to be understood to be written in other languages.

use serde_json::Value;

pub struct Statement {
    pub allows: bool,
    pub action: Action,
    /// `*` is any text, `?` one character.
    pub resource: String,
    pub condition: Option<Condition>,
}

pub enum Action {
    Exact(String),
    Like(String),
    /// Every action but those that one of these matches.
    Not(Vec<String>),
}

pub struct Condition {
    pub operator: String,
    pub key: String,
    pub operands: Vec<String>,
}

/// All statements of all documents, in their order.
pub fn read(documents: &[String]) -> Vec<Statement> {
    let documents = documents.iter().map(|text| serde_json::from_str::<Value>(text).expect("a document of the mix"));
    documents.flat_map(|document| document["Statement"].as_array().expect("statements").clone()).map(one).collect()
}

fn one(statement: Value) -> Statement {
    let action = match (&statement["Action"], &statement["NotAction"]) {
        (Value::String(action), _) if is_wild(action) => Action::Like(action.clone()),
        (Value::String(action), _) => Action::Exact(action.clone()),
        (_, patterns) => Action::Not(texts(patterns)),
    };
    let condition = statement["Condition"].as_object().map(|operators| {
        let (operator, keys) = only(operators);
        let (key, operands) = only(keys.as_object().expect("keys"));
        Condition { operator: operator.clone(), key: key.clone(), operands: texts(operands) }
    });
    let [resource] = <[String; 1]>::try_from(texts(&statement["Resource"])).expect("one resource");
    Statement { allows: statement["Effect"] == "Allow", action, resource, condition }
}

fn only(members: &serde_json::Map<String, Value>) -> (&String, &Value) {
    assert_eq!(members.len(), 1, "{members:?}");
    members.iter().next().expect("one member")
}

fn texts(value: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    value.as_array().map_or_else(|| vec![text(value)], |all| all.iter().map(text).collect())
}

pub fn is_wild(pattern: &str) -> bool {
    pattern.contains(['*', '?'])
}
