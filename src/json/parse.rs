//! From text to tree, on the `jsonc-parser` crate.
//!
//! The crate reads a family of looser languages; every looseness that it has a switch for is switched off,
//! and what it has no switch for is refused here: white space that RFC 8259 does not know (vertical tab,
//! form feed, the Unicode spaces), control characters inside strings, and nesting beyond [`MAX_DEPTH`].

use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use jsonc_parser::errors::ParseErrorKind;
use jsonc_parser::{
    CollectOptions, CommentCollectionStrategy, ParseOptions, ParseStringErrorKind, parse_to_ast, tokens,
};

use super::{Kind, Member, SourceText, Span, Value};

/// How many arrays and objects may stand inside one another.
pub const MAX_DEPTH: usize = 127;

/// Which texts count as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Syntax {
    /// RFC 8259 and nothing else.
    #[default]
    Strict,
    /// RFC 8259, and besides it `//` and `/* */` comments and a comma after the last element or member.
    Lenient,
}

/// A text that is not JSON: what is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct JsonError {
    /// What is wrong.
    pub kind: JsonErrorKind,
    /// Where; it may be empty, at the place where something is missing.
    pub span: Span,
}

/// The ways in which a text can fail to be JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonErrorKind {
    /// Nothing but white space (or, in lenient syntax, comments).
    #[error("the text is empty; a JSON value is expected")]
    Empty,
    /// The text begins with a byte order mark.
    #[error("the text begins with a byte order mark; save it as UTF-8 without one")]
    ByteOrderMark,
    /// Something follows the one value of the text.
    #[error("text follows the end of the JSON value")]
    TrailingText,
    /// A comma is missing between two elements or members.
    #[error("a comma is missing here")]
    MissingComma,
    /// A comma after the last element or member, in strict syntax.
    #[error("a comma stands after the last element; JSON has no trailing commas")]
    TrailingComma,
    /// A comment, in strict syntax.
    #[error("a comment stands here; JSON has no comments")]
    Comment,
    /// A `/*` without its `*/`.
    #[error("a comment is not closed with `*/`")]
    UnclosedComment,
    /// An object without its `}`.
    #[error("an object is not closed with a brace")]
    UnclosedObject,
    /// An array without its `]`.
    #[error("a list is not closed with `]`")]
    UnclosedArray,
    /// A string without its closing quote on the line where it begins; the span ends with that line.
    #[error("a string is not closed with a quote on its line")]
    UnclosedString,
    /// A `\` before a character that JSON does not escape, or with digits missing.
    #[error("an escape in a string is none of JSON's: it has \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\uXXXX")]
    InvalidEscape,
    /// Half a surrogate pair, or an escape that is no Unicode scalar.
    #[error("`\\u` escapes name half a surrogate pair, which is no character")]
    LoneSurrogate,
    /// A character below U+0020 inside a string.
    #[error("a control character (U+{0:04X}) stands inside a string; write it as an escape")]
    ControlCharacter(u32),
    /// White space that JSON does not know.
    #[error("a space that JSON does not know (U+{0:04X}) stands between values; use a plain space")]
    ForeignSpace(u32),
    /// A string in single quotes.
    #[error("strings stand in double quotes")]
    SingleQuotes,
    /// A member name that is no string.
    #[error("a member name must be a string in double quotes")]
    MemberNameNotString,
    /// A member name without a colon after it.
    #[error("a colon is missing after the member name")]
    MissingColon,
    /// A member without its value.
    #[error("the value of the member is missing")]
    MissingValue,
    /// A number in a form that JSON does not have.
    #[error(
        "this is no JSON number: no plus sign, no leading zeros, no hexadecimal, digits on both sides of the point"
    )]
    InvalidNumber,
    /// A bare word.
    #[error("a bare word is no value; strings stand in double quotes")]
    BareWord,
    /// Any other character or sign where it cannot stand.
    #[error("this is unexpected here")]
    Unexpected,
    /// More nesting than [`MAX_DEPTH`].
    #[error("lists and objects are nested more than {MAX_DEPTH} deep")]
    TooDeep,
}

impl JsonErrorKind {
    /// How to mend it, where the reason does not say so itself.
    #[must_use]
    pub const fn help(&self) -> Option<&'static str> {
        Some(match self {
            Self::TrailingText => "take it away, or put all values into one list",
            Self::MissingComma => "add a comma",
            Self::TrailingComma => "take the comma away",
            Self::Comment => "take the comment away",
            Self::UnclosedComment => "add `*/`",
            Self::UnclosedObject => "add `}`",
            Self::UnclosedArray => "add `]`",
            Self::UnclosedString => "add the quote; a line break inside a string is written `\\n`",
            Self::InvalidEscape => "write `\\\\` for a backslash",
            Self::LoneSurrogate => "write both halves of the pair, or the character itself",
            Self::SingleQuotes | Self::MemberNameNotString | Self::BareWord => "put it into double quotes",
            Self::MissingColon => "add a colon and the value",
            Self::MissingValue => "add the value",
            Self::InvalidNumber => "write it in plain decimal digits",
            Self::Unexpected => "a value, a comma or a closing bracket is missing before it, or it is one too many",
            Self::TooDeep => "no policy needs more than a handful of levels; take the outer ones away",
            Self::Empty | Self::ByteOrderMark | Self::ControlCharacter(_) | Self::ForeignSpace(_) => return None,
        })
    }
}

