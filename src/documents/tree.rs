//! What JSON and YAML files hold, with the place of everything: objects, lists and texts of one kind for both.

use super::draft::Draft;
use crate::json::{self, SourceText, Span};

/// A value and where it stands in the file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) span: Span,
    pub(super) content: Content,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    /// `null`, a boolean or a number, as JSON writes it.
    Bare(String),
    /// A string, and how it stands in the file.
    Text(String, Style),
    List(Vec<Node>),
    /// The members in the order of the file, repeated names included; a name is a text.
    Object(Vec<(Node, Node)>),
    /// A value with a tag of YAML, as in `!Ref Name`.
    Tagged(String, Box<Node>),
}

/// How a string stands in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// In the quotes and with the escapes of JSON.
    Json,
    /// In YAML, without quotes or in some.
    Flow,
    /// In YAML, as lines of their own, each as it is.
    Lines,
}

impl Node {
    pub(super) fn of_json(value: &json::Value) -> Self {
        let content = match &value.kind {
            json::Kind::Null => Content::Bare("null".to_owned()),
            json::Kind::Bool(yes) => Content::Bare(yes.to_string()),
            json::Kind::Number(digits) => Content::Bare(digits.clone()),
            json::Kind::String(text) => Content::Text(text.clone(), Style::Json),
            json::Kind::Array(values) => Content::List(values.iter().map(Self::of_json).collect()),
            json::Kind::Object(members) => {
                let name = |member: &json::Member| {
                    let content = Content::Text(member.name.clone(), Style::Json);
                    Self { span: member.name_span, content }
                };
                Content::Object(members.iter().map(|member| (name(member), Self::of_json(&member.value))).collect())
            }
        };
        Self { span: value.span, content }
    }

    /// The text of a string.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text, _) => Some(text),
            _ => None,
        }
    }

    /// The members of an object; none for anything else.
    pub(super) fn members(&self) -> &[(Self, Self)] {
        match &self.content {
            Content::Object(members) => members,
            _ => &[],
        }
    }

    /// The elements of a list; none for anything else.
    pub(super) fn elements(&self) -> &[Self] {
        match &self.content {
            Content::List(elements) => elements,
            _ => &[],
        }
    }

    /// The value of the member of this name.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        self.members().iter().find(|(known, _)| known.text() == Some(name)).map(|(_, value)| value)
    }

    /// The values that a path leads to, through every element of the lists on its way.
    pub(super) fn at(&self, path: &[&str]) -> Vec<&Self> {
        match (path, &self.content) {
            ([], _) => vec![self],
            (_, Content::List(elements)) => elements.iter().flat_map(|element| element.at(path)).collect(),
            ([name, rest @ ..], _) => self.get(name).map(|value| value.at(rest)).unwrap_or_default(),
        }
    }
}

/// The characters of a string, each with what stands in the file for it.
pub(super) fn characters(node: &Node, file: &SourceText, draft: &mut Draft, each: fn(&mut Draft, char, &str, usize)) {
    let Content::Text(text, style) = &node.content else { return };
    let raw = file.slice(node.span);
    match style {
        Style::Json => {
            let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
            escaped(inner, node.span.start + 1, |c, raw, at| each(draft, c, raw, at));
        }
        Style::Flow => {
            let quoted = raw.starts_with(['"', '\'']) && raw.len() >= 2;
            let inner = if quoted { raw.get(1..raw.len() - 1).unwrap_or_default() } else { raw };
            let start = node.span.start + usize::from(quoted);
            if inner == text {
                plain(text, start, |c, raw, at| each(draft, c, raw, at));
            } else if raw.starts_with('\'') && inner.replace("''", "'") == *text {
                doubled(inner, start, |c, raw, at| each(draft, c, raw, at));
            } else if raw.starts_with('"') && decodes_to(inner, text) {
                escaped(inner, start, |c, raw, at| each(draft, c, raw, at));
            } else {
                text.chars().for_each(|c| each(draft, c, raw, node.span.start));
            }
        }
        Style::Lines => lines(node.span, text, file, |c, raw, at| each(draft, c, raw, at)),
    }
}

fn plain(raw: &str, at: usize, mut each: impl FnMut(char, &str, usize)) {
    for (offset, c) in raw.char_indices() {
        each(c, raw.get(offset..offset + c.len_utf8()).unwrap_or_default(), at + offset);
    }
}

/// A text in single quotes, in which a quote is doubled.
fn doubled(raw: &str, at: usize, mut each: impl FnMut(char, &str, usize)) {
    let mut letters = raw.char_indices();
    while let Some((offset, c)) = letters.next() {
        let length = if c == '\'' { letters.next().map_or(1, |_| 2) } else { c.len_utf8() };
        each(c, raw.get(offset..offset + length).unwrap_or_default(), at + offset);
    }
}

/// Whether a text in double quotes has no other escapes than JSON's, and no broken lines.
fn decodes_to(raw: &str, text: &str) -> bool {
    let mut decoded = String::with_capacity(text.len());
    escaped(raw, 0, |c, _, _| decoded.push(c));
    decoded == text
}

/// A text with the escapes of JSON.
fn escaped(raw: &str, at: usize, mut each: impl FnMut(char, &str, usize)) {
    let mut rest = raw;
    while let Some(first) = rest.chars().next() {
        let (c, length) = escape(rest).unwrap_or((first, first.len_utf8()));
        let (one, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        each(c, one, at + (raw.len() - rest.len()));
        rest = after;
    }
}

/// An escape of JSON at the beginning of a text, and how long it is.
fn escape(text: &str) -> Option<(char, usize)> {
    let unit = |text: &str| u32::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok();
    let c = match text.strip_prefix('\\')?.chars().next()? {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => {
            let high = unit(text)?;
            if let Some(c) = char::from_u32(high) {
                return Some((c, 6));
            }
            let low = unit(text.get(6..)?)?;
            let c = char::from_u32(0x1_0000 + ((high & 0x3ff) << 10) + (low & 0x3ff))?;
            return Some((c, 12));
        }
        sign @ ('"' | '\\' | '/') => sign,
        _ => return None,
    };
    Some((c, 2))
}

/// A text of lines of its own: in the file each stands behind the same white space, below a line with a `|`.
fn lines(span: Span, text: &str, file: &SourceText, mut each: impl FnMut(char, &str, usize)) {
    let raw = file.slice(span);
    // The span may begin at the sign, or where the first line begins.
    let mut at = span.start;
    let mut written = raw.split_inclusive('\n').peekable();
    if written.peek().is_some_and(|line| line.starts_with(['|', '>'])) {
        at += written.next().map_or(0, str::len);
    }
    for line in text.split_inclusive('\n') {
        let found = written.next().unwrap_or_default();
        let body = line.trim_end_matches('\n');
        match found.find(body).filter(|before| found.get(..*before).is_some_and(|before| before.trim().is_empty())) {
            Some(indent) => {
                plain(body, at + indent, &mut each);
                if line.ends_with('\n') {
                    let end = at + indent + body.len();
                    let rest = found.get(indent + body.len()..).unwrap_or_default();
                    each('\n', rest, end);
                }
            }
            None => line.chars().for_each(|c| each(c, raw, span.start)),
        }
        at += found.len();
    }
}
