//! The one way in which policies are written.
//!
//! The page docs/fmt.md says what that way is, and why.

mod comments;
mod printer;
mod text;

use self::comments::Comment;
use self::printer::Printer;
use super::{Editing, Embedded, Options, finding, read};
use crate::json::{self, SourceText, Span, Syntax};
use crate::policy::{Code, Dialect, Document, PolicyKind};
use crate::report::{Finding, Severity};

/// A file after formatting.
#[derive(Debug, Clone, Default)]
pub struct Formatted {
    /// The text of the file, where it changes.
    pub text: Option<String>,
    /// Why documents of it are left as they are: errors where they cannot be read, notes for all else.
    pub findings: Vec<Finding>,
}

/// Formats the documents of `file` that stand in it so that they can be replaced safely.
///
/// No document means another thing afterwards; a document that cannot be read is left as it is.
#[must_use]
pub fn format_file(file: &SourceText, options: &Options, dialect: &Dialect) -> Formatted {
    let contents = match read(file, options) {
        Ok(contents) => contents,
        Err(findings) => return Formatted { text: None, findings },
    };
    let mut findings = Vec::new();
    let mut edits = Vec::new();
    for document in &contents.documents {
        match replacement(document, dialect) {
            Ok(edit) => edits.extend(edit),
            Err(reasons) => findings.extend(reasons),
        }
    }
    let text = edited(file.text(), &edits);
    match text {
        Some(text) if text != file.text() => {
            // Whoever reads the file must find in it what was written.
            let again = SourceText::new(file.name(), text.as_str());
            if same_documents(&contents.documents, &again, options, dialect) {
                return Formatted { text: Some(text), findings };
            }
            findings.push(finding(
                Severity::Error,
                "not-formatted",
                "the file would hold another policy once it is formatted, and is left as it is; this is a fault of the formatter".to_owned(),
                Some((file.clone(), Span::new(0, 0))),
            ));
            Formatted { text: None, findings }
        }
        _ => Formatted { text: None, findings },
    }
}

/// `source` in the way that policies are written, with the line breaks that it has.
///
/// ```
/// use ramgate::documents::format;
/// use ramgate::json::SourceText;
/// use ramgate::policy::{Dialect, PolicyKind};
///
/// let source = SourceText::new("p.json", r#"{"Statement": [{"Resource": ["*"], "Action": "oss:Get*",
///     "Effect": "Allow"}], "Version": "1"}"#);
/// let text = format(&source, PolicyKind::Identity, &Dialect::strict()).unwrap();
/// assert_eq!(text, r#"{
///   "Version": "1",
///   "Statement": [
///     {
///       "Effect": "Allow",
///       "Action": "oss:Get*",
///       "Resource": "*"
///     }
///   ]
/// }
/// "#);
/// ```
///
/// # Errors
/// Every mistake of the document; or why it is left as it is, which may be a note: it would be longer than RAM stores.
pub fn format(source: &SourceText, kind: PolicyKind, dialect: &Dialect) -> Result<String, Vec<Finding>> {
    Document::parse(source, kind, dialect).map_err(|invalid| Finding::of_policy(&invalid))?;
    let syntax = if dialect.comments { Syntax::Lenient } else { Syntax::Strict };
    // A document that can be read is JSON.
    let tree = json::parse(source, syntax).map_err(|error| {
        vec![finding(Severity::Error, "not-json", error.to_string(), Some((source.clone(), error.span)))]
    })?;
    let comments = if dialect.comments { comments::find(source.text()) } else { Vec::new() };
    let text = Printer::new(source, &comments).print(&tree).map_err(|comment| vec![lost(source, comment)])?;
    let text = if source.text().contains("\r\n") { text.replace('\n', "\r\n") } else { text };
    match Document::parse(&SourceText::new(source.name(), text.as_str()), kind, dialect) {
        Ok(_) => Ok(text),
        Err(invalid) => Err(vec![too_long(source, kind, text.len(), &invalid.findings)]),
    }
}

