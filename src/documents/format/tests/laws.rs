//! Laws that hold for all policies, however they are written.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::*;
use crate::authz::{Mode, Outcome, PolicySet, Request};
use crate::catalog::Known;
use crate::identity::{Principal, Scope};
use crate::policy::{Context, ContextValue};

/// One text or several, as a text or as a list.
fn texts(choices: Vec<&'static str>) -> impl Strategy<Value = Value> {
    prop_oneof![select(choices.clone()).prop_map(Value::from), vec(select(choices), 1..3).prop_map(Value::from),]
}

fn statement() -> impl Strategy<Value = Value> {
    let action = texts(vec!["*", "oss:*", "oss:Get?bject", "oss:PutObject", "ecs:中\"\\\u{202e}"]);
    let resource = texts(vec!["*", "acs:oss:*:*:b/*", "acs:oss:*:*:b/${x}", "acs:oss:*:*:c\u{a0}\n"]);
    let condition =
        prop::option::of((select(vec!["StringEquals", "StringNotLike"]), texts(vec!["1", "*", "a/b"]), any::<bool>()));
    let members = (select(vec!["Allow", "Deny"]), any::<bool>(), action, resource, condition);
    (members, any::<prop::sample::Index>()).prop_map(|((effect, negated, action, resource, condition), turn)| {
        let mut members = vec![
            ("Effect", json!(effect)),
            (if negated { "NotAction" } else { "Action" }, action),
            ("Resource", resource),
        ];
        if let Some((operator, values, empty)) = condition {
            members
                .push(("Condition", if empty { json!({}) } else { json!({operator: {"acs:ResourceTag/T": values}}) }));
        }
        let turned = turn.index(members.len());
        members.rotate_left(turned);
        Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
    })
}

fn policy() -> impl Strategy<Value = Value> {
    (vec(statement(), 1..4), any::<bool>()).prop_map(|(statements, first)| match first {
        true => json!({"Version": "1", "Statement": statements}),
        false => json!({"Statement": statements, "Version": "1"}),
    })
}

/// Ways to write one and the same value: a choice is taken from `style` at every turn.
struct Writer<'s> {
    style: std::iter::Cycle<std::slice::Iter<'s, u8>>,
    comments: usize,
    lenient: bool,
}

impl Writer<'_> {
    fn choice(&mut self) -> u8 {
        *self.style.next().unwrap()
    }

    /// White space, and in lenient texts a comment in a place where it can stay.
    fn space(&mut self, comment: bool) -> String {
        let choice = self.choice();
        if comment && self.lenient && choice.is_multiple_of(7) {
            self.comments += 1;
            let number = self.comments;
            return if choice.is_multiple_of(2) { format!(" // c{number}\n") } else { format!("\n\t/* c{number} */ ") };
        }
        ["", " ", "\n", "\r\n", "\t \n\n"][usize::from(choice % 5)].to_owned()
    }

    fn string(&mut self, text: &str) -> String {
        let mut out = "\"".to_owned();
        for c in text.chars() {
            if self.choice().is_multiple_of(5) {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out += &format!("\\u{unit:04X}");
                }
            } else {
                let written = serde_json::to_string(&c).unwrap();
                out += written.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
            }
        }
        out + "\""
    }

    fn list(&mut self, items: Vec<String>, [open, close]: [&str; 2]) -> String {
        let count = items.len();
        let mut out = open.to_owned();
        for (index, item) in items.into_iter().enumerate() {
            out += &self.space(true);
            out += &item;
            if index + 1 < count {
                out += &self.space(true);
                out += ",";
            } else if self.lenient && self.choice().is_multiple_of(2) {
                out += ",";
            }
        }
        out += &self.space(true);
        out + close
    }

    fn value(&mut self, value: &Value) -> String {
        match value {
            Value::Array(values) => {
                let items = values.iter().map(|value| self.value(value)).collect();
                self.list(items, ["[", "]"])
            }
            Value::Object(members) => {
                let member = |(name, value): (&String, &Value)| {
                    let name = self.string(name);
                    let (before, after) = (self.space(false), self.space(false));
                    format!("{name}{before}:{after}{}", self.value(value))
                };
                let items: Vec<String> = members.iter().map(member).collect();
                self.list(items, ["{", "}"])
            }
            Value::String(text) => self.string(text),
            other => other.to_string(),
        }
    }
}

