//! Templates of ROS, in JSON and in YAML.

use super::carried::{self, Functions};
use super::draft::{Draft, note_unread};
use super::tree::{Content, Node, Style, characters};
use super::{Contents, carriers};
use crate::json::{SourceText, Span};
use crate::policy::PolicyKind;
use crate::report::{Finding, Severity};

/// What makes a file a template.
pub(super) const MARK: &str = "ROSTemplateFormatVersion";

/// Whether a tree is a template.
pub(super) fn is_template(root: &Node) -> bool {
    root.get(MARK).is_some()
}

/// The documents of a template, each under the name of its resource and property.
pub(super) fn read(root: &Node, file: &SourceText) -> Contents {
    let mut contents = Contents::default();
    for (name, resource) in root.at(&["Resources"]).into_iter().flat_map(Node::members) {
        let (Some(name), Some(kind)) = (name.text(), resource.get("Type").and_then(Node::text)) else { continue };
        for carrier in carriers::of_ros(kind) {
            let functions = Ros { casts_version: carrier.kind != PolicyKind::Resource };
            let path: Vec<&str> = ["Properties"].into_iter().chain(carrier.path()).collect();
            for value in resource.at(&path) {
                let property = path.last().copied().unwrap_or_default();
                let name = format!("{name}.{property}");
                match carried::document(
                    value,
                    file,
                    name.clone(),
                    Some(carrier.kind),
                    &functions,
                    "a part of a template",
                ) {
                    Some(document) => contents.documents.push(carrier.of(document)),
                    None if value.content == Content::Bare("null".to_owned()) => {}
                    None => contents.notes.push(Finding {
                        severity: Severity::Note,
                        code: "unread".to_owned(),
                        message: format!("the policy {name} is a value of elsewhere, which is not read"),
                        help: None,
                        place: Some((file.clone(), value.span)),
                    }),
                }
            }
        }
    }
    let notes: Vec<_> = contents.documents.iter().filter_map(note_unread).collect();
    contents.notes.extend(notes);
    contents
}

/// The functions of ROS, long (`{"Ref": "Name"}`) and short (`!Ref Name`).
struct Ros {
    /// Whether `Version` is declared as a string, so that ROS makes one of a number: it is in the documents of RAM, as in
    /// the roles of stack groups in aliyun/ros-templates. A bucket policy is a map of anything.
    casts_version: bool,
}

impl Functions for Ros {
    fn is_function(&self, node: &Node) -> bool {
        function(node).is_some()
    }

    fn casts_number(&self, name: &str) -> bool {
        self.casts_version && name == "Version"
    }

    /// Of `Fn::Sub` and `Fn::Join` the parts of their texts that are known, of all others nothing.
    fn write(&self, node: &Node, file: &SourceText, draft: &mut Draft) {
        let Some((name, argument)) = function(node) else { return };
        let before = draft.mark();
        draft.added("\"");
        let known = match name {
            "Sub" => substituted(argument, file, draft),
            "Join" => joined(argument, file, draft),
            _ => None,
        };
        if known.is_some() {
            draft.added("\"");
        } else {
            draft.back_to(&before);
            draft.unread(file.slice(node.span), node.span);
        }
    }
}

/// The name of a function, without `Fn::` and `!`, and its argument.
fn function(node: &Node) -> Option<(&str, &Node)> {
    match &node.content {
        Content::Tagged(tag, argument) => Some((tag.trim_start_matches('!'), argument)),
        Content::Object(members) => match &members[..] {
            [(name, argument)] => {
                let name = name.text()?;
                let function = name.strip_prefix("Fn::").or_else(|| (name == "Ref").then_some(name))?;
                Some((function, argument))
            }
            _ => None,
        },
        _ => None,
    }
}

/// The text of `Fn::Sub`, whose `${…}` are unread and whose `${!…}` mean themselves.
fn substituted(argument: &Node, file: &SourceText, draft: &mut Draft) -> Option<()> {
    let template = argument.text().map(|_| argument).or_else(|| argument.elements().first())?;
    let (text, at) = verbatim(template, file)?;
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, opened) = rest.split_at_checked(start)?;
        let end = opened.find('}')? + 1;
        let (variable, after) = opened.split_at_checked(end)?;
        let here = at + (text.len() - rest.len());
        literal(before, here, draft);
        let place = here + start;
        let name = variable.strip_prefix("${")?.strip_suffix('}')?;
        match name.strip_prefix('!') {
            Some(name) => {
                draft.stands_for(&format!("${{{name}}}"), Span::new(place, place + variable.len()));
            }
            None => draft.unread(name, Span::new(place, place + variable.len())),
        }
        rest = after;
    }
    literal(rest, at + (text.len() - rest.len()), draft);
    Some(())
}

/// The text of `Fn::Join`, whose elements that are no texts are unread.
fn joined(argument: &Node, file: &SourceText, draft: &mut Draft) -> Option<()> {
    let [delimiter, parts] = argument.elements() else { return None };
    delimiter.text()?;
    let Content::List(parts) = &parts.content else { return None };
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            let place = delimiter.span;
            delimiter.text()?.chars().for_each(|c| draft.json_character(c, file.slice(place), place.start));
        }
        match &part.content {
            Content::Text(..) => characters(part, file, draft, Draft::json_character),
            Content::Bare(text) => draft.stands_for(text, part.span),
            _ => draft.unread(file.slice(part.span), part.span),
        }
    }
    Some(())
}

/// A text that stands in the file as it is, and where.
fn verbatim<'f>(node: &Node, file: &'f SourceText) -> Option<(&'f str, usize)> {
    let Content::Text(text, style) = &node.content else { return None };
    let raw = file.slice(node.span);
    let quoted = raw.starts_with(['"', '\'']);
    let inner = if quoted { raw.get(1..raw.len().checked_sub(1)?)? } else { raw };
    (*style != Style::Lines && inner == text).then_some((inner, node.span.start + usize::from(quoted)))
}

fn literal(text: &str, at: usize, draft: &mut Draft) {
    for (offset, c) in text.char_indices() {
        draft.json_character(c, text.get(offset..offset + c.len_utf8()).unwrap_or_default(), at + offset);
    }
}

#[cfg(test)]
mod tests;