/// What to replace in the file of a document; nothing where it stands there as it should.
fn replacement(document: &Embedded, dialect: &Dialect) -> Result<Option<(Span, String)>, Vec<Finding>> {
    let note = |message: String| {
        let whole = document.whole();
        let line = document.file().slice(whole).lines().next().map_or(0, str::len);
        let place = (document.file().clone(), Span::new(whole.start, whole.start + line));
        vec![finding(Severity::Note, "not-formatted", message, Some(place))]
    };
    if let Some(neighbour) = document.neighbour() {
        return Err(vec![neighbour.finding(document.file(), Severity::Note)]);
    }
    if let Editing::No(what) = document.editing() {
        return Err(note(format!("{} is {what}, which is left as it is", document.name())));
    }
    let kind = document.kind().unwrap_or(PolicyKind::Identity);
    let text = format(document.text(), kind, dialect).map_err(|findings| {
        let unread = |finding: &Finding| finding.place.as_ref().is_some_and(|(_, span)| document.has_unread(*span));
        if findings.iter().all(unread) {
            return note(format!(
                "{} is a template whose values are filled in elsewhere; it is left as it is",
                document.name()
            ));
        }
        findings.into_iter().map(|finding| document.in_file(finding)).collect::<Vec<_>>()
    })?;
    let edit = document.rewritten(&text);
    Ok(edit.filter(|(span, text)| document.file().slice(*span) != text))
}

/// A text after replacements that do not overlap; nothing where there are none.
fn edited(text: &str, edits: &[(Span, String)]) -> Option<String> {
    let mut edits: Vec<_> = edits.iter().collect();
    edits.sort_by_key(|(span, _)| *span);
    edits.first()?;
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (span, replacement) in edits {
        out.push_str(text.get(at..span.start)?);
        out.push_str(replacement);
        at = span.end;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

/// Whether a file holds the same documents as before, but for how they are written.
fn same_documents(before: &[Embedded], file: &SourceText, options: &Options, dialect: &Dialect) -> bool {
    let Ok(after) = read(file, options) else { return false };
    let written = |document: &Embedded| {
        let kind = document.kind().unwrap_or(PolicyKind::Identity);
        // Indentation and line breaks are the file's.
        format(document.text(), kind, dialect).map(|text| text.replace("\r\n", "\n")).ok()
    };
    after.documents.len() == before.len()
        && before.iter().zip(&after.documents).all(|(before, after)| {
            // Not by their names: one in a page is called by its line, which moves.
            before.kind() == after.kind() && written(before) == written(after)
                || matches!(before.editing(), Editing::No(_)) && before.text().text() == after.text().text()
        })
}

fn lost(source: &SourceText, comment: Comment) -> Finding {
    finding(
        Severity::Error,
        "comment",
        "this comment stands where it would get lost, so the document is left as it is".to_owned(),
        Some((source.clone(), comment.span)),
    )
    .with_help("put it on a line of its own, above a member or an element, or behind one")
}

/// Why a text that was formatted is no policy: the only thing that formatting adds is white space.
fn too_long(source: &SourceText, kind: PolicyKind, length: usize, mistakes: &[crate::policy::Finding]) -> Finding {
    let place = Some((source.clone(), Span::new(0, 0)));
    match (kind.max_bytes(), mistakes) {
        (Some(most), [mistake]) if mistake.code == Code::TooLong => finding(
            Severity::Note,
            "not-formatted",
            format!("formatted, the document has {length} bytes, more than the {most} that RAM stores; it is left as it is"),
            place,
        ),
        _ => finding(
            Severity::Error,
            "not-formatted",
            "the document is left as it is, since it could not be read once it is formatted; this is a fault of the formatter".to_owned(),
            place,
        ),
    }
}

#[cfg(test)]
mod tests;
