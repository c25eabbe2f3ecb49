//! YAML files as a tree, on the `saphyr-parser` crate.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span as Range, StrInput, Tag};

use super::tree::{Content, Node, Style};
use crate::json::{MAX_DEPTH, SourceText, Span};
use crate::report::{Finding, Severity};

/// How many values a file may have once its aliases are written out, so that a small file cannot become a huge one.
const MAX_NODES: usize = 200_000;

/// The documents of a YAML file.
///
/// # Errors
/// Why it is no YAML that can be read.
pub(super) fn read(file: &SourceText) -> Result<Vec<Node>, Finding> {
    let mut reader = Reader {
        file,
        offsets: file.text().char_indices().map(|(at, _)| at).collect(),
        parser: Parser::new_from_str(file.text()),
        anchors: HashMap::new(),
        nodes: 0,
    };
    let mut documents = Vec::new();
    loop {
        let (event, span) = reader.next()?;
        match event {
            Event::StreamEnd => return Ok(documents),
            Event::DocumentStart(_) => {
                let (event, span) = reader.next()?;
                documents.push(reader.node(event, span, 0)?);
            }
            _ => {
                let _ = span;
            }
        }
    }
}

struct Reader<'f> {
    file: &'f SourceText,
    /// The byte at which every character begins.
    offsets: Vec<usize>,
    parser: Parser<'f, StrInput<'f>>,
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
}

impl<'f> Reader<'f> {
    fn next(&mut self) -> Result<(Event<'f>, Span), Finding> {
        match self.parser.next_event() {
            Some(Ok((event, range))) => Ok((event, self.span(range))),
            Some(Err(error)) => {
                let at = self.offset(error.marker().index());
                Err(self.finding(Span::new(at, at), error.info().to_owned()))
            }
            None => Ok((Event::StreamEnd, Span::new(self.file.text().len(), self.file.text().len()))),
        }
    }

    fn node(&mut self, event: Event<'f>, span: Span, depth: usize) -> Result<Node, Finding> {
        self.nodes += 1;
        if depth > MAX_DEPTH {
            return Err(self.finding(span, format!("values are nested more than {MAX_DEPTH} deep")));
        }
        let before = self.nodes;
        let (node, anchor, tag) = match event {
            Event::Alias(anchor) => {
                let Some((node, size)) = self.anchors.get(&anchor).cloned() else {
                    return Err(self.finding(span, "an alias stands inside its own anchor".to_owned()));
                };
                self.nodes += size;
                (node, 0, None)
            }
            Event::Scalar(text, style, anchor, tag) => {
                let span = self.without_properties(span);
                let content = scalar(&text, style, tag.as_deref());
                (Node { span, content }, anchor, tag)
            }
            Event::SequenceStart(anchor, tag) => {
                let mut elements = Vec::new();
                let end = loop {
                    match self.next()? {
                        (Event::SequenceEnd, span) => break span.end,
                        (event, span) => elements.push(self.node(event, span, depth + 1)?),
                    }
                };
                let span = self.whole(span, end, elements.last());
                (Node { span, content: Content::List(elements) }, anchor, tag)
            }
            Event::MappingStart(anchor, tag) => {
                let mut members = Vec::new();
                let end = loop {
                    match self.next()? {
                        (Event::MappingEnd, span) => break span.end,
                        (event, span) => {
                            let name = self.node(event, span, depth + 1)?;
                            let (event, span) = self.next()?;
                            members.push((name, self.node(event, span, depth + 1)?));
                        }
                    }
                };
                let span = self.whole(span, end, members.last().map(|(_, value)| value));
                (Node { span, content: Content::Object(members) }, anchor, tag)
            }
            _ => return Err(self.finding(span, "a value is missing here".to_owned())),
        };
        let node = match tag.as_deref().filter(|tag| !tag.is_yaml_core_schema()) {
            Some(tag) => Node {
                span: node.span,
                content: Content::Tagged(format!("{}{}", tag.handle, tag.suffix), Box::new(node)),
            },
            None => node,
        };
        if self.nodes > MAX_NODES {
            return Err(self.finding(span, format!("the file has more than {MAX_NODES} values")));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), self.nodes - before + 1));
        }
        Ok(node)
    }

    /// The part of a scalar behind its tag and its anchor.
    fn without_properties(&self, span: Span) -> Span {
        let mut rest = self.file.slice(span);
        while rest.starts_with(['!', '&']) {
            let Some((_, after)) = rest.split_once(char::is_whitespace) else { break };
            rest = after.trim_start();
        }
        Span::new(span.end - rest.len(), span.end)
    }

    /// From the beginning of a collection to its end: a block ends where its last value does.
    fn whole(&self, start: Span, end: usize, last: Option<&Node>) -> Span {
        let flow = self.file.slice(Span::new(start.start, start.start + 1));
        match last {
            Some(last) if !matches!(flow, "[" | "{") => Span::new(start.start, last.span.end.max(start.start)),
            _ => Span::new(start.start, end.max(start.end)),
        }
    }

    fn span(&self, range: Range) -> Span {
        Span::new(self.offset(range.start.index()), self.offset(range.end.index()))
    }

    fn offset(&self, characters: usize) -> usize {
        self.offsets.get(characters).copied().unwrap_or(self.file.text().len())
    }

    fn finding(&self, span: Span, what: String) -> Finding {
        Finding {
            severity: Severity::Error,
            code: "not-yaml".to_owned(),
            message: format!("the file is no YAML: {what}"),
            help: None,
            place: Some((self.file.clone(), span)),
        }
    }
}

