//! Whether the parameters of a call are those that its operation declares (spec gate-rules G6).

use std::collections::{BTreeMap, BTreeSet};

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::Value;
use crate::catalog::operation::{Operation, Parameter, Role, Shape};
use crate::catalog::{Parameters, ResolutionError};

/// Every value of the call in the order of the names; empty ones of optional parameters are left out.
pub(super) fn read(operation: &Operation, parameters: &Parameters) -> Result<Vec<Value>, ResolutionError> {
    let mut values = Vec::new();
    let mut indices: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for (written, text) in parameters.iter() {
        let (base, path) = written.split_once('.').map_or((written, None), |(base, path)| (base, Some(path)));
        let Some(parameter) = operation.parameters.get(base) else {
            // Old clients put it into every call (spec openapi-wire 1.3).
            if written == "RegionId" {
                if !text.is_empty() {
                    values.push(Value {
                        parameter: base.to_owned(),
                        written: written.to_owned(),
                        text: text.to_owned(),
                        role: Role::Region,
                        kind: None,
                    });
                }
                continue;
            }
            return Err(undeclared(operation, written, base));
        };
        let declared = match (&parameter.shape, path) {
            (Shape::Strings, Some(index)) => {
                indices.entry(base).or_default().insert(index_of(written, index)?);
                parameter
            }
            (Shape::Objects(fields), Some(path)) => {
                let (index, field) = path.split_once('.').ok_or_else(|| {
                    invalid(written, format!("`{base}` is a list of objects: write `{base}.1.<field>`"))
                })?;
                indices.entry(base).or_default().insert(index_of(written, index)?);
                match fields.iter().find(|known| known.name == field) {
                    Some(field) => field,
                    None if fields.is_empty() && !field.is_empty() => parameter,
                    None => return Err(undeclared_field(operation, parameter, written, field)),
                }
            }
            (Shape::Strings, None) => {
                return Err(invalid(written, format!("it is a list: write `{base}.1`, `{base}.2`")));
            }
            (Shape::Objects(_), None) => {
                return Err(invalid(written, format!("it is a list of objects: write `{base}.1.<field>`")));
            }
            (_, Some(_)) => return Err(invalid(written, format!("`{base}` is not a list: write `{base}` alone"))),
            (_, None) => parameter,
        };
        let of_list = path.is_some();
        if text.is_empty() && of_list && declared.role != Role::Plain {
            return Err(invalid(written, "an element of a list of ids is empty: leave it out".to_owned()));
        }
        let owner = matches!(declared.role, Role::OwnerId | Role::OwnerAccount | Role::SecurityToken);
        if text.is_empty() && !owner {
            continue;
        }
        check_type(declared, written, text)?;
        let of_ids = !matches!(declared.role, Role::Plain | Role::Text | Role::Secret);
        let elements: Vec<String> = match declared.shape {
            Shape::JsonStrings if of_ids => serde_json::from_str(text)
                .map_err(|_| invalid(written, "it must be a JSON array of strings".to_owned()))?,
            _ if of_ids && declared.comma => text.split(',').map(str::to_owned).collect(),
            _ => vec![text.to_owned()],
        };
        if elements.iter().any(String::is_empty) && !owner {
            return Err(invalid(written, "a member of the list is empty: leave it out".to_owned()));
        }
        values.extend(elements.iter().map(|element| value(declared, written, element)));
    }
    for (base, seen) in &indices {
        if seen.last().copied() != Some(seen.len()) {
            return Err(invalid(base, "the indices of a list count from 1 without a gap".to_owned()));
        }
    }
    for parameter in operation.parameters.values().filter(|parameter| parameter.required) {
        let name = parameter.name.as_str();
        let present = match parameter.shape {
            Shape::Strings | Shape::Objects(_) => indices.contains_key(name),
            _ => parameters.get(name).is_some_and(|text| !text.is_empty()),
        };
        if !present {
            return Err(ResolutionError::MissingParameter {
                operation: operation.name.clone(),
                parameter: name.to_owned(),
                code: format!("Missing{name}"),
            });
        }
    }
    Ok(values)
}

/// The tags that the call passes, `Tag.1.Key` with `Tag.1.Value`.
pub(super) fn request_tags(parameters: &Parameters) -> Result<Vec<(String, String)>, ResolutionError> {
    let mut tags: Vec<(String, String)> = Vec::new();
    let elements = parameters.iter().filter_map(|(written, _)| {
        let (index, field) = written.strip_prefix("Tag.")?.split_once('.')?;
        matches!(field, "Key" | "Value").then_some((written, index))
    });
    let mut done = BTreeSet::new();
    for (written, index) in elements {
        if !done.insert(index) {
            continue;
        }
        let Some(key) = parameters.get(&format!("Tag.{index}.Key")).filter(|key| !key.is_empty()) else {
            return Err(invalid(written, format!("the tag has no key: supply `Tag.{index}.Key`")));
        };
        // With two values of one key a condition would hold for one of them and the service use the other.
        if tags.iter().any(|(known, _)| known == key) {
            return Err(invalid(written, format!("tag key `{key}` is given twice: leave one out")));
        }
        let value = parameters.get(&format!("Tag.{index}.Value")).unwrap_or("");
        tags.push((key.to_owned(), value.to_owned()));
    }
    Ok(tags)
}

