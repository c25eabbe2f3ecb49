//! Texts of Terraform: quoted strings, templates and heredocs, with the place of every character.

use hcl_edit::Span as _;
use hcl_edit::template::{Element, HeredocTemplate, Template};

use crate::documents::Editing;
use crate::documents::draft::Draft;
use crate::documents::embedded::{Lines, line_break};
use crate::json::{SourceText, Span};

/// Why a template is no document.
pub(super) const DIRECTIVES: &str = "a template with `%{` directives";

/// The characters of a quoted string or template between its quotes, each with what stands in the file for it.
///
/// `raw` begins at `at` of the file.
pub(super) fn quoted(raw: &str, at: usize, mut each: impl FnMut(char, &str, usize)) {
    let mut rest = raw;
    while let Some(first) = rest.chars().next() {
        let (character, length) = escape(rest).unwrap_or((first, first.len_utf8()));
        let (one, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        each(character, one, at + (raw.len() - rest.len()));
        rest = after;
    }
}

/// An escape at the beginning of a text: the character that it means, and how long it is.
fn escape(text: &str) -> Option<(char, usize)> {
    // Of `$${` the first sign is the escape; `{` follows as itself.
    if text.starts_with("$${") || text.starts_with("%%{") {
        return text.chars().next().map(|sign| (sign, 2));
    }
    let sign = text.strip_prefix('\\')?.chars().next()?;
    let code = |digits: usize| {
        let number = u32::from_str_radix(text.get(2..2 + digits)?, 16).ok()?;
        Some((char::from_u32(number)?, 2 + digits))
    };
    match sign {
        'n' => Some(('\n', 2)),
        'r' => Some(('\r', 2)),
        't' => Some(('\t', 2)),
        '\\' | '"' => Some((sign, 2)),
        'u' => code(4),
        'U' => code(8),
        _ => None,
    }
}

/// The elements of a template in quotes.
///
/// # Errors
/// What the template is instead of a text.
pub(super) fn elements(
    template: &Template,
    file: &SourceText,
    draft: &mut Draft,
    character: fn(&mut Draft, char, &str, usize),
) -> Result<(), &'static str> {
    for element in template {
        let span = Span::from(element.span().unwrap_or_default());
        match element {
            Element::Literal(_) => quoted(file.slice(span), span.start, |c, raw, at| character(draft, c, raw, at)),
            Element::Interpolation(_) => draft.unread(inner(file, span), span),
            Element::Directive(_) => return Err(DIRECTIVES),
        }
    }
    Ok(())
}

/// The expression of an interpolation, without `${` and `}`.
fn inner(file: &SourceText, span: Span) -> &str {
    let text = file.slice(span);
    let text = text.strip_prefix("${").and_then(|text| text.strip_suffix('}')).unwrap_or(text);
    text.trim_start_matches('~').trim_end_matches('~')
}

/// The text of a heredoc, as Terraform reads it.
///
/// # Errors
/// What the heredoc is instead of a text.
pub(super) fn heredoc(
    heredoc: &HeredocTemplate,
    file: &SourceText,
    draft: &mut Draft,
    character: fn(&mut Draft, char, &str, usize),
) -> Result<(), &'static str> {
    let indent = heredoc.indent().unwrap_or_default();
    let mut line_begins = true;
    for element in &heredoc.template {
        let span = Span::from(element.span().unwrap_or_default());
        match element {
            Element::Literal(_) => {
                let mut at = span.start;
                for line in file.slice(span).split_inclusive('\n') {
                    let skipped = if line_begins { white_space(line, indent) } else { 0 };
                    unescaped(line.get(skipped..).unwrap_or_default(), at + skipped, |c, raw, at| {
                        character(draft, c, raw, at);
                    });
                    line_begins = line.ends_with('\n');
                    at += line.len();
                }
            }
            Element::Interpolation(_) => {
                draft.unread(inner(file, span), span);
                line_begins = false;
            }
            Element::Directive(_) => return Err(DIRECTIVES),
        }
    }
    Ok(())
}

/// How long the first characters of a line are that are white space, at most `most` of them and never its break.
fn white_space(line: &str, most: usize) -> usize {
    let blank = |c: &char| c.is_whitespace() && *c != '\n' && *c != '\r';
    line.chars().take(most).take_while(blank).map(char::len_utf8).sum()
}

/// The characters of a heredoc, in which only `$${` and `%%{` are escapes.
fn unescaped(raw: &str, at: usize, mut each: impl FnMut(char, &str, usize)) {
    let mut rest = raw;
    while let Some(first) = rest.chars().next() {
        let escaped = rest.starts_with("$${") || rest.starts_with("%%{");
        let length = if escaped { 2 } else { first.len_utf8() };
        let (one, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        each(first, one, at + (raw.len() - rest.len()));
        rest = after;
    }
}

/// Whether the lines of a heredoc can be replaced: all the text between its delimiters.
pub(super) fn editing(heredoc: &HeredocTemplate, file: &SourceText) -> Editing {
    let Some(span) = heredoc.template.span().map(Span::from) else {
        return Editing::No("an empty heredoc");
    };
    let text = file.slice(span);
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let indent = first.get(..first.len() - first.trim_start().len()).unwrap_or_default();
    Editing::Lines(Lines { span, indent: indent.to_owned(), template: true, line_break: line_break(text) })
}
