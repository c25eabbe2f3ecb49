//! Every id in a call, wherever it stands (spec gate-rules G5, G7).

use std::collections::BTreeMap;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::Value;
use super::shape::invalid;
use crate::catalog::operation::{Operation, Parameter, Role};
use crate::catalog::product::Product;
use crate::catalog::{FactRequest, Parameters, ResolutionError};

/// An id that a call holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sighting {
    pub(super) id: String,
    /// The parameter it stands in, as the call names it.
    pub(super) parameter: String,
    pub(super) what: Sighted,
    /// Whether it is such an id for sure, or only if the inventory has it.
    pub(super) certain: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sighted {
    /// The cluster that the call is about.
    Primary,
    /// Any other cluster.
    Cluster,
    /// Something of this kind that belongs to clusters.
    Member(String),
}

impl Sighting {
    pub(super) fn fact_request(&self) -> FactRequest {
        let id = self.id.clone();
        match &self.what {
            Sighted::Primary | Sighted::Cluster => FactRequest::Cluster { id, certain: self.certain },
            Sighted::Member(kind) => FactRequest::Member { kind: kind.clone(), id },
        }
    }
}

/// `[a-z]{2}-[a-z0-9]+` (spec gate-rules G7).
pub(super) fn is_cluster_id(text: &str) -> bool {
    let Some((head, tail)) = text.split_once('-') else { return false };
    head.len() == 2
        && head.bytes().all(|byte| byte.is_ascii_lowercase())
        && !tail.is_empty()
        && tail.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// `[A-Za-z0-9._-]{1,128}` (spec gate-rules G7).
fn is_id(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

/// Holds the values of id parameters to the form of their kind.
pub(super) fn check(values: &[Value], tagged_are_clusters: bool) -> Result<(), ResolutionError> {
    for value in values {
        let cluster = match value.role {
            Role::Primary | Role::Cluster => true,
            Role::Tagged => tagged_are_clusters,
            Role::Member | Role::Id | Role::Region | Role::ResourceGroup => false,
            _ => continue,
        };
        if cluster && !is_cluster_id(&value.text) {
            let problem = "a cluster id is two lower-case letters, `-`, then lower-case letters and digits".to_owned();
            return Err(invalid(&value.written, problem));
        }
        if !cluster && !is_id(&value.text) {
            let problem = "an id is 1 to 128 letters, digits, `.`, `_` and `-`".to_owned();
            return Err(invalid(&value.written, problem));
        }
    }
    Ok(())
}

/// Every id that stands in the call: the values of declared id parameters, and whatever looks like the id of a
/// cluster or of a member within any other value.
pub(super) fn sightings(
    product: &Product,
    operation: &Operation,
    values: &[Value],
    tagged_are_clusters: bool,
    parameters: &Parameters,
) -> Result<Vec<Sighting>, ResolutionError> {
    let mut found = Found::default();
    for value in values {
        let what = match value.role {
            Role::Primary => Sighted::Primary,
            Role::Tagged if tagged_are_clusters => Sighted::Primary,
            Role::Cluster => Sighted::Cluster,
            Role::Member => Sighted::Member(value.kind.clone().unwrap_or_default()),
            _ => continue,
        };
        found.add(&value.text, &value.written, what, true)?;
    }
    for (written, text) in parameters.iter() {
        let base = written.split_once('.').map_or(written, |(base, _)| base);
        let role = operation.parameter(base).map_or(Role::Plain, Parameter::role);
        // Secrets name nothing. The others were read above, whole; within one there is nothing else.
        if matches!(role, Role::Primary | Role::Cluster | Role::Region | Role::Secret)
            || (role == Role::Tagged && tagged_are_clusters)
        {
            continue;
        }
        let mut texts = vec![text.to_owned()];
        strings_within(written, text, 0, &mut texts)?;
        for text in &texts {
            scan(product, written, text, role, &mut found)?;
        }
    }
    Ok(found.sightings)
}

/// How many ids one call may hold. Each costs a decision, and PolarDB takes lists of some dozens.
const MOST_IDS: usize = 1024;

/// Sightings in the order they were made, each id once as a cluster and once as a member.
#[derive(Default)]
struct Found {
    sightings: Vec<Sighting>,
    /// Id, and whether as a member, to its place.
    places: BTreeMap<(String, bool), usize>,
}

impl Found {
    fn add(&mut self, id: &str, parameter: &str, what: Sighted, certain: bool) -> Result<(), ResolutionError> {
        let key = (id.to_owned(), matches!(what, Sighted::Member(_)));
        let known = self.places.get(&key).and_then(|place| self.sightings.get_mut(*place));
        if let Some(known) = known {
            known.certain |= certain;
            if what == Sighted::Primary {
                known.what = what;
            }
            return Ok(());
        }
        if self.sightings.len() == MOST_IDS {
            return Err(invalid(parameter, format!("the call names more than {MOST_IDS} resources: split it")));
        }
        self.places.insert(key, self.sightings.len());
        self.sightings.push(Sighting { id: id.to_owned(), parameter: parameter.to_owned(), what, certain });
        Ok(())
    }
}

/// Looks for ids in one text. A token is whatever stands between characters that no id has.
fn scan(product: &Product, written: &str, text: &str, role: Role, found: &mut Found) -> Result<(), ResolutionError> {
    let in_token = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-');
    for token in text.split(|character| !in_token(character)) {
        // An address names what its first label names, if that is anything.
        let (id, address) = token.split_once('.').map_or((token, false), |(label, _)| (label, true));
        let certain = !address && role != Role::Text;
        let lower = id.to_ascii_lowercase();
        let prefix = product.prefixes.iter().find(|(prefix, _)| {
            lower
                .strip_prefix(prefix.as_str())
                .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        });
        let (what, certain) = match prefix {
            Some((_, known)) if known.role == Role::Member => (Sighted::Member(known.kind.clone()), certain),
            Some(_) => (Sighted::Cluster, certain),
            None if is_cluster_id(id) && !product.not_clusters.iter().any(|other| id.starts_with(other.as_str())) => {
                (Sighted::Cluster, false)
            }
            None => continue,
        };
        if lower != id {
            if certain && what == Sighted::Cluster {
                let problem = format!("`{id}` is a cluster id in another letter case: write `{lower}`");
                return Err(invalid(written, problem));
            }
            continue;
        }
        found.add(id, written, what, certain)?;
    }
    Ok(())
}

/// How deep JSON may stand inside the strings of JSON.
const NESTED_JSON: usize = 8;

/// Adds every string of a JSON text, member names and JSON within strings included, to `strings`: an id may be
/// written with escapes there.
fn strings_within(written: &str, text: &str, depth: usize, strings: &mut Vec<String>) -> Result<(), ResolutionError> {
    if depth == NESTED_JSON {
        return Err(invalid(written, format!("it has JSON within JSON more than {NESTED_JSON} deep")));
    }
    let Ok(JsonStrings(inner)) = serde_json::from_str(text) else {
        // Some operations document texts that only resemble JSON. Their ids are found as they stand, and as their
        // escapes would have them read.
        if text.contains("\\u") {
            strings.push(unescaped(text));
        }
        return Ok(());
    };
    for text in inner {
        strings_within(written, &text, depth + 1, strings)?;
        strings.push(text);
    }
    Ok(())
}

/// `text` with every `\u0041` read as the character it stands for.
fn unescaped(text: &str) -> String {
    let mut parts = text.split("\\u");
    let mut read = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let escape = part.get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32);
        match (escape, part.get(4..)) {
            (Some(character), Some(rest)) => {
                read.push(character);
                read.push_str(rest);
            }
            _ => read.push_str(part),
        }
    }
    read
}

