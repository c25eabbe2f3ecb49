//! Parameters from query, form and JSON body.

use super::request::within;
use super::{Limits, WireError, percent};
use crate::catalog::Parameters;
use crate::json::{self, Kind, Member, SourceText, Syntax, Value};

/// The parameters of a call while they are gathered from the places where they stand.
pub(super) struct Gathered<'a> {
    limits: &'a Limits,
    /// Those of the query, which a V3 signature covers by name.
    pub(super) query: Parameters,
    /// Those of query and body together.
    pub(super) all: Parameters,
}

/// How the body of a call is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// There is no body.
    Empty,
    Form,
    Json,
}

impl Reading {
    /// Decides by the content type alone, which must be one of the two exactly (spec openapi-wire T7).
    pub(super) fn of(content_type: Option<&str>, body: &[u8], accepted: &'static str) -> Result<Self, WireError> {
        if body.is_empty() {
            return Ok(Self::Empty);
        }
        let given = content_type.unwrap_or("");
        let refused = || WireError::ContentType { given: given.to_owned(), accepted };
        let (kind, parameter) = match given.split_once(';') {
            Some((kind, parameter)) => (kind.trim_end(), Some(parameter.trim())),
            None => (given, None),
        };
        if parameter.is_some_and(|parameter| !parameter.eq_ignore_ascii_case("charset=utf-8")) {
            return Err(refused());
        }
        if kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            Ok(Self::Form)
        } else if kind.eq_ignore_ascii_case("application/json") {
            Ok(Self::Json)
        } else {
            Err(refused())
        }
    }
}

impl<'a> Gathered<'a> {
    pub(super) fn new(limits: &'a Limits) -> Self {
        Self { limits, query: Parameters::new(), all: Parameters::new() }
    }

    /// Takes the parameters of a query.
    pub(super) fn take_query(&mut self, query: &str) -> Result<(), WireError> {
        self.take_pairs("query", query.as_bytes())?;
        // Nothing else is there yet.
        self.query = self.all.clone();
        Ok(())
    }

    /// Takes the parameters of a form.
    pub(super) fn take_form(&mut self, body: &[u8]) -> Result<(), WireError> {
        self.take_pairs("body", body)
    }

    /// Takes the parameters of a JSON body, flattened as the SDKs flatten queries: `Tag.1.Key`
    /// (spec openapi-wire 1.2).
    pub(super) fn take_json(&mut self, body: &[u8]) -> Result<(), WireError> {
        let nowhere = |problem: &str| WireError::Json { line: 1, column: 1, problem: problem.to_owned() };
        let text = std::str::from_utf8(body).map_err(|_| nowhere("the text is not UTF-8"))?;
        let source = SourceText::new("body", text);
        let tree = json::parse(&source, Syntax::Strict)
            .map_err(|error| problem_at(&source, error.span.start, error.kind.to_string()))?;
        match &tree.kind {
            Kind::Object(members) => self.flatten_object(&source, "", members),
            _ => Err(nowhere("the body must be an object, whose members are the parameters")),
        }
    }

    fn flatten_object(&mut self, source: &SourceText, prefix: &str, members: &[Member]) -> Result<(), WireError> {
        let mut names = std::collections::BTreeSet::new();
        for member in members {
            if !names.insert(member.name.to_ascii_lowercase()) {
                let problem = format!("member `{}` is repeated", member.name.escape_default());
                return Err(problem_at(source, member.name_span.start, problem));
            }
            // Clients leave a null out when they flatten; here it is the same as not being there.
            if member.value.kind != Kind::Null {
                self.flatten(source, &join(prefix, &member.name), &member.value)?;
            }
        }
        Ok(())
    }

    fn flatten(&mut self, source: &SourceText, name: &str, value: &Value) -> Result<(), WireError> {
        // The names of a deep tree grow with its depth; they are refused before they are built up further.
        within("name of a parameter", name.len(), self.limits.name_bytes)?;
        match &value.kind {
            Kind::Null => Err(problem_at(source, value.span.start, "a list has a null element".to_owned())),
            Kind::Bool(flag) => self.insert(name, if *flag { "true" } else { "false" }),
            Kind::Number(digits) if digits.contains(['e', 'E']) => {
                let problem = "a number has an exponent: write it out, or as a string";
                Err(problem_at(source, value.span.start, problem.to_owned()))
            }
            Kind::Number(text) | Kind::String(text) => self.insert(name, text),
            Kind::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    self.flatten(source, &join(name, &(index + 1).to_string()), element)?;
                }
                Ok(())
            }
            Kind::Object(members) => self.flatten_object(source, name, members),
        }
    }

    fn take_pairs(&mut self, place: &'static str, encoded: &[u8]) -> Result<(), WireError> {
        for (index, pair) in encoded.split(|byte| *byte == b'&').enumerate() {
            if pair.is_empty() {
                continue;
            }
            let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
                Some(at) => (pair.get(..at).unwrap_or(&[]), pair.get(at + 1..).unwrap_or(&[])),
                None => (pair, &[] as &[u8]),
            };
            let decode = |part| {
                percent::decode(part).map_err(|problem| WireError::Undecodable {
                    place,
                    position: index + 1,
                    problem: problem.to_string(),
                })
            };
            self.insert(&decode(name)?, &decode(value)?)?;
        }
        Ok(())
    }

    /// Adds one parameter to the whole, if it is one that every reader reads alike.
    fn insert(&mut self, name: &str, value: &str) -> Result<(), WireError> {
        within("name of a parameter", name.len(), self.limits.name_bytes)?;
        within("value of a parameter", value.len(), self.limits.value_bytes)?;
        within("number of parameters", self.all.len() + 1, self.limits.parameters)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'~' | b'-');
        if name.is_empty() || !name.bytes().all(plain) {
            return Err(WireError::Name { name: name.escape_default().to_string() });
        }
        // A JSON document or a description may have several lines; ids are held to their own shape later on.
        if value.chars().any(|character| character.is_control() && !matches!(character, '\t' | '\n' | '\r')) {
            return Err(WireError::ControlCharacter { name: name.to_owned() });
        }
        self.all.insert(name, value)?;
        Ok(())
    }
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

fn problem_at(source: &SourceText, offset: usize, problem: String) -> WireError {
    let position = source.position(offset);
    WireError::Json { line: position.line, column: position.column, problem }
}
