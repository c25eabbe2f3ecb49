//! A question to the evaluator as somebody writes it down in JSON.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::InvalidGivenKeys;
use super::given::Giving;
use crate::policy::Context;

/// May somebody make a call, or do something with a resource?
///
/// It borrows from the text that it is read from whatever stands there without an escape.
///
/// ```
/// use ramgate::authz::{Asked, Question};
/// use ramgate::policy::ContextValue;
///
/// let question: Question<'_> = serde_json::from_str(
///     r#"{"principal": "alice", "action": "polardb:CloseX", "resource": "*",
///         "context": {"acs:SourceIp": "203.0.113.7", "acs:MFAPresent": null}}"#,
/// )?;
/// assert!(matches!(question.asked(), Ok(Asked::Action { action: "polardb:CloseX", .. })));
/// let context = question.context(&[("acs:PrincipalARN", "`principal`")]).expect("each key is said once");
/// assert_eq!(context.get("acs:mfapresent"), &ContextValue::Absent);
/// assert_eq!(context.get("acs:principalarn"), &ContextValue::Unknown);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question<'q> {
    #[serde(borrow)]
    principal: Option<Text<'q>>,
    #[serde(borrow)]
    operation: Option<Text<'q>>,
    #[serde(borrow, default, deserialize_with = "parameters")]
    parameters: Pairs<'q, Cow<'q, str>>,
    #[serde(borrow)]
    action: Option<Text<'q>>,
    #[serde(borrow)]
    resource: Option<Text<'q>>,
    #[serde(borrow)]
    resource_group: Option<Text<'q>>,
    #[serde(borrow, default)]
    context: Pairs<'q, Given<'q>>,
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
        parameters: &'q [(Cow<'q, str>, Cow<'q, str>)],
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
    /// A context that contradicts itself or what else is said.
    #[error(transparent)]
    Context(#[from] InvalidGivenKeys),
}

impl Question<'_> {
    /// Who asks.
    #[must_use]
    pub fn principal(&self) -> Option<&str> {
        self.principal.as_ref().map(Text::as_str)
    }

    /// What is asked for.
    ///
    /// # Errors
    /// [`InvalidQuestion::Form`] where that is not one of the two.
    pub fn asked(&self) -> Result<Asked<'_>, InvalidQuestion> {
        match (&self.operation, &self.action, &self.resource) {
            (Some(operation), None, None) if self.resource_group.is_none() => {
                Ok(Asked::Call { operation: operation.as_str(), parameters: &self.parameters.0 })
            }
            (None, Some(action), Some(resource)) if self.parameters.0.is_empty() => Ok(Asked::Action {
                action: action.as_str(),
                resource: resource.as_str(),
                resource_group: self.resource_group.as_ref().map(Text::as_str),
            }),
            _ => Err(InvalidQuestion::Form),
        }
    }

    /// What is said of condition keys: the value of each, or its values, or `null` for one that the request does not carry.
    /// None of the keys in `follow` may be given, since what stands beside each says what it is; one that ends in `*` stands
    /// for all that begin so.
    ///
    /// # Errors
    /// [`InvalidQuestion::Key`] where a family of keys has a value, [`InvalidQuestion::Context`] where a key is said twice, or
    /// once too often.
    pub fn context(&self, follow: &[(&str, &str)]) -> Result<Context, InvalidQuestion> {
        for (key, given) in &self.context.0 {
            if key.is_empty() || (key.ends_with('/') && !matches!(given, Given::Absent)) {
                return Err(InvalidQuestion::Key { key: key.clone().into_owned() });
            }
        }
        let mut giving = Giving::new(self.complete, follow);
        for (key, given) in &self.context.0 {
            match given {
                Given::Value(value) => giving.values(key, [value.as_str()])?,
                Given::Values(values) => giving.values(key, values.iter().map(Text::as_str))?,
                Given::Absent => {}
            }
        }
        for (key, _) in self.context.0.iter().filter(|(_, given)| matches!(given, Given::Absent)) {
            giving.absent(key)?;
        }
        Ok(giving.context())
    }

    /// Whether a trace is asked for too.
    #[must_use]
    pub fn wants_trace(&self) -> bool {
        self.trace
    }
}

/// A string of JSON, as it stands in the text where it has no escapes.
#[derive(Debug, Clone)]
struct Text<'q>(Cow<'q, str>);

impl Text<'_> {
    fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de: 'q, 'q> Deserialize<'de> for Text<'q> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowed;
        impl<'de> Visitor<'de> for Borrowed {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Borrowed)
    }
}

/// What is said of a condition key.
#[derive(Debug, Clone)]
enum Given<'q> {
    Value(Text<'q>),
    Values(Vec<Text<'q>>),
    Absent,
}

impl<'de: 'q, 'q> Deserialize<'de> for Given<'q> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrSeveral;
        impl<'de> Visitor<'de> for OneOrSeveral {
            type Value = Given<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, a list of strings, or null")
            }

            fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Given<'de>, E> {
                Ok(Given::Value(Text(Cow::Borrowed(value))))
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Given<'de>, E> {
                Ok(Given::Value(Text(Cow::Owned(value.to_owned()))))
            }

            fn visit_unit<E: Error>(self) -> Result<Given<'de>, E> {
                Ok(Given::Absent)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Given<'de>, A::Error> {
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

fn parameters<'de: 'q, 'q, D: Deserializer<'de>>(deserializer: D) -> Result<Pairs<'q, Cow<'q, str>>, D::Error> {
    let Pairs(pairs) = Pairs::<Text<'q>>::deserialize(deserializer)?;
    Ok(Pairs(pairs.into_iter().map(|(name, Text(value))| (name, value)).collect()))
}

/// The members of a JSON object, repeated ones among them.
#[derive(Debug, Clone)]
struct Pairs<'q, T>(Vec<(Cow<'q, str>, T)>);

impl<T> Default for Pairs<'_, T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de: 'q, 'q, T: Deserialize<'de>> Deserialize<'de> for Pairs<'q, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = Pairs<'de, T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some((Text(name), value)) = map.next_entry()? {
                    pairs.push((name, value));
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
    use crate::policy::ContextValue;

    fn question(text: &str) -> Question<'_> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_question_is_about_a_call_or_about_an_action_and_never_half_of_both() {
        let call = question(r#"{"operation": "p:v:o", "parameters": {"a": "1", "b": "2", "a": "3"}, "trace": true}"#);
        let parameters = [("a", "1"), ("b", "2"), ("a", "3")].map(|(name, value)| (name.into(), value.into()));
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
        let context = asked.context(&[]).unwrap();
        let present = |values: &[&str]| ContextValue::Present(values.iter().map(ToString::to_string).collect());
        for (key, expected) in [
            ("a", present(&["1"])),
            ("b", present(&["2", "3"])),
            ("c", ContextValue::Absent),
            ("d/e", ContextValue::Absent),
            ("f", ContextValue::Absent),
        ] {
            assert_eq!(*context.get(key), expected, "{key}");
        }
        assert!(context.is_known() && !question("{}").context(&[]).unwrap().is_known());
        let follow = [("a", "the caller")];
        assert_eq!(asked.context(&follow).unwrap_err().to_string(), "`a` follows from the caller: leave it out");
        for (key, value) in [("", "null"), ("", r#""1""#), ("d/", r#""1""#)] {
            let text = format!(r#"{{"context": {{"{key}": {value}}}}}"#);
            let refused = question(&text).context(&[]);
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
            let error = serde_json::from_str::<Question<'_>>(text).unwrap_err().to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