/// Every string of a JSON value; a member that stands twice counts twice.
struct JsonStrings(Vec<String>);

impl<'de> Deserialize<'de> for JsonStrings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = JsonStrings;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a JSON value")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<JsonStrings, A::Error> {
                let mut strings = Vec::new();
                while let Some(JsonStrings(inner)) = seq.next_element()? {
                    strings.extend(inner);
                }
                Ok(JsonStrings(strings))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JsonStrings, A::Error> {
                let mut strings = Vec::new();
                while let Some((name, JsonStrings(inner))) = map.next_entry::<String, JsonStrings>()? {
                    strings.push(name);
                    strings.extend(inner);
                }
                Ok(JsonStrings(strings))
            }

            fn visit_str<E>(self, text: &str) -> Result<JsonStrings, E> {
                Ok(JsonStrings(vec![text.to_owned()]))
            }

            fn visit_bool<E>(self, _: bool) -> Result<JsonStrings, E> {
                Ok(JsonStrings(Vec::new()))
            }

            fn visit_i64<E>(self, _: i64) -> Result<JsonStrings, E> {
                Ok(JsonStrings(Vec::new()))
            }

            fn visit_u64<E>(self, _: u64) -> Result<JsonStrings, E> {
                Ok(JsonStrings(Vec::new()))
            }

            fn visit_f64<E>(self, _: f64) -> Result<JsonStrings, E> {
                Ok(JsonStrings(Vec::new()))
            }

            fn visit_unit<E>(self) -> Result<JsonStrings, E> {
                Ok(JsonStrings(Vec::new()))
            }
        }
        deserializer.deserialize_any(Collect)
    }
}