/// Reads `source` as one JSON value.
///
/// # Errors
/// The first place where the text is not JSON of the given syntax.
///
/// ```
/// use ramgate::json::{self, SourceText, Syntax};
///
/// let text = SourceText::new("example", r#"{"a": [1,]}"#);
/// let error = json::parse(&text, Syntax::Strict).unwrap_err();
/// assert_eq!(text.position(error.span.start).to_string(), "1:9");
/// assert!(json::parse(&text, Syntax::Lenient).is_ok());
/// ```
pub fn parse(source: &SourceText, syntax: Syntax) -> Result<Value, JsonError> {
    let text = source.text();
    if text.starts_with('\u{feff}') {
        return Err(JsonError { kind: JsonErrorKind::ByteOrderMark, span: Span::new(0, '\u{feff}'.len_utf8()) });
    }
    let unclosed = unclosed_string(text, syntax)?;
    let lenient = syntax == Syntax::Lenient;
    let parsed =
        parse_to_ast(text, &collected(text, lenient), &options(lenient)).map_err(|error| translate(&error, text));
    // The crate lets a string run over the end of its line, up to the next quote, and stumbles over what follows.
    // The mistake is where the quote is missing, unless the text is broken before that.
    let parsed = match (parsed, unclosed) {
        (Err(error), Some(span)) if error.span.start >= span.start => return Err(unclosed_at(span)),
        (Ok(_), Some(span)) => return Err(unclosed_at(span)),
        (parsed, _) => parsed?,
    };
    if let Some(tokens) = &parsed.tokens {
        refuse_foreign_spaces(text, tokens)?;
    }
    match parsed.value {
        Some(value) => convert(text, value),
        None => Err(JsonError { kind: JsonErrorKind::Empty, span: Span::new(0, text.len()) }),
    }
}

