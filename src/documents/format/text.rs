//! How a string is written.

/// `text` as a JSON string: of its escapes only those are left that are needed.
///
/// Besides quotes, backslashes and control characters, characters that nobody sees are written as escapes: other spaces
/// than U+0020, and signs of direction, joining and the like. In a raw text they would hide.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if is_unseen(c) => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Whether a character leaves no mark of its own: controls, spaces, and those of the Unicode category Cf.
fn is_unseen(c: char) -> bool {
    let format = matches!(u32::from(c),
        0xad | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x890..=0x891 | 0x8e2 | 0x180e | 0x200b..=0x200f
        | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff | 0xfff9..=0xfffb | 0x1_10bd | 0x1_10cd
        | 0x1_3430..=0x1_343f | 0x1_bca0..=0x1_bca3 | 0x1_d173..=0x1_d17a | 0xe_0001 | 0xe_0020..=0xe_007f);
    c.is_control() || c.is_whitespace() && c != ' ' || format
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_needs_an_escape_has_one() {
        for (text, written) in [
            ("acs:oss:*:*:中/😀", r#""acs:oss:*:*:中/😀""#),
            ("a\"b\\c/d", r#""a\"b\\c/d""#),
            ("\u{8}\u{c}\n\r\t\u{1}\u{7f}", r#""\b\f\n\r\t\u0001\u007f""#),
            ("\u{202e}\u{a0}\u{200b}\u{e0041}", r#""\u202e\u00a0\u200b\udb40\udc41""#),
        ] {
            assert_eq!(quoted(text), written);
            assert_eq!(serde_json::from_str::<String>(written).unwrap(), text);
        }
    }
}
