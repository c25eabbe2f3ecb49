//! Parts of a policy file that a template engine fills in: `${account}` of `templatefile` or `envsubst`, `{{ account }}`.

use super::Unread;
use crate::json::Span;

/// The placeholders within the strings of a JSON text.
///
/// `${acs:SourceIp}` is none, nor is anything else with a colon: it is what somebody takes for a variable of RAM's, which
/// has none, and means itself.
pub(super) fn within(text: &str) -> Vec<Unread> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = text.get(at..).and_then(|rest| rest.find(['$', '{'])).map(|start| at + start) {
        let placed = ["${", "{{"].into_iter().zip(["}", "}}"]).find_map(|(open, close)| {
            let inner = text.get(start..)?.strip_prefix(open)?;
            let inner = inner.get(..inner.find(close)?)?;
            let plain = |letter: char| !matches!(letter, '"' | '\\' | '{' | '}' | ':' | '\n');
            (!inner.trim().is_empty() && inner.chars().all(plain)).then_some((inner, open.len() + close.len()))
        });
        at = start + 1;
        if let Some((inner, signs)) = placed {
            at = start + inner.len() + signs;
            found.push(Unread { span: Span::new(start, at), expression: inner.trim().to_owned() });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn placeholders_are_found_in_strings_and_variables_are_none() {
        for (text, expressions) in [
            (r#"{"a": "acs:oss:*:${account_id}:${var.bucket}/*"}"#, &["account_id", "var.bucket"][..]),
            (r#"{"a": ["{{ account }}", "x"]}"#, &["account"]),
            (r#"{"a": "b/${acs:UserName}/${}/{{}}/$x/{y}"}"#, &[]),
            (r#"{"a": {"b": {"c": "d"}}}"#, &[]),
            (r#"{"a": "${b", "c": "d}"}"#, &[]),
            ("{{\"a\": \"é$", &[]),
        ] {
            let found = within(text);
            assert_eq!(found.iter().map(|part| part.expression.as_str()).collect::<Vec<_>>(), expressions, "{text}");
            for part in found {
                let placed = text.get(part.span.start..part.span.end).unwrap();
                assert!(placed.contains(&part.expression), "{text}");
            }
        }
    }
}