const fn options(lenient: bool) -> ParseOptions {
    ParseOptions {
        allow_comments: lenient,
        allow_loose_object_property_names: false,
        allow_trailing_commas: lenient,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

/// Tokens are collected where a space that JSON does not know may stand between them, which few texts give reason to
/// look for; comments then count as tokens, so that the gaps are white space and nothing else. Where comments are not
/// allowed they must not be collected: the crate then skips its own check.
fn collected(text: &str, lenient: bool) -> CollectOptions {
    let tokens = text.bytes().any(|byte| !matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r'));
    CollectOptions {
        comments: if lenient && tokens { CommentCollectionStrategy::AsTokens } else { CommentCollectionStrategy::Off },
        tokens,
    }
}

const fn unclosed_at(span: Span) -> JsonError {
    JsonError { kind: JsonErrorKind::UnclosedString, span }
}

/// The first string that is still open at the end of its line, where there is one.
///
/// The crate recurses up to a depth of its own (512) and drops what it built by recursion too; counting the
/// brackets on the way keeps a hostile text from ever getting that far into the stack.
fn unclosed_string(text: &str, syntax: Syntax) -> Result<Option<Span>, JsonError> {
    let mut depth = 0_usize;
    let mut unclosed = None;
    let mut bytes = text.bytes().enumerate().peekable();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => {
                while let Some((inner_at, inner)) = bytes.next() {
                    match inner {
                        b'\\' if bytes.next_if(|(_, next)| !matches!(next, b'\n' | b'\r')).is_some() => {}
                        b'"' => break,
                        // The crate reads on to the next quote, and so does this count of brackets.
                        b'\n' | b'\r' => unclosed = unclosed.or(Some(Span::new(at, inner_at))),
                        _ => {}
                    }
                }
            }
            b'/' if syntax == Syntax::Lenient => match bytes.peek() {
                Some((_, b'/')) => while bytes.next_if(|(_, inner)| !matches!(inner, b'\n' | b'\r')).is_some() {},
                Some((_, b'*')) => {
                    bytes.next();
                    let mut star = false;
                    for (_, inner) in bytes.by_ref() {
                        if star && inner == b'/' {
                            break;
                        }
                        star = inner == b'*';
                    }
                }
                _ => {}
            },
            b'[' | b'{' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(JsonError { kind: JsonErrorKind::TooDeep, span: Span::new(at, at + 1) });
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(unclosed)
}

fn refuse_foreign_spaces(text: &str, tokens: &[tokens::TokenAndRange<'_>]) -> Result<(), JsonError> {
    let mut end = 0;
    let ends = tokens.iter().map(|token| (token.start(), token.end())).chain(std::iter::once((text.len(), text.len())));
    for (start, next_end) in ends {
        let gap = text.get(end..start).unwrap_or("");
        if let Some((at, space)) = gap.char_indices().find(|(_, c)| !matches!(c, ' ' | '\t' | '\n' | '\r')) {
            let at = end + at;
            return Err(JsonError {
                kind: JsonErrorKind::ForeignSpace(u32::from(space)),
                span: Span::new(at, at + space.len_utf8()),
            });
        }
        end = next_end;
    }
    Ok(())
}

fn convert(text: &str, value: ast::Value<'_>) -> Result<Value, JsonError> {
    let span = Span::new(value.start(), value.end());
    let kind = match value {
        ast::Value::NullKeyword(_) => Kind::Null,
        ast::Value::BooleanLit(literal) => Kind::Bool(literal.value),
        ast::Value::NumberLit(literal) => Kind::Number(literal.value.to_owned()),
        ast::Value::StringLit(literal) => {
            refuse_control_characters(text, span)?;
            Kind::String(literal.value.into_owned())
        }
        ast::Value::Array(array) => {
            Kind::Array(array.elements.into_iter().map(|element| convert(text, element)).collect::<Result<_, _>>()?)
        }
        ast::Value::Object(object) => Kind::Object(
            object
                .properties
                .into_iter()
                .map(|property| {
                    let name_span = Span::new(property.name.start(), property.name.end());
                    refuse_control_characters(text, name_span)?;
                    let name = property.name.into_string();
                    Ok(Member { name, name_span, value: convert(text, property.value)? })
                })
                .collect::<Result<_, JsonError>>()?,
        ),
    };
    Ok(Value { span, kind })
}

fn refuse_control_characters(text: &str, span: Span) -> Result<(), JsonError> {
    let literal = text.get(span.start..span.end).unwrap_or("");
    match literal.bytes().enumerate().find(|(_, byte)| *byte < 0x20) {
        Some((at, byte)) => {
            let at = span.start + at;
            Err(JsonError { kind: JsonErrorKind::ControlCharacter(u32::from(byte)), span: Span::new(at, at + 1) })
        }
        None => Ok(()),
    }
}

fn translate(error: &jsonc_parser::errors::ParseError, text: &str) -> JsonError {
    use ParseErrorKind as Theirs;
    let range = error.range();
    let begins_a_word = || text.get(range.start..).is_some_and(|rest| rest.starts_with(char::is_alphabetic));
    let kind = match error.kind() {
        Theirs::MultipleRootJsonValues => JsonErrorKind::TrailingText,
        Theirs::ExpectedComma => JsonErrorKind::MissingComma,
        Theirs::TrailingCommasNotAllowed => JsonErrorKind::TrailingComma,
        Theirs::CommentsNotAllowed => JsonErrorKind::Comment,
        Theirs::UnterminatedCommentBlock => JsonErrorKind::UnclosedComment,
        Theirs::UnterminatedObject => JsonErrorKind::UnclosedObject,
        Theirs::UnterminatedArray => JsonErrorKind::UnclosedArray,
        Theirs::String(ParseStringErrorKind::UnterminatedStringLiteral) => JsonErrorKind::UnclosedString,
        Theirs::String(ParseStringErrorKind::InvalidUnicodeEscapeSequence(_)) => JsonErrorKind::LoneSurrogate,
        Theirs::String(_) => JsonErrorKind::InvalidEscape,
        Theirs::SingleQuotedStringsNotAllowed => JsonErrorKind::SingleQuotes,
        Theirs::ExpectedStringObjectProperty => JsonErrorKind::MemberNameNotString,
        Theirs::ExpectedColonAfterObjectKey => JsonErrorKind::MissingColon,
        Theirs::ExpectedObjectValue => JsonErrorKind::MissingValue,
        Theirs::BareDecimalPointNumbersNotAllowed
        | Theirs::HexadecimalNumbersNotAllowed
        | Theirs::UnaryPlusNumbersNotAllowed
        | Theirs::NonFiniteNumbersNotAllowed
        | Theirs::ExpectedDigit
        | Theirs::ExpectedDigitFollowingNegativeSign
        | Theirs::ExpectedPlusMinusOrDigitInNumberLiteral => JsonErrorKind::InvalidNumber,
        Theirs::UnexpectedWord => JsonErrorKind::BareWord,
        Theirs::UnexpectedToken if begins_a_word() => JsonErrorKind::BareWord,
        Theirs::NestingDepthExceeded => JsonErrorKind::TooDeep,
        Theirs::UnexpectedCloseBrace
        | Theirs::UnexpectedCloseBracket
        | Theirs::UnexpectedColon
        | Theirs::UnexpectedComma
        | Theirs::UnexpectedToken
        | Theirs::UnexpectedTokenInObject => JsonErrorKind::Unexpected,
    };
    let mut start = range.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = range.end.clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    JsonError { kind, span: Span::new(start, end) }
}
