//! Lines of a text, as an explanation shows them.

use std::fmt;

use super::{SourceText, Span};

/// The most lines that are shown of one element.
const MAX_LINES: usize = 24;

/// The most scalars that are shown of one line.
const MAX_COLUMNS: usize = 120;

/// The lines that an element of a text stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Excerpt {
    first: usize,
    lines: Vec<String>,
    cut: bool,
}

impl Excerpt {
    /// The lines of `source` that `span` touches; of a line that is too long, what follows the start of `span`.
    pub(crate) fn new(source: &SourceText, span: Span) -> Self {
        let start = source.position(span.start);
        let count = source.position(span.end.max(span.start)).line - start.line + 1;
        let lines = source.text().lines().enumerate().skip(start.line - 1).take(count.min(MAX_LINES));
        let lines = lines.map(|(at, line)| match line.chars().count() {
            0..=MAX_COLUMNS => line.trim_end().to_owned(),
            _ => {
                let skipped = if at + 1 == start.line { start.column - 1 } else { 0 };
                let before = if skipped == 0 { "" } else { "…" };
                let shown: String = line.chars().skip(skipped).take(MAX_COLUMNS).collect();
                let after = if skipped + MAX_COLUMNS < line.chars().count() { "…" } else { "" };
                format!("{before}{shown}{after}")
            }
        });
        Self { first: start.line, lines: lines.collect(), cut: count > MAX_LINES }
    }
}

/// A line a line, with its number and without the indentation that all have.
impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let indentation = |line: &String| line.len() - line.trim_start_matches(' ').len();
        let filled = self.lines.iter().filter(|line| !line.is_empty());
        let common = filled.map(indentation).min().unwrap_or_default();
        for (number, line) in (self.first..).zip(&self.lines) {
            writeln!(f, "      {number:>5} | {}", line.get(common..).unwrap_or_default())?;
        }
        if self.cut { writeln!(f, "            | …") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, part: &str) -> String {
        let start = text.find(part).unwrap();
        Excerpt::new(&SourceText::new("p.json", text), Span::new(start, start + part.len())).to_string()
    }

    #[test]
    fn an_excerpt_has_the_lines_of_an_element_with_their_numbers() {
        let text = "{\n    \"Action\": [\n      \"a:b\"\n    ],\n    \"Effect\": \"Deny\"\n}\n";
        assert_eq!(shown(text, "\"Deny\""), "          5 | \"Effect\": \"Deny\"\n");
        assert_eq!(
            shown(text, "[\n      \"a:b\"\n    ]"),
            "          2 | \"Action\": [\n          3 |   \"a:b\"\n          4 | ],\n"
        );
    }

    #[test]
    fn of_a_policy_on_one_line_only_what_follows_the_element_is_shown() {
        let text = format!("{{\"Statement\": [{}\"中\": \"x\"{}", "{}, ".repeat(60), "}".repeat(200));
        let line = shown(&text, "\"中\"");
        assert!(line.starts_with("          1 | …\"中\": \"x\"}") && line.ends_with("…\n"), "{line}");
        assert!(line.chars().count() < 150, "{line}");
    }

    #[test]
    fn a_long_element_is_cut_and_says_so() {
        let text = "\n".repeat(40) + "end";
        let long = Excerpt::new(&SourceText::new("p.json", text.as_str()), Span::new(0, text.len())).to_string();
        assert_eq!(long.lines().count(), MAX_LINES + 1);
        assert!(long.ends_with("| …\n"), "{long}");
        assert_eq!(Excerpt::new(&SourceText::new("p.json", ""), Span::new(5, 3)).to_string(), "");
    }
}
