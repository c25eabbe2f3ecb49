//! A source text with its name, and positions in it.

use std::fmt;
use std::sync::Arc;

/// A half-open range of byte offsets in a [`SourceText`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset just past the last byte.
    pub end: usize,
}

impl Span {
    /// The range from `start` up to, and without, `end`; both in bytes.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }
}

impl From<std::ops::Range<usize>> for Span {
    fn from(range: std::ops::Range<usize>) -> Self {
        Self::new(range.start, range.end)
    }
}

/// A place in a text as an editor shows it: both numbers count from 1, columns in Unicode scalars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in Unicode scalars, from 1.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A text under the name people know it by (a path, `<stdin>`, `session policy of ci`), cheap to clone.
///
/// ```
/// use ramgate::json::{SourceText, Span};
///
/// let text = SourceText::new("policies/close.json", "{\n  \"Version\": 1\n}");
/// let position = text.position(text.text().find('1').unwrap_or(0));
/// assert_eq!(position.to_string(), "2:14");
/// assert_eq!(text.slice(Span::new(4, 13)), "\"Version\"");
/// ```
#[derive(Clone)]
pub struct SourceText {
    inner: Arc<Inner>,
}

struct Inner {
    name: String,
    text: String,
    /// Byte offset of the first byte of every line.
    lines: Vec<usize>,
}

impl SourceText {
    /// Keeps `text` under `name`.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let lines = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1))
            .collect();
        Self { inner: Arc::new(Inner { name: name.into(), text, lines }) }
    }

    /// The name people know the text by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// The text itself.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.inner.text
    }

    /// The part of the text that `span` covers; empty where the span is not within the text or cuts a scalar.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.inner.text.get(span.start..span.end).unwrap_or("")
    }

    /// Line and column of the byte at `offset`; an offset past the end is the end.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.inner.text.len());
        let line = self.inner.lines.partition_point(|start| *start <= offset).max(1);
        let start = self.inner.lines.get(line - 1).copied().unwrap_or(0);
        let column = self.inner.text.get(start..offset).map_or(1, |before| before.chars().count() + 1);
        Position { line, column }
    }

    /// The byte at `position`; the end of the text where it has no such line, and of the line where it has no such
    /// column.
    #[must_use]
    pub fn offset(&self, position: Position) -> usize {
        let text = &self.inner.text;
        let Some(start) = position.line.checked_sub(1).and_then(|line| self.inner.lines.get(line)) else {
            return text.len();
        };
        let line = text.get(*start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let column = position.column.saturating_sub(1);
        start + line.char_indices().nth(column).map_or(line.len(), |(at, _)| at)
    }
}

impl fmt::Debug for SourceText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SourceText({}, {} bytes)", self.inner.name, self.inner.text.len())
    }
}

impl PartialEq for SourceText {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
            || (self.inner.name == other.inner.name && self.inner.text == other.inner.text)
    }
}

impl Eq for SourceText {}
