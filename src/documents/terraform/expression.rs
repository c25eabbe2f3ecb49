//! Object expressions of Terraform as the JSON that `jsonencode` makes of them.

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, ObjectKey};
use hcl_edit::template::{Element, StringTemplate};

use super::template;
use crate::documents::draft::Draft;
use crate::json::{SourceText, Span};

/// What an expression stands for, where that is known.
pub(super) type Resolve<'r, 'f> = &'r dyn Fn(&'f Expression) -> &'f Expression;

/// How deep objects and lists are followed, as JSON's are.
const MAX_DEPTH: usize = crate::json::MAX_DEPTH;

/// Writes an expression as JSON. What only Terraform can evaluate is an unread part.
pub(super) fn json<'f>(expression: &'f Expression, file: &'f SourceText, draft: &mut Draft, resolve: Resolve<'_, 'f>) {
    value(expression, file, draft, resolve, 0);
}

fn value<'f>(
    expression: &'f Expression,
    file: &'f SourceText,
    draft: &mut Draft,
    resolve: Resolve<'_, 'f>,
    depth: usize,
) {
    let expression = resolve(expression);
    let span = Span::from(expression.span().unwrap_or_default());
    match expression {
        Expression::Object(object) if depth < MAX_DEPTH => {
            draft.stands_for("{", first(span));
            for (index, (key, member)) in object.iter().enumerate() {
                if index > 0 {
                    draft.added(",");
                }
                name(key, file, draft, resolve);
                draft.added(":");
                value(member.expr(), file, draft, resolve, depth + 1);
            }
            draft.stands_for("}", last(span));
        }
        Expression::Array(list) if depth < MAX_DEPTH => {
            draft.stands_for("[", first(span));
            for (index, element) in list.iter().enumerate() {
                if index > 0 {
                    draft.added(",");
                }
                value(element, file, draft, resolve, depth + 1);
            }
            draft.stands_for("]", last(span));
        }
        Expression::Null(_) => draft.same(file.slice(span), span.start),
        Expression::Bool(_) | Expression::Number(_) => draft.same(file.slice(span), span.start),
        Expression::String(_) => string(file, span, draft),
        Expression::StringTemplate(text) => match sole_interpolation(text) {
            Some(inner) if !std::ptr::eq(resolve(inner), inner) => value(inner, file, draft, resolve, depth + 1),
            _ => templated(expression, text, file, draft),
        },
        Expression::HeredocTemplate(heredoc) => {
            let before = draft.mark();
            draft.stands_for("\"", first(span));
            if template::heredoc(heredoc, file, draft, Draft::json_character).is_err() {
                draft.back_to(&before);
                draft.unread(file.slice(span), span);
            } else {
                draft.stands_for("\"", last(span));
            }
        }
        _ => draft.unread(file.slice(span), span),
    }
}

/// A string in quotes with interpolations.
fn templated(expression: &Expression, text: &StringTemplate, file: &SourceText, draft: &mut Draft) {
    let span = Span::from(expression.span().unwrap_or_default());
    let before = draft.mark();
    draft.same("\"", span.start);
    if template::elements(text, file, draft, Draft::json_character).is_err() {
        draft.back_to(&before);
        draft.unread(file.slice(span), span);
    } else {
        draft.same("\"", span.end.saturating_sub(1));
    }
}

/// A string in quotes.
fn string(file: &SourceText, span: Span, draft: &mut Draft) {
    let inner = Span::new(span.start + 1, span.end.saturating_sub(1));
    draft.same("\"", span.start);
    template::quoted(file.slice(inner), inner.start, |c, raw, at| draft.json_character(c, raw, at));
    draft.same("\"", inner.end);
}

/// The name of a member.
fn name<'f>(key: &'f ObjectKey, file: &'f SourceText, draft: &mut Draft, resolve: Resolve<'_, 'f>) {
    let span = Span::from(key.span().unwrap_or_default());
    match key {
        ObjectKey::Ident(_) => {
            draft.added("\"");
            draft.same(file.slice(span), span.start);
            draft.added("\"");
        }
        ObjectKey::Expression(expression) => match resolve(expression) {
            text @ Expression::String(_) => string(file, text.span().unwrap_or_default().into(), draft),
            text @ Expression::StringTemplate(template) => templated(text, template, file, draft),
            _ => draft.unread(file.slice(span), span),
        },
    }
}

/// The expression of a template that is one interpolation and nothing else.
pub(super) fn sole_interpolation(text: &StringTemplate) -> Option<&Expression> {
    match text.as_single_element()? {
        Element::Interpolation(interpolation) => Some(&interpolation.expr),
        _ => None,
    }
}

/// The opening bracket of an expression.
pub(super) const fn first(span: Span) -> Span {
    Span::new(span.start, span.start + 1)
}

/// The closing bracket of an expression.
pub(super) const fn last(span: Span) -> Span {
    Span::new(span.end.saturating_sub(1), span.end)
}
