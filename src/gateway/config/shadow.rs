//! `[[shadow]]`: what is denied and forwarded all the same, until when.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};
use toml::Spanned;

use super::reading::Reading;
use crate::identity::PrincipalPattern;
use crate::openapi::sign::date_text;

/// An exception from enforcement that ends by itself (spec gate-rules G15).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shadow {
    /// What it is for.
    #[serde(flatten)]
    pub of: Shadowed,
    /// When it ends.
    pub until: Timestamp,
}

/// What a [`Shadow`] is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shadowed {
    /// Whatever policies deny these principals.
    Principal(#[serde(serialize_with = "shown")] PrincipalPattern),
    /// What would be allowed if no Deny of the policy of this name applied.
    Policy(String),
}

fn shown<S: Serializer>(pattern: &PrincipalPattern, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(pattern)
}

impl fmt::Display for Shadowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Principal(pattern) => write!(f, "principal `{pattern}`"),
            Self::Policy(name) => write!(f, "policy `{name}`"),
        }
    }
}

impl fmt::Display for Shadow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} until {}", self.of, date_text(self.until))
    }
}

/// [Shadow mode](modes.md#shadow-mode): what is denied by policy and forwarded all the same. Exactly one of
/// `principal` and `policy`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShadowFile {
    /// Whose denied calls are forwarded.
    ///
    /// - type: pattern of a principal
    principal: Option<Spanned<String>>,
    /// Name of a policy whose Denies are not enforced.
    policy: Option<Spanned<String>>,
    /// When it ends; it has to be said.
    ///
    /// - type: time with its zone
    /// - default: required
    until: Option<Spanned<String>>,
}

impl Reading<'_> {
    pub(super) fn shadow(&mut self, shadow: Spanned<ShadowFile>) -> Option<Shadow> {
        let span = shadow.span().into();
        let ShadowFile { principal, policy, until } = shadow.into_inner();
        let of = match (principal, policy) {
            (Some(principal), None) => match PrincipalPattern::parse(principal.get_ref()) {
                Ok(pattern) => Some(Shadowed::Principal(pattern)),
                Err(error) => {
                    self.refuse(principal.span().into(), "principal-pattern", error.to_string(), None);
                    None
                }
            },
            (None, Some(policy)) => Some(Shadowed::Policy(policy.into_inner())),
            (None, None) | (Some(_), Some(_)) => {
                let message = "a shadow is for one principal or one policy".to_owned();
                let help =
                    "give either `principal = \"user/…\"` or `policy = \"NAME\"`; several are tables of their own";
                self.refuse(span, "shadow", message, Some(help));
                None
            }
        };
        let until = match until {
            Some(until) => match until.get_ref().parse::<Timestamp>() {
                Ok(time) => Some(time),
                Err(_) => {
                    let message = format!("`{}` is no time", until.get_ref());
                    let help = "write it with its zone, as in \"2027-01-01T00:00:00Z\"";
                    self.refuse(until.span().into(), "shadow", message, Some(help));
                    None
                }
            },
            None => {
                let message = "a shadow has to end".to_owned();
                let help = "say when with `until = \"2027-01-01T00:00:00Z\"`";
                self.refuse(span, "shadow", message, Some(help));
                None
            }
        };
        Some(Shadow { of: of?, until: until? })
    }
}
