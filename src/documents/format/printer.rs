//! Writing a document.

use super::comments::Comment;
use super::text::quoted;
use crate::json::{Kind, Member, SourceText, Span, Value};

/// What a level of indentation is.
const INDENT: &str = "  ";

/// What a value is in a policy, which says how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Document,
    Statements,
    Statement,
    /// `Principal`.
    Principal,
    /// The principals of one kind: a list always, as RAM itself returns them.
    Names,
    /// Actions, resources, and the values of a condition: a list of one is written as its one text.
    Texts,
    Condition,
    /// The keys of an operator.
    Keys,
    /// Anything else: as it is.
    Other,
}

impl Place {
    /// What the member of this name is.
    fn of_member(self, name: &str) -> Self {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        match self {
            Self::Document if is("Statement") => Self::Statements,
            Self::Statement if is("Principal") => Self::Principal,
            Self::Statement if is("Condition") => Self::Condition,
            Self::Statement if ["Action", "NotAction", "Resource", "NotResource"].iter().any(|known| is(known)) => {
                Self::Texts
            }
            Self::Principal => Self::Names,
            Self::Condition => Self::Keys,
            Self::Keys => Self::Texts,
            _ => Self::Other,
        }
    }

    fn of_element(self) -> Self {
        if self == Self::Statements { Self::Statement } else { Self::Other }
    }

    /// Where a member stands among the others; those of one rank keep their order.
    fn rank(self, name: &str) -> usize {
        let order: &[&[&str]] = match self {
            Self::Document => &[&["Version"], &["Statement"]],
            Self::Statement => &[
                &["Sid"],
                &["Effect"],
                &["Principal", "NotPrincipal"],
                &["Action", "NotAction"],
                &["Resource", "NotResource"],
                &["Condition"],
            ],
            _ => &[],
        };
        let known = |names: &&[&str]| names.iter().any(|known| name.eq_ignore_ascii_case(known));
        order.iter().position(known).unwrap_or(order.len())
    }
}

pub(super) struct Printer<'t> {
    source: &'t SourceText,
    comments: &'t [Comment],
    /// Which of the comments have been written.
    written: Vec<bool>,
    out: String,
}

/// A part of a list or an object, and the comments that belong to it.
struct Child<'v> {
    name: Option<&'v Member>,
    value: &'v Value,
    span: Span,
    above: Vec<usize>,
    behind: Vec<usize>,
}

impl<'t> Printer<'t> {
    pub(super) fn new(source: &'t SourceText, comments: &'t [Comment]) -> Self {
        Self { source, comments, written: vec![false; comments.len()], out: String::new() }
    }

    /// The text of the document.
    ///
    /// # Errors
    /// A comment that has no place in it.
    pub(super) fn print(mut self, root: &Value) -> Result<String, Comment> {
        let statement = matches!(root.kind, Kind::Object(_));
        let before = self.between(0, root.span.start);
        for comment in before {
            self.comment_line(comment, 0);
        }
        self.value(root, if statement { Place::Document } else { Place::Other }, 0);
        let after = self.between(root.span.end, self.source.text().len());
        for comment in after {
            if self.breaks(root.span.end, comment) {
                self.out.push('\n');
                self.comment(comment);
            } else {
                self.out.push(' ');
                self.comment(comment);
            }
        }
        self.out.push('\n');
        let lost = self.written.iter().zip(self.comments).find(|(written, _)| !**written);
        match lost {
            Some((_, comment)) => Err(*comment),
            None => Ok(self.out),
        }
    }

    fn value(&mut self, value: &Value, place: Place, depth: usize) {
        match &value.kind {
            Kind::Null => self.out.push_str("null"),
            Kind::Bool(yes) => self.out.push_str(if *yes { "true" } else { "false" }),
            Kind::Number(digits) => self.out.push_str(digits),
            Kind::String(text) if place == Place::Names => self.only(&quoted(text), depth),
            Kind::String(text) => self.out.push_str(&quoted(text)),
            Kind::Array(elements) => match &elements[..] {
                [Value { kind: Kind::String(text), .. }]
                    if place == Place::Texts && self.between(value.span.start, value.span.end).is_empty() =>
                {
                    self.out.push_str(&quoted(text));
                }
                _ => {
                    let children = elements.iter().map(|value| Child::new(None, value, value.span)).collect();
                    self.children(value, children, ['[', ']'], place, depth);
                }
            },
            Kind::Object(members) => {
                // A single statement may stand for the list of it.
                let place = if place == Place::Statements { Place::Statement } else { place };
                let child = |member: &'_ Member| Span::new(member.name_span.start, member.value.span.end);
                let children =
                    members.iter().map(|member| Child::new(Some(member), &member.value, child(member))).collect();
                self.children(value, children, ['{', '}'], place, depth);
            }
        }
    }

