//! Documents in the values of JSON and YAML files.

use super::draft::Draft;
use super::tree::{Content, Node, characters};
use super::{Editing, Embedded};
use crate::json::{SourceText, Span};
use crate::policy::PolicyKind;

/// What is written for the values that only another program knows.
pub(super) trait Functions {
    /// Whether a value is one of them.
    fn is_function(&self, node: &Node) -> bool;

    /// Writes it, with what is known of its text.
    fn write(&self, node: &Node, file: &SourceText, draft: &mut Draft);

    /// Whether the tool makes a text of a number that stands under this name.
    fn casts_number(&self, _name: &str) -> bool {
        false
    }
}

/// The document that a value is: a text that holds one, or an object.
pub(super) fn document(
    node: &Node,
    file: &SourceText,
    name: String,
    kind: Option<PolicyKind>,
    functions: &dyn Functions,
    what: &'static str,
) -> Option<Embedded> {
    let mut draft = Draft::default();
    match &node.content {
        Content::Text(..) => characters(node, file, &mut draft, Draft::character),
        Content::Object(_) if !functions.is_function(node) => write(node, file, &mut draft, functions),
        _ => return None,
    }
    Some(draft.finish(file, node.span, name, kind, Editing::No(what)))
}

/// Writes a value as JSON.
pub(super) fn write(node: &Node, file: &SourceText, draft: &mut Draft, functions: &dyn Functions) {
    if functions.is_function(node) {
        return functions.write(node, file, draft);
    }
    match &node.content {
        Content::Bare(json) => draft.stands_for(json, node.span),
        Content::Text(..) => string(node, file, draft),
        Content::List(elements) => {
            draft.stands_for("[", first(node.span));
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    draft.added(",");
                }
                write(element, file, draft, functions);
            }
            draft.stands_for("]", last(node.span));
        }
        Content::Object(members) => {
            draft.stands_for("{", first(node.span));
            for (index, (name, value)) in members.iter().enumerate() {
                if index > 0 {
                    draft.added(",");
                }
                match &name.content {
                    Content::Text(..) => string(name, file, draft),
                    Content::Bare(text) => draft.stands_for(&format!("\"{text}\""), name.span),
                    _ => draft.unread(file.slice(name.span), name.span),
                }
                draft.added(":");
                match (name.text(), &value.content) {
                    (Some(name), Content::Bare(number))
                        if functions.casts_number(name) && number.starts_with(|sign: char| sign.is_ascii_digit()) =>
                    {
                        draft.stands_for(&format!("\"{number}\""), value.span);
                    }
                    _ => write(value, file, draft, functions),
                }
            }
            draft.stands_for("}", last(node.span));
        }
        Content::Tagged(..) => draft.unread(file.slice(node.span), node.span),
    }
}

/// Writes a text as a JSON string.
fn string(node: &Node, file: &SourceText, draft: &mut Draft) {
    let sign = file.slice(first(node.span));
    quote(sign, first(node.span), draft);
    characters(node, file, draft, Draft::json_character);
    quote(sign, last(node.span), draft);
}

/// A quote of a JSON string, whose text begins in the file with `sign`.
fn quote(sign: &str, file: Span, draft: &mut Draft) {
    match sign {
        "\"" => draft.same("\"", file.start),
        "'" => draft.stands_for("\"", file),
        _ => draft.added("\""),
    }
}

const fn first(span: Span) -> Span {
    Span::new(span.start, span.start + 1)
}

const fn last(span: Span) -> Span {
    Span::new(span.end.saturating_sub(1), span.end)
}