fn value(declared: &Parameter, written: &str, text: &str) -> Value {
    Value {
        parameter: declared.name.clone(),
        written: written.to_owned(),
        text: text.to_owned(),
        role: declared.role,
        kind: declared.kind.clone(),
    }
}

/// A list index: decimal, from 1, without leading zeros.
fn index_of(written: &str, text: &str) -> Result<usize, ResolutionError> {
    let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| canonical).ok_or_else(|| {
        invalid(written, format!("list index `{text}` must be a decimal number from 1 without leading zeros"))
    })
}

fn undeclared(operation: &Operation, written: &str, base: &str) -> ResolutionError {
    match operation.parameters.keys().find(|known| known.eq_ignore_ascii_case(base)) {
        Some(known) => invalid(written, format!("it is spelt `{known}`, and letter case counts")),
        None => ResolutionError::UndeclaredParameter {
            operation: operation.name.clone(),
            parameter: written.to_owned(),
            declare: base.to_owned(),
        },
    }
}

fn undeclared_field(operation: &Operation, parameter: &Parameter, written: &str, field: &str) -> ResolutionError {
    let Shape::Objects(fields) = &parameter.shape else { return undeclared(operation, written, &parameter.name) };
    let mut known: Vec<&str> = fields.iter().map(Parameter::name).collect();
    known.push(field);
    ResolutionError::UndeclaredParameter {
        operation: operation.name.clone(),
        parameter: written.to_owned(),
        declare: format!("{} objects({})", parameter.name, known.join(", ")),
    }
}

pub(super) fn invalid(written: &str, problem: String) -> ResolutionError {
    ResolutionError::InvalidParameter { parameter: written.to_owned(), problem }
}

fn check_type(parameter: &Parameter, written: &str, text: &str) -> Result<(), ResolutionError> {
    let digits = |text: &str| !text.is_empty() && text.len() <= 19 && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let fits = match parameter.shape {
        Shape::String | Shape::Strings | Shape::Objects(_) => true,
        Shape::Boolean => text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false"),
        Shape::Integer => digits(unsigned),
        Shape::Number => {
            let (mantissa, exponent) = unsigned
                .split_once(['e', 'E'])
                .map_or((unsigned, None), |(mantissa, exponent)| (mantissa, Some(exponent)));
            let (whole, fraction) =
                mantissa.split_once('.').map_or((mantissa, None), |(whole, fraction)| (whole, Some(fraction)));
            digits(whole)
                && fraction.is_none_or(digits)
                && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
        }
        Shape::JsonStrings | Shape::JsonObjects => {
            serde_json::from_str::<JsonShape>(text).is_ok_and(|shape| shape == JsonShape::Array)
        }
        Shape::JsonObject | Shape::JsonMap => {
            serde_json::from_str::<JsonShape>(text).is_ok_and(|shape| shape == JsonShape::Object)
        }
    };
    if fits {
        return Ok(());
    }
    let expected = match parameter.shape {
        Shape::Boolean => "`true` or `false`",
        Shape::Integer => "a decimal whole number",
        Shape::Number => "a decimal number",
        Shape::JsonStrings | Shape::JsonObjects => "a JSON array",
        _ => "a JSON object without repeated members",
    };
    Err(invalid(written, format!("it must be {expected}")))
}

/// The outer form of a JSON text whose objects have no member twice.
#[derive(PartialEq, Eq)]
enum JsonShape {
    Array,
    Object,
    Other,
}

impl<'de> Deserialize<'de> for JsonShape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Outer;
        impl<'de> Visitor<'de> for Outer {
            type Value = JsonShape;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a JSON value without repeated members")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<JsonShape, A::Error> {
                while seq.next_element::<JsonShape>()?.is_some() {}
                Ok(JsonShape::Array)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JsonShape, A::Error> {
                let mut names = BTreeSet::new();
                while let Some(name) = map.next_key::<String>()? {
                    map.next_value::<JsonShape>()?;
                    if !names.insert(name) {
                        return Err(serde::de::Error::custom("repeated member"));
                    }
                }
                Ok(JsonShape::Object)
            }

            fn visit_str<E>(self, _: &str) -> Result<JsonShape, E> {
                Ok(JsonShape::Other)
            }

            fn visit_bool<E>(self, _: bool) -> Result<JsonShape, E> {
                Ok(JsonShape::Other)
            }

            fn visit_i64<E>(self, _: i64) -> Result<JsonShape, E> {
                Ok(JsonShape::Other)
            }

            fn visit_u64<E>(self, _: u64) -> Result<JsonShape, E> {
                Ok(JsonShape::Other)
            }

            fn visit_f64<E>(self, _: f64) -> Result<JsonShape, E> {
                Ok(JsonShape::Other)
            }

            fn visit_unit<E>(self) -> Result<JsonShape, E> {
                Ok(JsonShape::Other)
            }
        }
        deserializer.deserialize_any(Outer)
    }
}