/// A scalar by the core schema: a plain one may be null, a boolean or a number.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Content {
    let forced = tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
    match style {
        ScalarStyle::Plain if !forced => match bare(text) {
            Some(bare) => Content::Bare(bare.to_owned()),
            None => Content::Text(text.to_owned(), Style::Flow),
        },
        ScalarStyle::Literal | ScalarStyle::Folded => Content::Text(text.to_owned(), Style::Lines),
        _ => Content::Text(text.to_owned(), Style::Flow),
    }
}

/// What a plain scalar is as JSON, where it is no string.
fn bare(text: &str) -> Option<&str> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Some("null"),
        "true" | "True" | "TRUE" => Some("true"),
        "false" | "False" | "FALSE" => Some("false"),
        _ => serde_json::from_str::<serde_json::Number>(text).is_ok().then_some(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(text: &str) -> Node {
        read(&SourceText::new("t.yaml", text)).unwrap().remove(0)
    }

    #[test]
    fn a_mapping_keeps_the_place_of_everything() {
        let text = "# 中\na: 1\nb:\n  - x\n  - 'y'\nc: {d: \"e\"}\nf: yes\n";
        let file = SourceText::new("t.yaml", text);
        let root = node(text);
        assert_eq!(root.get("a").unwrap().content, Content::Bare("1".to_owned()));
        assert_eq!(root.get("f").unwrap().text(), Some("yes"));
        let shown = |path: &[&str]| root.at(path).iter().map(|node| file.slice(node.span)).collect::<Vec<_>>();
        assert_eq!(shown(&["c", "d"]), ["\"e\""]);
        assert_eq!(shown(&["c"]), ["{d: \"e\"}"]);
        assert_eq!(shown(&["b"]), ["- x\n  - 'y'"]);
        assert_eq!(root.get("b").unwrap().elements()[1].text(), Some("y"));
    }

    #[test]
    fn tags_and_aliases_are_followed() {
        let root = node("a: &x [1]\nb: *x\nc: !Ref Name\nd: !!str 1\n");
        assert_eq!(root.get("a").unwrap().content, root.get("b").unwrap().content);
        assert!(matches!(&root.get("c").unwrap().content, Content::Tagged(tag, _) if tag == "!Ref"));
        assert_eq!(root.get("d").unwrap().text(), Some("1"));
    }

    #[test]
    fn what_is_no_yaml_or_grows_without_end_is_refused() {
        let mut bomb = "a0: &a0 [x]\n".to_owned();
        for level in 1..40 {
            bomb += &format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1);
        }
        for text in ["a: [", "a: b: c", "- *x", &bomb, &"[".repeat(4000)] {
            let finding = read(&SourceText::new("t.yaml", text)).unwrap_err();
            assert_eq!(finding.code, "not-yaml", "{}", finding.message);
        }
    }
}
