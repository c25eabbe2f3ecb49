//! Where the parts of a document stand in the file that holds it.

use crate::json::Span;

/// For every part of a document, where it stands in the file.
///
/// INVARIANT: the pieces cover the document without gaps, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Map {
    pieces: Vec<Piece>,
    /// Where the document stands as a whole.
    whole: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    document: Span,
    origin: Origin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// The same bytes stand in the file, from this offset on.
    Same(usize),
    /// It stands for this part of the file: an escape, an expression.
    StandsFor(Span),
    /// Nothing of the file: brackets, commas and quotes that were added.
    Added,
}

impl Map {
    /// The file is the document.
    pub(super) fn identity(length: usize) -> Self {
        let whole = Span::new(0, length);
        Self { pieces: vec![Piece { document: whole, origin: Origin::Same(0) }], whole }
    }

    /// The part of the file that `span` of the document stands on, or the nearest one that encloses it.
    pub(super) fn span(&self, span: Span) -> Span {
        let span = Span::new(span.start, span.end.max(span.start));
        // The end of the document belongs to its last piece.
        let first = self.pieces.partition_point(|piece| piece.document.end <= span.start);
        let first = first.min(self.pieces.len().saturating_sub(1));
        let touched = self.pieces.iter().skip(first);
        let touched = touched.take_while(|piece| piece.document.start < span.end.max(span.start + 1));
        let parts = touched.filter_map(|piece| piece.part(span));
        let found = parts.reduce(|a, b| Span::new(a.start.min(b.start), a.end.max(b.end)));
        found.unwrap_or_else(|| self.nearest(first))
    }

    /// The part of the file before, or else after, a piece that was added.
    fn nearest(&self, added: usize) -> Span {
        let origin = |piece: &Piece| piece.part(piece.document);
        let before = self.pieces.get(..added).and_then(|pieces| pieces.iter().rev().find_map(origin));
        before.or_else(|| self.pieces.iter().skip(added).find_map(origin)).unwrap_or(self.whole)
    }

    /// Where the document stands as a whole.
    pub(super) fn whole(&self) -> Span {
        self.whole
    }
}

impl Piece {
    /// Where the part of the piece that `span` covers stands in the file.
    fn part(&self, span: Span) -> Option<Span> {
        let start = span.start.clamp(self.document.start, self.document.end);
        let end = span.end.clamp(start, self.document.end);
        match self.origin {
            Origin::Same(at) => Some(Span::new(at + (start - self.document.start), at + (end - self.document.start))),
            Origin::StandsFor(file) => Some(file),
            Origin::Added => None,
        }
    }
}

/// A document that is put together from parts of a file.
#[derive(Debug, Default)]
pub(super) struct Builder {
    text: String,
    pieces: Vec<Piece>,
}

impl Builder {
    /// Text that stands in the file from `at` on.
    pub(super) fn same(&mut self, text: &str, at: usize) {
        self.push(text, Origin::Same(at));
    }

    /// Text that stands for `file`.
    pub(super) fn stands_for(&mut self, text: &str, file: Span) {
        self.push(text, Origin::StandsFor(file));
    }

    /// Text that has no place in the file.
    pub(super) fn added(&mut self, text: &str) {
        self.push(text, Origin::Added);
    }

    /// How long the text has become.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Takes back what was written after the text was `length` long.
    pub(super) fn truncate(&mut self, length: usize) {
        self.text.truncate(length);
        while self.pieces.pop_if(|piece| piece.document.start >= length).is_some() {}
        if let Some(last) = self.pieces.last_mut() {
            last.document.end = last.document.end.min(length);
        }
    }

    fn push(&mut self, text: &str, origin: Origin) {
        if text.is_empty() {
            return;
        }
        let start = self.text.len();
        self.text.push_str(text);
        let end = self.text.len();
        if let Some(last) = self.pieces.last_mut() {
            let continues = match (last.origin, origin) {
                (Origin::Same(before), Origin::Same(at)) => before + (last.document.end - last.document.start) == at,
                (Origin::Added, Origin::Added) => true,
                _ => false,
            };
            if continues {
                last.document.end = end;
                return;
            }
        }
        self.pieces.push(Piece { document: Span::new(start, end), origin });
    }

    /// The document and its map; `whole` is where it stands as a whole.
    pub(super) fn finish(self, whole: Span) -> (String, Map) {
        (self.text, Map { pieces: self.pieces, whole })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `"a\nb"` at 10 of a file, in which the escape takes two bytes, inside brackets that were added.
    fn map() -> Map {
        let mut builder = Builder::default();
        builder.added("[");
        builder.same("\"a", 10);
        builder.stands_for("\n", Span::new(12, 14));
        builder.same("b\"", 14);
        builder.added("]");
        let (text, map) = builder.finish(Span::new(5, 20));
        assert_eq!(text, "[\"a\nb\"]");
        map
    }

    #[test]
    fn a_part_that_stands_in_the_file_is_mapped_exactly() {
        let map = map();
        for (document, file) in [((1, 3), (10, 12)), ((2, 3), (11, 12)), ((4, 6), (14, 16)), ((2, 2), (11, 11))] {
            assert_eq!(map.span(Span::new(document.0, document.1)), Span::new(file.0, file.1), "{document:?}");
        }
    }

    #[test]
    fn a_part_that_stands_for_something_is_mapped_to_all_of_it() {
        let map = map();
        assert_eq!(map.span(Span::new(3, 4)), Span::new(12, 14));
        assert_eq!(map.span(Span::new(2, 5)), Span::new(11, 15));
        assert_eq!(map.span(Span::new(0, 7)), Span::new(10, 16));
    }

    #[test]
    fn what_was_added_is_mapped_to_what_is_nearest() {
        let map = map();
        assert_eq!(map.span(Span::new(0, 1)), Span::new(10, 12));
        assert_eq!(map.span(Span::new(6, 7)), Span::new(14, 16));
        assert_eq!(map.span(Span::new(90, 95)), Span::new(14, 16));
        let (_, empty) = Builder::default().finish(Span::new(3, 4));
        assert_eq!(empty.span(Span::new(0, 1)), Span::new(3, 4));
    }

    #[test]
    fn the_identity_maps_every_span_to_itself() {
        let map = Map::identity(8);
        for (start, end) in [(0, 8), (3, 5), (8, 8), (0, 0)] {
            assert_eq!(map.span(Span::new(start, end)), Span::new(start, end));
        }
        assert_eq!(map.span(Span::new(5, 90)), Span::new(5, 8));
    }
}