    /// A list of one text.
    fn only(&mut self, text: &str, depth: usize) {
        self.out.push('[');
        self.line(depth + 1);
        self.out.push_str(text);
        self.line(depth);
        self.out.push(']');
    }

    fn children(
        &mut self,
        whole: &Value,
        mut children: Vec<Child<'_>>,
        [open, close]: [char; 2],
        place: Place,
        depth: usize,
    ) {
        let inside = Span::new(whole.span.start + 1, whole.span.end.saturating_sub(1));
        let last = self.assign(inside, &mut children);
        self.out.push(open);
        if children.is_empty() && last.is_empty() {
            self.out.push(close);
            return;
        }
        children.sort_by_key(|child| child.name.map_or(0, |member| place.rank(&member.name)));
        let count = children.len();
        for (index, child) in children.into_iter().enumerate() {
            for comment in child.above {
                self.line(depth + 1);
                self.comment(comment);
            }
            self.line(depth + 1);
            let inner = match child.name {
                Some(member) => {
                    self.out.push_str(&quoted(&member.name));
                    self.out.push_str(": ");
                    place.of_member(&member.name)
                }
                None => place.of_element(),
            };
            self.value(child.value, inner, depth + 1);
            if index + 1 < count {
                self.out.push(',');
            }
            for comment in child.behind {
                self.out.push(' ');
                self.comment(comment);
            }
        }
        for comment in last {
            self.line(depth + 1);
            self.comment(comment);
        }
        self.line(depth);
        self.out.push(close);
    }

    /// Gives every child the comments that belong to it, and returns those before the closing bracket.
    fn assign(&self, inside: Span, children: &mut [Child<'_>]) -> Vec<usize> {
        let mut last = Vec::new();
        for comment in self.between(inside.start, inside.end) {
            let Some(at) = self.comments.get(comment).map(|comment| comment.span.start) else { continue };
            if children.iter().any(|child| child.span.start <= at && at < child.span.end) {
                continue;
            }
            let next = children.partition_point(|child| child.span.end <= at);
            let before = next.checked_sub(1).and_then(|before| children.get_mut(before));
            match before.filter(|child| !self.breaks(child.span.end, comment)) {
                Some(child) => child.behind.push(comment),
                None => match children.get_mut(next) {
                    Some(child) => child.above.push(comment),
                    None => last.push(comment),
                },
            }
        }
        last
    }

    /// The comments that begin in a part of the text.
    fn between(&self, start: usize, end: usize) -> Vec<usize> {
        let first = self.comments.partition_point(|comment| comment.span.start < start);
        let past = self.comments.partition_point(|comment| comment.span.start < end);
        (first..past).collect()
    }

    /// Whether a line ends between a place and a comment.
    fn breaks(&self, from: usize, comment: usize) -> bool {
        let Some(to) = self.comments.get(comment).map(|comment| comment.span.start) else { return true };
        self.source.slice(Span::new(from, to)).contains('\n')
    }

    fn comment_line(&mut self, comment: usize, depth: usize) {
        self.comment(comment);
        self.line(depth);
    }

    fn comment(&mut self, comment: usize) {
        let Some(found) = self.comments.get(comment) else { return };
        for (index, line) in self.source.slice(found.span).lines().enumerate() {
            if index > 0 {
                self.out.push('\n');
            }
            self.out.push_str(line.trim_end());
        }
        if let Some(written) = self.written.get_mut(comment) {
            *written = true;
        }
    }

    fn line(&mut self, depth: usize) {
        self.out.push('\n');
        (0..depth).for_each(|_| self.out.push_str(INDENT));
    }
}

impl<'v> Child<'v> {
    fn new(name: Option<&'v Member>, value: &'v Value, span: Span) -> Self {
        Self { name, value, span, above: Vec::new(), behind: Vec::new() }
    }
}
