//! `redundancy/mergeable-statements`.

use std::collections::BTreeSet;

use super::super::{inclusion, tree};
use crate::json::Span;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::{Document, Pattern, Statement};

rule! {
    /// ## What it does
    /// Finds statements that differ by their actions only, or by their resources only, and could be one.
    ///
    /// ## Why is this bad?
    /// Whoever changes one of them, its condition above all, has to remember the other; and the document is longer than
    /// it need be.
    ///
    /// ## Example
    /// ```json
    /// {"Version": "1", "Statement": [
    ///   {"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"},
    ///   {"Effect": "Allow", "Action": "vpc:Describe*", "Resource": "*"}
    /// ]}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Version": "1", "Statement": [
    ///   {"Effect": "Allow", "Action": ["ecs:Describe*", "vpc:Describe*"], "Resource": "*"}
    /// ]}
    /// ```
    ///
    /// ## Limits
    /// Statements with a `Sid` are kept apart: whoever gave them names wants to tell them apart.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements)
    code: "RAM608",
    name: "redundancy/mergeable-statements",
    severity: Note,
    kinds: ALL_KINDS,
    fix: Safe,
    since: "0.2.0",
    check: Check::Document(check),
}

/// The patterns of a clause, each once, in an order of their own.
type Texts<'s> = BTreeSet<&'s str>;

fn actions(statement: &Statement) -> (bool, Texts<'_>) {
    let clause = statement.action();
    (clause.is_negated(), clause.patterns().map(|(pattern, _)| pattern.as_str()).collect())
}

fn resources(statement: &Statement) -> Option<(bool, Texts<'_>)> {
    let clause = statement.resource()?;
    Some((clause.is_negated(), clause.patterns().map(|(pattern, _)| pattern.as_str()).collect()))
}

fn check(document: &Document, subject: &Subject<'_>, found: &mut Findings) {
    let statements = document.statements();
    for (index, second) in statements.iter().enumerate().filter(|(_, statement)| statement.sid().is_none()) {
        for first in statements.iter().take(index).filter(|statement| statement.sid().is_none()) {
            let alike = first.effect() == second.effect()
                && inclusion::same_principals(first, second)
                && inclusion::condition(first) == inclusion::condition(second);
            // Then one of them can go: another rule says so.
            if inclusion::covers(first, second) || inclusion::covers(second, first) {
                continue;
            }
            let same_resources = resources(first) == resources(second);
            let same_actions = actions(first) == actions(second);
            let (what, into, from): (_, Vec<_>, Vec<_>) =
                if alike && same_resources && !actions(first).0 && !actions(second).0 {
                    ("actions", first.action().patterns().collect(), second.action().patterns().collect())
                } else if let (true, true, Some(one), Some(two)) =
                    (alike, same_actions, first.resource(), second.resource())
                    && !one.is_negated()
                    && !two.is_negated()
                {
                    ("resources", one.patterns().collect(), two.patterns().collect())
                } else {
                    continue;
                };
            let line = subject.source().position(first.span().start).line;
            let message = format!("this statement differs from the one in line {line} by its {what} only");
            let draft =
                found.at(second.span(), message).help("make one statement of them").also(first.span(), "the other one");
            if let Some(removal) = subject.removal(second.span()) {
                let added: Vec<_> = from
                    .iter()
                    .filter(|(pattern, _)| !into.iter().any(|(other, _)| other.as_str() == pattern.as_str()))
                    .map(|(pattern, _)| format!(", {}", serde_json::Value::from(pattern.as_str())))
                    .collect();
                draft.fix("put them together", [removal].into_iter().chain(append(&into, &added.concat(), subject)));
            }
            break;
        }
    }
}

/// Adds `text` behind the last of the patterns, and makes a list of a lone one.
fn append(patterns: &[(&Pattern, Span)], text: &str, subject: &Subject<'_>) -> Vec<Edit> {
    let (Some((_, first)), Some((_, last))) = (patterns.first(), patterns.last()) else { return Vec::new() };
    if text.is_empty() {
        return Vec::new();
    }
    let alone = subject.tree().is_some_and(|tree| tree::member_of(tree, *last).is_some());
    let (open, close) = if alone { ("[", "]") } else { ("", "") };
    let mut edits = vec![Edit::replace(Span::new(last.end, last.end), format!("{text}{close}"))];
    if alone {
        edits.push(Edit::replace(Span::new(first.start, first.start), open));
    }
    edits
}
