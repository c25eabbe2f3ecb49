//! Documents with small changes: written into the text, and read again by the one reader that there is.

use std::sync::Arc;

use crate::identity::PolicySource;
use crate::json::{SourceText, Span};
use crate::policy::{Document, PolicyKind};

/// A part of a text and what takes its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    span: Span,
    text: String,
}

/// Another element for the list that begins at `list`; a single value becomes a list of two.
pub(super) fn added(source: &SourceText, list: Span, element: &str) -> Option<Edit> {
    let text = source.slice(list);
    match text.strip_prefix('[') {
        Some(rest) => {
            let comma = if rest.trim_start().starts_with(']') { "" } else { ", " };
            let at = list.start + 1;
            Some(Edit { span: Span::new(at, at), text: format!("{element}{comma}") })
        }
        None => (!text.is_empty()).then(|| Edit { span: list, text: format!("[{text}, {element}]") }),
    }
}

/// Another element beside the one at `beside`, which stands in a list or for a list of one.
pub(super) fn added_beside(source: &SourceText, beside: Span, element: &str) -> Option<Edit> {
    match source.text().get(..beside.start)?.trim_end().chars().next_back()? {
        '[' | ',' => Some(Edit { span: Span::new(beside.start, beside.start), text: format!("{element}, ") }),
        ':' => added(source, beside, element),
        _ => None,
    }
}

/// The element at `number` of those at `elements` taken away; nothing where it is the only one.
pub(super) fn taken(elements: &[Span], number: usize) -> Option<Edit> {
    let own = elements.get(number)?;
    let before = number.checked_sub(1).and_then(|before| elements.get(before));
    let span = match (elements.get(number + 1), before) {
        (Some(next), _) => Span::new(own.start, next.start),
        (None, Some(before)) => Span::new(before.end, own.end),
        (None, None) => return None,
    };
    Some(Edit { span, text: String::new() })
}

/// `policy` with `edits`, none of which overlap; nothing where the outcome is no policy.
pub(super) fn edited(policy: &PolicySource, mut edits: Vec<Edit>) -> Option<Arc<PolicySource>> {
    let source = policy.document.source();
    edits.sort_by_key(|edit| edit.span);
    let mut text = String::with_capacity(source.text().len() + 64);
    let mut at = 0;
    for edit in &edits {
        text.push_str(source.text().get(at..edit.span.start)?);
        text.push_str(&edit.text);
        at = edit.span.end;
    }
    text.push_str(source.text().get(at..)?);
    let source = SourceText::new(source.name(), text);
    let document = Document::parse(&source, policy.document.kind(), policy.document.dialect()).ok()?;
    Some(Arc::new(PolicySource { name: policy.name.clone(), document: Arc::new(document) }))
}

/// `policy` without its statement with this index.
pub(in super::super) fn without_statement(policy: &PolicySource, index: usize) -> Arc<PolicySource> {
    let document = policy.document.without_statement(index);
    Arc::new(PolicySource { name: policy.name.clone(), document: Arc::new(document) })
}

/// A policy of one statement.
pub(super) fn of_statement(name: &str, kind: PolicyKind, statement: &str) -> Option<Arc<PolicySource>> {
    let text = format!("{{\"Version\": \"1\", \"Statement\": [{statement}]}}");
    let document = Document::parse(&SourceText::new(name, text), kind, &crate::policy::Dialect::strict()).ok()?;
    Some(Arc::new(PolicySource { name: name.to_owned(), document: Arc::new(document) }))
}

/// `text` as a JSON string.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Dialect;

    fn policy(statements: &str) -> PolicySource {
        let source = SourceText::new("p.json", format!(r#"{{"Version": "1", "Statement": {statements}}}"#));
        let document = Document::parse(&source, PolicyKind::Identity, &Dialect::lenient()).unwrap();
        PolicySource { name: "p".to_owned(), document: Arc::new(document) }
    }

    fn statement(action: &str) -> String {
        format!(r#"{{"Effect": "Allow", "Action": {action}, "Resource": "*"}}"#)
    }

    fn actions(policy: &PolicySource) -> Vec<String> {
        let action = policy.document.statements()[0].action();
        action.patterns().map(|(pattern, _)| pattern.as_str().to_owned()).collect()
    }

    #[test]
    fn an_element_is_added_to_a_list_and_beside_a_single_value() {
        for (action, expected) in [
            (r#""a:B""#, &["a:B", "a:\"中"][..]),
            (r#"["a:B"]"#, &["a:\"中", "a:B"]),
            (r#"[ /* why */ "a:B", "a:C", ]"#, &["a:\"中", "a:B", "a:C"]),
            ("[ ]", &["a:\"中"]),
        ] {
            let policy = policy(&format!("[{}]", statement(action)));
            let span = policy.document.statements()[0].action().span();
            let edit = added(policy.document.source(), span, &quoted("a:\"中")).unwrap();
            assert_eq!(actions(&edited(&policy, vec![edit]).unwrap()), expected, "{action}");
        }
    }

    #[test]
    fn a_statement_is_added_to_a_list_and_beside_a_single_object() {
        let own = statement(r#""a:B""#);
        for statements in [format!("[{own}]"), format!("[ {own}, {own} ]"), own] {
            let policy = policy(&statements);
            let before = policy.document.statements();
            let edit = added_beside(policy.document.source(), before[0].span(), &statement(r#""a:C""#)).unwrap();
            let after = edited(&policy, vec![edit]).unwrap();
            assert_eq!(after.document.statements().len(), before.len() + 1, "{statements}");
        }
        let commented = policy(&format!("[/* first */ {}]", statement(r#""a:B""#)));
        assert_eq!(added_beside(commented.document.source(), commented.document.statements()[0].span(), "{}"), None);
    }

    #[test]
    fn an_element_is_taken_from_a_list_but_never_the_last() {
        for (action, number, expected) in [
            (r#"["a:B", "a:C", "a:D"]"#, 0, Some(&["a:C", "a:D"][..])),
            (r#"["a:B", "a:C", "a:D"]"#, 1, Some(&["a:B", "a:D"])),
            (r#"["a:B", "a:C", "a:D",]"#, 2, Some(&["a:B", "a:C"])),
            (r#"["a:B"]"#, 0, None),
            (r#""a:B""#, 0, None),
        ] {
            let policy = policy(&format!("[{}]", statement(action)));
            let spans: Vec<Span> = policy.document.statements()[0].action().patterns().map(|(_, span)| span).collect();
            let found = taken(&spans, number).map(|edit| actions(&edited(&policy, vec![edit]).unwrap()));
            assert_eq!(
                found.as_deref(),
                expected.map(|texts| texts.iter().map(ToString::to_string).collect::<Vec<_>>()).as_deref(),
                "{action}"
            );
        }
    }
}
