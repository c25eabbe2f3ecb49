//! A document that is put together from what stands in a file.

use super::map::Builder;
use super::{Editing, Embedded, Unread};
use crate::json::{SourceText, Span};
use crate::policy::PolicyKind;
use crate::report::{Finding, Severity};

/// How many unread expressions a note names.
const SHOWN: usize = 3;

/// A document in the making.
#[derive(Debug, Default)]
pub(super) struct Draft {
    builder: Builder,
    unread: Vec<Unread>,
    /// Whether the text so far ends inside a JSON string.
    in_string: bool,
    escaped: bool,
}

/// A state of a draft that it can be brought back to.
pub(super) struct Mark {
    length: usize,
    unread: usize,
    in_string: bool,
    escaped: bool,
}

impl Draft {
    pub(super) fn mark(&self) -> Mark {
        Mark { length: self.builder.len(), unread: self.unread.len(), in_string: self.in_string, escaped: self.escaped }
    }

    /// Takes back everything that was written after `mark`.
    pub(super) fn back_to(&mut self, mark: &Mark) {
        self.builder.truncate(mark.length);
        self.unread.truncate(mark.unread);
        self.in_string = mark.in_string;
        self.escaped = mark.escaped;
    }

    /// Text that stands in the file from `at` on.
    pub(super) fn same(&mut self, text: &str, at: usize) {
        self.follow(text);
        self.builder.same(text, at);
    }

    /// Text that stands for `file`.
    pub(super) fn stands_for(&mut self, text: &str, file: Span) {
        self.follow(text);
        self.builder.stands_for(text, file);
    }

    /// Text that has no place in the file.
    pub(super) fn added(&mut self, text: &str) {
        self.follow(text);
        self.builder.added(text);
    }

    /// One character of a text, which stands in the file as `raw` at `at`.
    pub(super) fn character(&mut self, character: char, raw: &str, at: usize) {
        let mut bytes = [0; 4];
        let text = character.encode_utf8(&mut bytes);
        if text == raw {
            self.same(raw, at);
        } else {
            self.stands_for(text, Span::new(at, at + raw.len()));
        }
    }

    /// One character of a string, as JSON writes it; it stands in the file as `raw` at `at`.
    pub(super) fn json_character(&mut self, character: char, raw: &str, at: usize) {
        let written = match character {
            '"' => "\\\"".to_owned(),
            '\\' => "\\\\".to_owned(),
            '\n' => "\\n".to_owned(),
            '\r' => "\\r".to_owned(),
            '\t' => "\\t".to_owned(),
            control if control.is_control() => format!("\\u{:04x}", u32::from(control)),
            other => other.to_string(),
        };
        if written == raw {
            self.same(raw, at);
        } else {
            self.stands_for(&written, Span::new(at, at + raw.len()));
        }
    }

    /// An expression that only another program can evaluate. Inside a JSON string it is a part of that, elsewhere a
    /// string of its own.
    pub(super) fn unread(&mut self, expression: &str, file: Span) {
        let stand_in = stand_in(expression);
        let text = if self.in_string { stand_in } else { format!("\"{stand_in}\"") };
        let start = self.builder.len();
        self.stands_for(&text, file);
        let span = Span::new(start, self.builder.len());
        self.unread.push(Unread { span, expression: expression.trim().to_owned() });
    }

    /// The finished document; `whole` is where it stands in the file.
    pub(super) fn finish(
        self,
        file: &SourceText,
        whole: Span,
        name: String,
        kind: Option<PolicyKind>,
        editing: Editing,
    ) -> Embedded {
        let editing = match self.unread.is_empty() {
            true => editing,
            false => Editing::No("a text with parts that only another program knows"),
        };
        let (text, map) = self.builder.finish(whole);
        let text = SourceText::new(format!("{}#{name}", file.name()), text);
        let (service, neighbour) = (None, None);
        Embedded { file: file.clone(), text, map, name, kind, service, neighbour, unread: self.unread, editing }
    }

    fn follow(&mut self, text: &str) {
        for byte in text.bytes() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                _ => {}
            }
        }
    }
}

/// What stands in a document for an expression: short, legible where the expression is a plain name, and never with a
/// sign that means something in a policy.
fn stand_in(expression: &str) -> String {
    let expression = expression.trim();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | '-' | '[' | ']');
    if !expression.is_empty() && expression.len() <= 60 && expression.chars().all(plain) {
        format!("${{{expression}}}")
    } else {
        "${…}".to_owned()
    }
}

/// A note that parts of a document could not be read, at the first of them.
pub(super) fn note_unread(document: &Embedded) -> Option<Finding> {
    let help = "nothing is concluded from a text that has such a part; a plan (`terraform show -json`) knows more";
    note(document, "that are not known before it is applied", help)
}

/// A note that a policy file has parts that are filled in elsewhere, at the first of them.
pub(super) fn note_placeholders(document: &Embedded) -> Option<Finding> {
    let help = "nothing is concluded from a text that has such a part; check what is made of the template too";
    note(document, "that are filled in elsewhere", help)
}

fn note(document: &Embedded, which: &str, help: &str) -> Option<Finding> {
    let first = document.unread.first()?;
    let mut expressions: Vec<&str> = Vec::new();
    for part in &document.unread {
        if !expressions.contains(&part.expression.as_str()) {
            expressions.push(&part.expression);
        }
    }
    let shown: Vec<String> =
        expressions.iter().take(SHOWN).map(|expression| format!("`{}`", short(expression))).collect();
    let more = expressions.len().saturating_sub(SHOWN);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    Some(Finding {
        severity: Severity::Note,
        code: "unread".to_owned(),
        message: format!("{} has parts {which}: {}{more}", document.name, shown.join(", ")),
        help: Some(help.to_owned()),
        place: Some(document.place(first.span)),
    })
}

/// An expression on one line, cut.
fn short(expression: &str) -> String {
    let line = expression.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= 60 { line } else { format!("{}…", line.chars().take(60).collect::<String>()) }
}
