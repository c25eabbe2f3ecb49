//! A parameter as one line: `DBClusterId! kind:dbcluster @sdk`.

use std::collections::BTreeMap;

use super::is_name;
use crate::catalog::operation::{Parameter, Role, Shape};

/// Reads parameter lines.
///
/// A line is the name, with `!` behind it where a call must have it, and then words in any order: a type
/// (`string` where there is none), `comma` for a list with commas, `kind:<kind>`, and `@<mark>`. The type
/// `objects` may have the fields of an element in parentheses, separated by commas and written alike.
pub(super) struct ParameterLine;

/// What is wrong with a line, and how many bytes into it.
pub(super) struct LineMistake {
    pub(super) offset: usize,
    pub(super) message: String,
}

impl ParameterLine {
    pub(super) fn parse(line: &str, kinds: &BTreeMap<String, Role>) -> Result<Parameter, LineMistake> {
        let (head, fields, tail) = match (line.split_once('('), line.rsplit_once(')')) {
            (None, None) => (line, None, ""),
            (Some((head, rest)), Some((_, tail))) if rest.len() > tail.len() => {
                let fields = rest.get(..rest.len() - tail.len() - 1).unwrap_or("");
                (head, Some((head.len() + 1, fields)), tail)
            }
            _ => return Err(LineMistake { offset: 0, message: "a parenthesis has no partner".to_owned() }),
        };
        let mut parameter = Self::words(line, head.split(' ').chain(tail.split(' ')), kinds)?;
        if let Some((offset, text)) = fields {
            let Shape::Objects(into) = &mut parameter.shape else {
                let message = "fields in parentheses belong behind `objects`".to_owned();
                return Err(LineMistake { offset, message });
            };
            let mut at = offset;
            for field in text.split(", ") {
                let field = Self::words(field, field.split(' '), kinds)
                    .map_err(|mistake| LineMistake { offset: at + mistake.offset, ..mistake })?;
                at += field.name.len();
                into.push(field);
                at = offset + Self::next_field(text, at - offset);
            }
        }
        Ok(parameter)
    }

    /// Where in `text` the field after the one around `at` begins.
    fn next_field(text: &str, at: usize) -> usize {
        text.get(at..).and_then(|rest| rest.find(", ")).map_or(text.len(), |comma| at + comma + 2)
    }

    fn words<'a>(
        line: &str,
        words: impl Iterator<Item = &'a str>,
        kinds: &BTreeMap<String, Role>,
    ) -> Result<Parameter, LineMistake> {
        let mut words = words.filter(|word| !word.is_empty());
        let wrong = |word: &str, message: String| LineMistake { offset: line.find(word).unwrap_or(0), message };
        let name = words.next().unwrap_or("");
        let (name, required) = name.strip_suffix('!').map_or((name, false), |name| (name, true));
        if !is_name(name) || name.contains('.') {
            return Err(wrong(name, format!("`{name}` is not a parameter name: write letters, digits, `_` and `-`")));
        }
        let mut parameter = Parameter {
            name: name.to_owned(),
            required,
            shape: Shape::String,
            comma: false,
            kind: None,
            role: Role::Plain,
            mark: None,
        };
        for word in words {
            parameter.shape = match word {
                "string" => Shape::String,
                "integer" => Shape::Integer,
                "number" => Shape::Number,
                "boolean" => Shape::Boolean,
                "strings" => Shape::Strings,
                "objects" => Shape::Objects(Vec::new()),
                "json-strings" => Shape::JsonStrings,
                "json-objects" => Shape::JsonObjects,
                "json-object" => Shape::JsonObject,
                "json-map" => Shape::JsonMap,
                "comma" => {
                    parameter.comma = true;
                    continue;
                }
                _ => {
                    if let Some(kind) = word.strip_prefix("kind:") {
                        let role = kinds.get(kind).ok_or_else(|| {
                            wrong(word, format!("kind `{kind}` is not declared: add it under `[kinds]` with its role"))
                        })?;
                        parameter.kind = Some(kind.to_owned());
                        parameter.role = *role;
                    } else if let Some(mark) = word.strip_prefix('@') {
                        parameter.mark = Some(mark.to_owned());
                    } else {
                        return Err(wrong(
                            word,
                            format!("`{word}` is neither a type, `comma`, `kind:<kind>` nor `@<mark>`"),
                        ));
                    }
                    continue;
                }
            };
        }
        Ok(parameter)
    }
}
