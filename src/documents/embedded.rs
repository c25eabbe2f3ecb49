//! A policy document and the file it stands in.

use super::map::Map;
use super::{Neighbour, placeholders};
use crate::json::{SourceText, Span};
use crate::policy::{InvalidPolicy, PolicyKind};
use crate::report::Finding;

/// A policy document with its own text, and the file that a person edits.
///
/// For a policy file the two are the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedded {
    pub(super) file: SourceText,
    pub(super) text: SourceText,
    pub(super) map: Map,
    pub(super) name: String,
    pub(super) kind: Option<PolicyKind>,
    pub(super) service: Option<&'static str>,
    pub(super) neighbour: Option<Neighbour>,
    pub(super) unread: Vec<Unread>,
    pub(super) editing: Editing,
}

/// A part of a document that only another program knows: an interpolation of Terraform, a function of a template, a
/// placeholder in a policy file.
///
/// In the text of the document it stands as `${…}`, or as it is in a policy file, without `*`, `?` and `:` of its own, so that it is never taken for
/// a wildcard or for a field of an ARN.
/// Nothing can be concluded from a text that has such a part: it may be anything, `*` included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Where its stand-in is in the text of the document.
    pub span: Span,
    /// The expression, as it stands in the file.
    pub expression: String,
}

/// Whether the text of a document can be replaced where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Editing {
    /// The document is the file.
    File,
    /// The document stands in lines of its own in the file.
    Lines(Lines),
    /// It cannot be replaced safely; the text says what it is instead, as in "an expression of Terraform".
    No(&'static str),
}

/// Lines of a file that are a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines {
    /// All the lines, the break of the last one included.
    pub(super) span: Span,
    /// What every line begins with.
    pub(super) indent: String,
    /// Whether `${` and `%{` are escaped as Terraform has it.
    pub(super) template: bool,
    /// What every line ends with.
    pub(super) line_break: &'static str,
}

impl Embedded {
    /// A file that is a policy document.
    pub(super) fn of_file(file: &SourceText, kind: Option<PolicyKind>) -> Self {
        Self {
            file: file.clone(),
            text: file.clone(),
            map: Map::identity(file.text().len()),
            name: stem(file.name()).to_owned(),
            kind,
            service: None,
            neighbour: None,
            unread: placeholders::within(file.text()),
            editing: Editing::File,
        }
    }

    /// The file that a person edits.
    #[must_use]
    pub fn file(&self) -> &SourceText {
        &self.file
    }

    /// The text of the document, under the name of the file and, where the file holds more than it, its own.
    #[must_use]
    pub fn text(&self) -> &SourceText {
        &self.text
    }

    /// What the document is called: the stem of its file, or as in `alicloud_ram_policy.deploy`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is used as, where that was said, or where its place or its shape shows it. An identity policy cannot
    /// be told from a control or a session policy by its shape: then there is none.
    #[must_use]
    pub fn kind(&self) -> Option<PolicyKind> {
        self.kind
    }

    /// Of a resource policy, the RAM code of the service that reads it, where its place shows it: each has rules of its
    /// own on what a resource policy may hold.
    #[must_use]
    pub fn service(&self) -> Option<&'static str> {
        self.service
    }

    /// The language it is written in, where that is another than RAM's: then no rule of RAM's applies to it.
    #[must_use]
    pub fn neighbour(&self) -> Option<Neighbour> {
        self.neighbour
    }

    /// The parts that could not be read, in the order of the text.
    #[must_use]
    pub fn unread(&self) -> &[Unread] {
        &self.unread
    }

    /// Whether `span` of the document holds a part that could not be read, so that nothing follows from its text.
    #[must_use]
    pub fn has_unread(&self, span: Span) -> bool {
        self.unread.iter().any(|part| part.span.start < span.end && span.start < part.span.end)
    }

    /// Whether the document can be replaced where it stands.
    #[must_use]
    pub fn editing(&self) -> &Editing {
        &self.editing
    }

    /// The file, and where in it the part of the document at `span` stands: exactly, or the nearest part of the file
    /// that encloses it.
    #[must_use]
    pub fn place(&self, span: Span) -> (SourceText, Span) {
        (self.file.clone(), self.map.span(span))
    }

    /// Where the document stands in the file as a whole.
    #[must_use]
    pub fn whole(&self) -> Span {
        self.map.whole()
    }

    /// A finding about the document's text as one about the file.
    #[must_use]
    pub fn in_file(&self, mut finding: Finding) -> Finding {
        finding.place =
            finding.place.map(|(text, span)| if text == self.text { self.place(span) } else { (text, span) });
        finding
    }

    /// Every mistake of the document, each at its place in the file.
    #[must_use]
    pub fn mistakes(&self, invalid: &InvalidPolicy) -> Vec<Finding> {
        Finding::of_policy(invalid).into_iter().map(|finding| self.in_file(finding)).collect()
    }

    /// What to replace in the file, by what, so that the document reads `text`; nothing where that is not
    /// [safe](Self::editing).
    #[must_use]
    pub fn rewritten(&self, text: &str) -> Option<(Span, String)> {
        match &self.editing {
            Editing::File => Some((Span::new(0, self.file.text().len()), text.to_owned())),
            Editing::Lines(lines) => Some((lines.span, lines.written(text))),
            Editing::No(_) => None,
        }
    }
}

/// What the lines of a text end with.
pub(super) fn line_break(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

impl Lines {
    pub(super) fn written(&self, text: &str) -> String {
        let mut written = String::with_capacity(text.len());
        for line in text.lines() {
            if !line.is_empty() {
                written.push_str(&self.indent);
            }
            if self.template {
                written.push_str(&line.replace("${", "$${").replace("%{", "%%{"));
            } else {
                written.push_str(line);
            }
            written.push_str(self.line_break);
        }
        written
    }
}

/// The last part of a path, without its ending.
fn stem(path: &str) -> &str {
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    match file.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => file,
    }
}
