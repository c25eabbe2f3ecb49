//! A question to the evaluator as somebody writes it down in JSON.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::GivenKeys;

/// May somebody make a call, or do something with a resource?
///
/// ```
/// use ramgate::authz::{Asked, Question};
///
/// let question: Question = serde_json::from_str(
///     r#"{"principal": "alice", "action": "polardb:CloseX", "resource": "*",
///         "context": {"acs:SourceIp": "203.0.113.7", "acs:MFAPresent": null}}"#,
/// )?;
/// assert!(matches!(question.asked(), Ok(Asked::Action { action: "polardb:CloseX", .. })));
/// assert_eq!(question.keys().map(|keys| keys.absent), Ok(vec!["acs:MFAPresent".to_owned()]));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    principal: Option<String>,
    operation: Option<String>,
    #[serde(default)]
    parameters: Pairs<String>,
    action: Option<String>,
    resource: Option<String>,
    resource_group: Option<String>,
    #[serde(default)]
    context: Pairs<Given>,
    #[serde(default)]
    complete: bool,
    #[serde(default)]
    trace: bool,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Asked<'q> {
    /// A call.
    Call {
        /// As in `polardb:2017-08-01:CloseDBClusterMigration`.
        operation: &'q str,
        /// Names and values, in the order in which they are written; repeated ones among them.
        parameters: &'q [(String, String)],
    },
    /// An action on a resource.
    Action {
        /// As in `polardb:CloseDBClusterMigration`.
        action: &'q str,
        /// An ARN, or `*`.
        resource: &'q str,
        /// The resource's group: an empty one says that it is in none.
        resource_group: Option<&'q str>,
    },
}

/// A question that does not say what is asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidQuestion {
    /// Both kinds of questions, or half of one.
    #[error(
        "ask either for an `operation` with its `parameters`, or for an `action` on a `resource`, which may have a \
         `resource_group`"
    )]
    Form,
    /// A key that has a value and can have none.
    #[error("`{key}` is no condition key that can have a value")]
    Key {
        /// The key.
        key: String,
    },
}

impl Question {
    /// Who asks.
    #[must_use]
    pub fn principal(&self) -> Option<&str> {
        self.principal.as_deref()
    }

    /// What is asked for.
    ///
    /// # Errors
    /// [`InvalidQuestion::Form`] where that is not one of the two.
    pub fn asked(&self) -> Result<Asked<'_>, InvalidQuestion> {
        match (&self.operation, &self.action, &self.resource) {
            (Some(operation), None, None) if self.resource_group.is_none() => {
                Ok(Asked::Call { operation, parameters: &self.parameters.0 })
            }
            (None, Some(action), Some(resource)) if self.parameters.0.is_empty() => {
                Ok(Asked::Action { action, resource, resource_group: self.resource_group.as_deref() })
            }
            _ => Err(InvalidQuestion::Form),
        }
    }

    /// What is said of condition keys: the value of each, or its values, or `null` for one that the request does not carry.
    ///
    /// # Errors
    /// [`InvalidQuestion::Key`] where a family of keys has a value.
    pub fn keys(&self) -> Result<GivenKeys, InvalidQuestion> {
        let mut keys = GivenKeys { complete: self.complete, ..GivenKeys::default() };
        for (key, given) in &self.context.0 {
            if key.is_empty() || (key.ends_with('/') && !matches!(given, Given::Absent)) {
                return Err(InvalidQuestion::Key { key: key.clone() });
            }
            match given {
                Given::Values(values) => keys.values.push((key.clone(), values.clone())),
                Given::Absent => keys.absent.push(key.clone()),
            }
        }
        Ok(keys)
    }

    /// Whether a trace is asked for too.
    #[must_use]
    pub fn wants_trace(&self) -> bool {
        self.trace
    }
}

/// What is said of a condition key.
#[derive(Debug, Clone)]
enum Given {
    Values(Vec<String>),
    Absent,
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrSeveral;
        impl<'de> Visitor<'de> for OneOrSeveral {
            type Value = Given;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, a list of strings, or null")
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Given, E> {
                Ok(Given::Values(vec![value.to_owned()]))
            }

            fn visit_unit<E: Error>(self) -> Result<Given, E> {
                Ok(Given::Absent)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Given, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = list.next_element()? {
                    values.push(value);
                }
                Ok(Given::Values(values))
            }
        }
        deserializer.deserialize_any(OneOrSeveral)
    }
}

/// The members of a JSON object, repeated ones among them.
#[derive(Debug, Clone)]
struct Pairs<T>(Vec<(String, T)>);

impl<T> Default for Pairs<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = Pairs<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<T>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Members(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(text: &str) -> Question {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_question_is_about_a_call_or_about_an_action_and_never_half_of_both() {
        let call = question(r#"{"operation": "p:v:o", "parameters": {"a": "1", "b": "2", "a": "3"}, "trace": true}"#);
        let parameters = [("a", "1"), ("b", "2"), ("a", "3")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(call.asked(), Ok(Asked::Call { operation: "p:v:o", parameters: &parameters }));
        assert_eq!((call.principal(), call.wants_trace()), (None, true));

        let text = r#"{"principal": "alice", "action": "a:B", "resource": "*", "resource_group": "rg-a"}"#;
        let action = question(text);
        assert_eq!(action.asked(), Ok(Asked::Action { action: "a:B", resource: "*", resource_group: Some("rg-a") }));
        assert_eq!((action.principal(), action.wants_trace()), (Some("alice"), false));

        for text in [
            "{}",
            r#"{"action": "a:B"}"#,
            r#"{"resource": "*"}"#,
            r#"{"operation": "p:v:o", "action": "a:B", "resource": "*"}"#,
            r#"{"operation": "p:v:o", "resource": "*"}"#,
            r#"{"operation": "p:v:o", "resource_group": ""}"#,
            r#"{"action": "a:B", "resource": "*", "parameters": {"a": "1"}}"#,
        ] {
            assert_eq!(question(text).asked(), Err(InvalidQuestion::Form), "{text}");
        }
    }

    #[test]
    fn a_key_has_a_value_or_several_or_is_said_to_be_absent() {
        let asked = question(r#"{"context": {"a": "1", "b": ["2", "3"], "c": null, "d/": null}, "complete": true}"#);
        let keys = asked.keys().unwrap();
        let value = |key: &str, values: &[&str]| (key.to_owned(), values.iter().map(ToString::to_string).collect());
        assert_eq!(keys.values, [value("a", &["1"]), value("b", &["2", "3"])]);
        assert_eq!((keys.absent, keys.unknown), (vec!["c".to_owned(), "d/".to_owned()], Vec::<String>::new()));
        assert!(keys.complete && !question("{}").keys().unwrap().complete);
        for (key, value) in [("", "null"), ("", r#""1""#), ("d/", r#""1""#)] {
            let refused = question(&format!(r#"{{"context": {{"{key}": {value}}}}}"#)).keys();
            assert_eq!(refused.unwrap_err(), InvalidQuestion::Key { key: key.to_owned() });
        }
    }

    #[test]
    fn what_is_of_no_form_is_told_with_what_it_should_be() {
        for (text, told) in [
            (r#"{"context": {"a": 1}}"#, "expected a string, a list of strings, or null"),
            (r#"{"context": []}"#, "expected an object"),
            (r#"{"parameters": "a"}"#, "expected an object"),
            (r#"{"who": "alice"}"#, "unknown field `who`"),
        ] {
            let error = serde_json::from_str::<Question>(text).unwrap_err().to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