/// A policy with lists wherever a list may stand, so that two that mean the same are equal.
fn meaning(value: &Value) -> Value {
    match value {
        Value::Array(values) => values.iter().map(meaning).collect(),
        Value::Object(members) => {
            let listed = |(name, value): (&String, &Value)| {
                let text = value.is_string() && !matches!(name.as_str(), "Version" | "Effect" | "Sid");
                (name.clone(), if text { json!([value]) } else { meaning(value) })
            };
            let mut members: Vec<_> = members.iter().map(listed).collect();
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            Value::Object(members.into_iter().collect())
        }
        other => other.clone(),
    }
}

fn decide(text: &str, action: &str, resource: &str, tag: &ContextValue) -> Outcome {
    let mut set = PolicySet::new(Dialect::lenient());
    set.add_identity("p", &SourceText::new("p.json", text), Scope::Account).unwrap();
    let principal = Principal::User { account: "1234567890123456".into(), name: "alice".into(), id: "2".into() };
    let mut context = Context::new();
    context.set_value("acs:ResourceTag/T", tag.clone());
    set.decide(&Request {
        principal: &principal,
        action,
        resource,
        owner: None,
        resource_group: &Known::Unknown,
        context: &context,
        mode: Mode::General,
    })
    .outcome
}

fn plain(text: &str) -> Value {
    let source = SourceText::new("p.json", text);
    fn value(of: &json::Value) -> Value {
        match &of.kind {
            json::Kind::String(text) => Value::from(text.as_str()),
            json::Kind::Array(values) => values.iter().map(value).collect(),
            json::Kind::Object(members) => {
                Value::Object(members.iter().map(|member| (member.name.clone(), value(&member.value))).collect())
            }
            _ => Value::Null,
        }
    }
    value(&json::parse(&source, Syntax::Lenient).unwrap())
}

proptest! {
    #[test]
    fn formatting_changes_no_decision_and_formatting_twice_is_formatting_once(
        policy in policy(),
        style in vec(any::<u8>(), 20..60),
        lenient in any::<bool>(),
        action in select(vec!["oss:GetObject", "oss:putobject", "ecs:StopX", "ecs:中\"\\\u{202e}"]),
        resource in select(vec!["*", "acs:oss:cn-hangzhou:1:b/x", "acs:oss:::b/${x}", "acs:oss:::c\u{a0}\n"]),
        tag in select(vec![ContextValue::Absent, ContextValue::Unknown, ContextValue::Present(vec!["a/b".to_owned()])]),
    ) {
        let mut writer = Writer { style: style.iter().cycle(), comments: 0, lenient };
        let text = writer.value(&policy);
        let comments = writer.comments;
        let source = SourceText::new("p.json", text.as_str());
        let dialect = Dialect::of(lenient);
        let once = format(&source, PolicyKind::Identity, &dialect).unwrap();
        let twice = format(&SourceText::new("p.json", once.as_str()), PolicyKind::Identity, &dialect).unwrap();
        prop_assert_eq!(&once, &twice);
        prop_assert_eq!(meaning(&plain(&once)), meaning(&policy));
        let kept = (1..=comments).all(|number| {
            once.contains(&format!("/* c{number} */")) || once.lines().any(|line| line.ends_with(&format!("// c{number}")))
        });
        prop_assert!(kept, "{} of {}", once, text);
        let outcome = decide(&text, action, resource, &tag);
        prop_assert_eq!(decide(&once, action, resource, &tag), outcome);
    }
}
