//! Comments of a document.

use crate::json::Span;

/// A comment, its signs included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Comment {
    pub(super) span: Span,
}

/// The comments of a text that is JSON with comments, in its order.
pub(super) fn find(text: &str) -> Vec<Comment> {
    let mut comments = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let rest = bytes.get(at..).unwrap_or_default();
        at += match byte {
            b'"' => string(rest),
            b'/' => {
                let length = comment(rest);
                comments.push(Comment { span: Span::new(at, at + length) });
                length
            }
            _ => 1,
        };
    }
    comments
}

/// How long the string is that a text begins with.
fn string(text: &[u8]) -> usize {
    let mut at = 1;
    loop {
        match text.get(at) {
            Some(b'\\') => at += 2,
            Some(b'"') | None => return at + 1,
            Some(_) => at += 1,
        }
    }
}

/// How long the comment is that a text begins with, without the break of its line.
fn comment(text: &[u8]) -> usize {
    if text.starts_with(b"/*") {
        let body = text.get(2..).unwrap_or_default();
        return body.windows(2).position(|signs| signs == b"*/").map_or(text.len(), |at| at + 4);
    }
    text.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(text.len()).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_found_outside_of_strings() {
        let text = "// a\r\n{\"x//\\\"/*\": 1 /* b\n*/, \"y\": \"\" //c";
        let found: Vec<&str> =
            find(text).iter().map(|comment| text.get(comment.span.start..comment.span.end).unwrap()).collect();
        assert_eq!(found, ["// a", "/* b\n*/", "//c"]);
    }
}
