//! Which element of a statement matched a request, by which of its patterns, and which did not.

use serde::Serialize;

use super::Trace;
use crate::authz::StatementResult;
use crate::authz::evaluate::names;
use crate::identity::PolicySource;
use crate::json::{Excerpt, SourceText, Span};
use crate::policy::{Pattern, Statement};

/// An element of a statement, before the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TracedElement {
    /// `Action`, `NotAction`, `Resource`, `NotResource` or `Principal`.
    pub element: &'static str,
    /// What the request has there.
    pub value: String,
    /// Whether the statement is about it.
    pub matches: bool,
    /// What the element says.
    pub patterns: Vec<String>,
    /// The first of its patterns that covers the value: why an element matches, or why one with `Not` does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<TracedPattern>,
    /// Line of the element's value, from 1.
    pub line: usize,
    /// Column of the element's value, from 1.
    pub column: usize,
    #[serde(skip)]
    pub(super) excerpt: Excerpt,
}

/// A pattern that covers what the request has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TracedPattern {
    /// The pattern as the policy writes it.
    pub text: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
}

impl TracedElement {
    /// Line and column of what counted: the pattern that covers the value, or the element where none does.
    pub(super) fn place(&self) -> (usize, usize) {
        self.pattern.as_ref().map_or((self.line, self.column), |pattern| (pattern.line, pattern.column))
    }
}

impl Trace {
    /// The elements that led to `result`, in the order in which the evaluator looks at them.
    pub(super) fn elements(
        &self,
        policy: &PolicySource,
        statement: &Statement,
        result: StatementResult,
    ) -> Vec<TracedElement> {
        let source = policy.document.source();
        let action = statement.action();
        let element = if action.is_negated() { "NotAction" } else { "Action" };
        let other = result == StatementResult::OtherAction;
        let mut elements = vec![of_patterns(source, element, &self.action, action.patterns(), action.span(), !other)];
        if other {
            return elements;
        }
        let other = result == StatementResult::OtherResource;
        if let Some(resource) = statement.resource() {
            let element = if resource.is_negated() { "NotResource" } else { "Resource" };
            let span = resource.span();
            elements.push(of_patterns(source, element, &self.resource, resource.patterns(), span, !other));
        }
        if !other {
            elements.extend(self.named(source, statement, result != StatementResult::OtherPrincipal));
        }
        elements
    }

    /// `Principal`, where the statement has it. Where a principal of it stands is not kept: the place is the element's.
    fn named(&self, source: &SourceText, statement: &Statement, matches: bool) -> Option<TracedElement> {
        let clause = statement.principal()?;
        let span = statement.principal_span();
        let at = source.position(span.start);
        let entries = clause.entries(&names(&self.caller), !statement.condition().is_empty());
        let naming = entries.iter().find(|(_, names)| *names);
        Some(TracedElement {
            element: "Principal",
            value: self.principal.clone(),
            matches,
            pattern: naming.map(|(text, _)| TracedPattern { text: text.clone(), line: at.line, column: at.column }),
            patterns: entries.into_iter().map(|(text, _)| text).collect(),
            line: at.line,
            column: at.column,
            excerpt: Excerpt::new(source, span),
        })
    }
}

fn of_patterns<'p>(
    source: &SourceText,
    element: &'static str,
    value: &str,
    patterns: impl Iterator<Item = (&'p Pattern, Span)>,
    span: Span,
    matches: bool,
) -> TracedElement {
    let patterns: Vec<_> = patterns.collect();
    let covering = patterns.iter().find(|(pattern, _)| pattern.matches(value));
    let at = source.position(span.start);
    TracedElement {
        element,
        value: value.to_owned(),
        matches,
        pattern: covering.map(|(pattern, span)| {
            let at = source.position(span.start);
            TracedPattern { text: pattern.as_str().to_owned(), line: at.line, column: at.column }
        }),
        patterns: patterns.iter().map(|(pattern, _)| pattern.as_str().to_owned()).collect(),
        line: at.line,
        column: at.column,
        excerpt: Excerpt::new(source, span),
    }
}
