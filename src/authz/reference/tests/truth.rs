//! Every operator before everything that can be known of a key: `truth_table.json`, made from spec ram-policy-language 4
//! and 11 and spec gate-rules G2, and by none of the evaluators.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::json;

use crate::authz::reference::condition::{Truth, truth};
use crate::authz::{Mode, Outcome, PolicySet, Request, reference};
use crate::catalog::Known;
use crate::identity::{Principal, Scope};
use crate::json::SourceText;
use crate::policy::{AbsentKey, Context, ContextValue, Dialect, Document, Operator, PolicyKind, TestOutcome};

#[derive(Debug, Deserialize)]
struct Row {
    operator: String,
    operands: Vec<String>,
    value: Value,
    outcome: String,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Value {
    State(String),
    Values(Vec<String>),
}

impl Row {
    fn known(&self) -> ContextValue {
        match &self.value {
            Value::State(state) if state == "unknown" => ContextValue::Unknown,
            Value::State(state) if state == "absent" => ContextValue::Absent,
            Value::State(state) => panic!("no state `{state}`"),
            Value::Values(values) => ContextValue::Present(values.clone()),
        }
    }

    fn policy(&self, effect: &str) -> SourceText {
        let condition = json!({&self.operator: {"acs:Key": self.operands}});
        let statement = json!({"Effect": effect, "Action": "*", "Resource": "*", "Condition": condition});
        SourceText::new("row", json!({"Version": "1", "Statement": [statement]}).to_string())
    }

    /// What a statement with the test comes to, beside an Allow of everything if it is a Deny.
    fn decided(&self, effect: &str, dialect: Dialect) -> Outcome {
        let mut set = PolicySet::new(dialect);
        set.add_identity("row", &self.policy(effect), Scope::Account).unwrap();
        if effect == "Deny" {
            let all = r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;
            set.add_identity("all", &SourceText::new("all", all), Scope::Account).unwrap();
        }
        let mut context = Context::new();
        context.set_value("acs:Key", self.known());
        let request = Request {
            principal: &Principal::User { account: "1".into(), name: "alice".into(), id: "2".into() },
            action: "a:b",
            resource: "*",
            owner: None,
            resource_group: &Known::Unknown,
            context: &context,
            mode: Mode::General,
        };
        let decision = set.decide(&request).to_decision();
        let answer = reference::decide(&reference::Policies::of(&set.applicable()), &request);
        assert_eq!(answer.difference(&decision), None, "{self:?}");
        decision.outcome
    }
}

fn rows() -> Vec<Row> {
    serde_json::from_str(include_str!("../truth_table.json")).unwrap()
}

#[test]
fn every_operator_comes_to_what_the_table_says() {
    for row in rows() {
        let document = Document::parse(&row.policy("Allow"), PolicyKind::Identity, &Dialect::strict()).unwrap();
        let test = &document.statements()[0].condition()[0];
        let operands: Vec<&str> = row.operands.iter().map(String::as_str).collect();
        let by_reference = truth(&row.operator, &operands, AbsentKey::PositiveFalseNegatedTrue, &row.known());
        let (engine, reference, allow, deny) = match row.outcome.as_str() {
            "Met" => (TestOutcome::Met, Truth::Met, Outcome::Allow, Outcome::ExplicitDeny),
            "Unmet" => (TestOutcome::Unmet, Truth::Unmet, Outcome::ImplicitDeny, Outcome::Allow),
            "Unreadable" => (TestOutcome::Unreadable, Truth::Unreadable, Outcome::ImplicitDeny, Outcome::ExplicitDeny),
            other => panic!("no outcome `{other}`"),
        };
        assert_eq!(test.evaluate(&row.known()), engine, "{row:?}");
        assert_eq!(by_reference, reference, "{row:?}");
        assert_eq!(row.decided("Allow", Dialect::strict()), allow, "{row:?}");
        assert_eq!(row.decided("Deny", Dialect::strict()), deny, "{row:?}");
    }
}

#[test]
fn every_operator_before_an_absent_key_is_false_where_the_dialect_says_so() {
    let dialect = || Dialect { absent_key: AbsentKey::AlwaysFalse, ..Dialect::strict() };
    let absent = |row: &Row| match row.known() {
        ContextValue::Absent => true,
        ContextValue::Present(values) => values.is_empty(),
        ContextValue::Unknown => false,
    };
    for row in rows().into_iter().filter(absent) {
        assert_eq!(row.decided("Allow", dialect()), Outcome::ImplicitDeny, "{row:?}");
        assert_eq!(row.decided("Deny", dialect()), Outcome::Allow, "{row:?}");
    }
}

#[test]
fn the_table_has_every_operator_in_every_state() {
    let mut seen = BTreeSet::new();
    for row in rows() {
        let state = match &row.value {
            Value::State(state) => state.clone(),
            Value::Values(values) => match values.as_slice() {
                [] => "none".to_owned(),
                [empty] if empty.is_empty() => "empty text".to_owned(),
                values => format!("{} {}", values.len(), row.outcome),
            },
        };
        seen.insert((row.operator, row.operands.len(), state));
    }
    for operator in Operator::ALL {
        let exact = ["StringEquals", "StringNotEquals", "StringLike", "StringNotLike"];
        for operands in [1, 2] {
            let mut states = vec!["unknown", "absent", "none", "empty text", "1 Met", "1 Unmet", "2 Met", "2 Unmet"];
            let folded = operator.name().ends_with("IgnoreCase");
            // Every text is a text, and of the two booleans one or the other matches two operands.
            if !exact.contains(&operator.name()) && (!folded || operands == 2) {
                states.extend(["1 Unreadable", "2 Unreadable"]);
            }
            if *operator == Operator::Bool && operands == 2 {
                states.retain(|state| !state.ends_with("Unmet"));
            }
            for state in states {
                let row = (operator.name().to_owned(), operands, state.to_owned());
                assert!(seen.contains(&row), "{row:?}");
            }
        }
    }
}
