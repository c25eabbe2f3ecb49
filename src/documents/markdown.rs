//! Policies in the fences of Markdown pages.

use pulldown_cmark::{CodeBlockKind, Event, Options as Extensions, Parser, Tag, TagEnd};

use super::draft::note_placeholders;
use super::embedded::{Lines, line_break};
use super::map::Builder;
use super::shape::Shape;
use super::{Contents, Editing, Embedded, Options, placeholders};
use crate::json::{self, SourceText, Span, Syntax};

/// The fences whose language is JSON and that look like a policy, each under the number of its line.
///
/// A fence that shows only a part of a policy, or something else, is passed over: pages have many of them.
pub(super) fn read(file: &SourceText, options: &Options) -> Contents {
    let mut contents = Contents::default();
    let mut fence: Option<Fence> = None;
    for (event, range) in Parser::new_ext(file.text(), Extensions::empty()).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) if is_json(&info) => {
                fence = Some(Fence { start: range.start, ..Fence::default() });
            }
            Event::Text(text) => {
                if let Some(fence) = &mut fence {
                    fence.add(&text, range.into(), file);
                }
            }
            Event::End(TagEnd::CodeBlock) => {
                contents.documents.extend(fence.take().and_then(|fence| fence.document(file, options)));
            }
            _ => {}
        }
    }
    contents.notes.extend(contents.documents.iter().filter_map(note_placeholders));
    contents
}

/// Whether the words after a fence's opening say that it holds JSON.
fn is_json(info: &str) -> bool {
    let language = info.split([' ', ',', '{']).next().unwrap_or_default();
    ["json", "jsonc", "json5"].iter().any(|name| name.eq_ignore_ascii_case(language))
}

#[derive(Default)]
struct Fence {
    start: usize,
    builder: Builder,
    /// From the first to the last line of the text, without what stands before the first.
    span: Option<Span>,
}

impl Fence {
    fn add(&mut self, text: &str, span: Span, file: &SourceText) {
        // Where the file has other bytes (a break of two), the text stands for them.
        if file.slice(span) == text {
            self.builder.same(text, span.start);
        } else {
            self.builder.stands_for(text, span);
        }
        self.span = Some(Span::new(self.span.map_or(span.start, |all| all.start), span.end));
    }

    fn document(self, file: &SourceText, options: &Options) -> Option<Embedded> {
        let span = self.span?;
        let (text, map) = self.builder.finish(span);
        let position = file.position(self.start);
        let text = SourceText::new(format!("{}#L{}", file.name(), position.line), text);
        let tree = json::parse(&text, options.syntax).or_else(|_| json::parse(&text, Syntax::Lenient));
        let (kind, neighbour) = match tree.as_ref().map(Shape::of) {
            Ok(Shape::Policy(kind)) => (kind, None),
            Ok(Shape::Neighbour(neighbour)) => (None, Some(neighbour)),
            // A part of a policy is no JSON either; of a whole one both ends are there.
            Err(_) if text.text().trim_start().starts_with('{') && text.text().contains("\"Version\"") => (None, None),
            _ => return None,
        };
        let unread = placeholders::within(text.text());
        Some(Embedded {
            file: file.clone(),
            editing: editing(file, span, &text),
            text,
            map,
            name: format!("line {}", position.line),
            kind: options.kind.or(kind),
            service: None,
            neighbour,
            unread,
        })
    }
}

/// The lines of a fence can be replaced where each of them stands behind the same white space: not in a quotation.
fn editing(file: &SourceText, span: Span, text: &SourceText) -> Editing {
    let line_start = file.text().get(..span.start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let all = Span::new(line_start, span.end);
    let indent = file.slice(Span::new(line_start, span.start)).to_owned();
    let lines = Lines { span: all, indent, template: false, line_break: line_break(file.slice(all)) };
    if lines.indent.trim().is_empty() && lines.written(text.text()) == file.slice(all) {
        Editing::Lines(lines)
    } else {
        Editing::No("a fence in a quotation, or whose lines are indented differently")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::{Format, read};
    use crate::policy::PolicyKind;

    const PAGE: &str = "# A page\n\nText with `code`.\n\n```json\n{\n  \"Version\": \"1\",\n  \"Statement\": []\n}\n```\n\n\
        - a list\n\n  ```jsonc title=x\n  {\"Statement\": [{\"Principal\": {\"RAM\": []}}],\n   \"Version\": \"1\"}\n  ```\n\n\
        > ```json\n> {\"Version\": \"1\",\n> \"Statement\": []}\n> ```\n\n```json\n\"Effect\": \"Allow\",\n```\n\n\
        ```json\n{\"name\": 1}\n```\n\n```yaml\n{\"Version\": \"1\", \"Statement\": []}\n```\n\n\
        ```json\n{\"Version\": \"1\", \"Statement\": [}\n```\n";

    fn documents() -> Vec<Embedded> {
        let options = Options { format: Some(Format::Markdown), ..Options::default() };
        read(&SourceText::new("page.md", PAGE), &options).unwrap().documents
    }

    #[test]
    fn fences_that_look_like_policies_are_documents() {
        let documents = documents();
        let names: Vec<_> = documents.iter().map(|document| (document.name(), document.kind())).collect();
        let trust = Some(PolicyKind::Trust);
        assert_eq!(names, [("line 5", None), ("line 14", trust), ("line 19", None), ("line 36", None)]);
        assert_eq!(documents[0].text().text(), "{\n  \"Version\": \"1\",\n  \"Statement\": []\n}\n");
        assert_eq!(documents[2].text().text(), "{\"Version\": \"1\",\n\"Statement\": []}\n");
        assert_eq!(documents[2].text().name(), "page.md#L19");
    }

    #[test]
    fn places_in_a_fence_are_those_of_the_page() {
        for document in documents() {
            let at = document.text().text().find("\"Statement\"").unwrap();
            let (file, span) = document.place(Span::new(at, at + 11));
            assert_eq!(file.slice(span), "\"Statement\"", "{}", document.name());
        }
    }

    #[test]
    fn a_fence_is_replaced_with_its_indentation_and_not_in_a_quotation() {
        let documents = documents();
        let (span, text) = documents[1].rewritten("{\n  \"a\": 1\n}\n").unwrap();
        assert_eq!(text, "  {\n    \"a\": 1\n  }\n");
        assert!(documents[1].file().slice(span).starts_with("  {\"Statement\""));
        assert!(matches!(documents[2].editing(), Editing::No(_)) && documents[2].rewritten("{}").is_none());
    }
}
