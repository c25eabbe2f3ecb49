//! Every mistake of a text that is no JSON, and not only the first.

use super::{JsonError, JsonErrorKind, SourceText, Span, Syntax, parse};

/// How many mistakes of a text are told.
const MOST: usize = 20;

/// How often a text is read for them.
const MOST_ROUNDS: usize = 200;

/// Every place where `source` is not JSON of the given syntax, in text order; nothing where it is.
///
/// Behind a mistake the text is read on as if it were mended in the one way there is. Where there is none, as with a bracket
/// that is not closed, it is the last that is told. Of comments, and of each space that JSON does not know, only the first is.
///
/// ```
/// use ramgate::json::{self, SourceText, Syntax};
///
/// let text = SourceText::new("example", "{\"a\" 1, // one\n \"b\": [2,]}");
/// let mistakes = json::mistakes(&text, Syntax::Strict);
/// let places: Vec<_> = mistakes.iter().map(|mistake| text.position(mistake.span.start).to_string()).collect();
/// assert_eq!(places, ["1:6", "1:9", "2:9"]);
/// ```
#[must_use]
pub fn mistakes(source: &SourceText, syntax: Syntax) -> Vec<JsonError> {
    let mut found: Vec<JsonError> = Vec::new();
    let mut text = source.text().to_owned();
    for _ in 0..MOST_ROUNDS {
        let Err(error) = parse(&SourceText::new(source.name(), text.as_str()), syntax) else { break };
        let stuck = found.iter().any(|other| other.span == error.span && other.kind == error.kind);
        if found.len() == MOST || stuck {
            break;
        }
        let mended = mended(&text, &error);
        // Whoever hears of one of these finds the others.
        let is_habit = matches!(error.kind, JsonErrorKind::Comment | JsonErrorKind::ForeignSpace(_));
        if !is_habit || found.iter().all(|other| other.kind != error.kind) {
            found.push(error);
        }
        match mended {
            Some(mended) => text = mended,
            None => break,
        }
    }
    found.sort_by_key(|error| error.span);
    found
}

/// The text without this mistake, every other place of it where it was.
fn mended(text: &str, error: &JsonError) -> Option<String> {
    let Span { start, end } = error.span;
    let written = text.get(start..end)?;
    let replaced = |span: Span, by: &str| Some([text.get(..span.start)?, by, text.get(span.end..)?].concat());
    // A sign that is missing takes the place of a space beside it.
    let inserted = |sign: &str| {
        let beside = [Some(Span::new(start, start + 1)), start.checked_sub(1).map(|before| Span::new(before, start))];
        let is_space = |span: &Span| matches!(text.get(span.start..span.end), Some(" " | "\t" | "\r" | "\n"));
        beside.into_iter().flatten().find(is_space).and_then(|space| replaced(space, sign))
    };
    match error.kind {
        JsonErrorKind::ByteOrderMark
        | JsonErrorKind::TrailingComma
        | JsonErrorKind::Comment
        | JsonErrorKind::ControlCharacter(_)
        | JsonErrorKind::ForeignSpace(_) => replaced(error.span, &blank(written)),
        // The second of two, and not one without a value before it.
        JsonErrorKind::Unexpected if written == "," && text.get(..start)?.trim_end().ends_with(',') => {
            replaced(error.span, " ")
        }
        JsonErrorKind::TrailingText => replaced(Span::new(start, text.len()), &blank(text.get(start..)?)),
        JsonErrorKind::MissingComma => inserted(","),
        JsonErrorKind::MissingColon => inserted(":"),
        JsonErrorKind::SingleQuotes => {
            let inner = text.get(start + 1..)?.split('\'').next()?;
            let whole = Span::new(start, start + inner.len() + 2);
            (!inner.contains(['"', '\n'])).then(|| replaced(whole, &format!("\"{inner}\""))).flatten()
        }
        JsonErrorKind::InvalidEscape | JsonErrorKind::LoneSurrogate => {
            written.contains('\\').then(|| replaced(error.span, &written.replace('\\', "_"))).flatten()
        }
        _ => None,
    }
}

/// Spaces in place of a text, byte for byte; its line breaks stay.
fn blank(text: &str) -> String {
    text.bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { char::from(byte) } else { ' ' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, syntax: Syntax) -> Vec<String> {
        let source = SourceText::new("test", text);
        let place = |error: JsonError| format!("{} {:?}", source.position(error.span.start), error.kind);
        mistakes(&source, syntax).into_iter().map(place).collect()
    }

    #[test]
    fn a_text_is_read_on_behind_a_mistake_that_can_be_mended_in_one_way() {
        for (text, places) in [
            ("{\"a\": 1}", &[][..]),
            (
                "\u{feff}{\"a\": [1,], /* x\n */ \"b\": 'c'}",
                &["1:1 ByteOrderMark", "1:10 TrailingComma", "1:14 Comment", "2:10 SingleQuotes"],
            ),
            (
                "{\"a\" 1 \"b\": [1 2]} x y",
                &["1:6 MissingColon", "1:7 MissingComma", "1:15 MissingComma", "1:20 TrailingText"],
            ),
            (
                "{\"a\": \"\\q\", \"b\": \"\t\",, \"c\": 1}",
                &["1:8 InvalidEscape", "1:19 ControlCharacter(9)", "1:22 Unexpected"],
            ),
            (
                "// x\n{// y\n\"a\":\u{a0}1,\u{a0}\u{3000}\"b\":\u{a0}[2,]}",
                &["1:1 Comment", "3:5 ForeignSpace(160)", "3:9 ForeignSpace(12288)", "3:17 TrailingComma"],
            ),
            // What is missing here may be anything.
            ("{\"a\": [1,, \"b\": 'c, \"d\": [1,]", &["1:10 Unexpected", "1:15 Unexpected"]),
            ("{\"a\": , \"b\": [1,]}", &["1:7 Unexpected"]),
            ("", &["1:1 Empty"]),
        ] {
            assert_eq!(told(text, Syntax::Strict), places, "{text}");
        }
        assert_eq!(told("{\"a\": [1,], // x\n \"b\" 1}", Syntax::Lenient), ["2:6 MissingColon"]);
    }

    #[test]
    fn a_text_full_of_mistakes_is_read_to_an_end() {
        assert_eq!(mistakes(&SourceText::new("test", format!("[{}]", "1 ".repeat(500))), Syntax::Strict).len(), MOST);
    }
}
