//! Actions that are worth a second look: the data, and what a document permits of it.

use std::sync::LazyLock;

use serde::Deserialize;

use super::permits::{Permit, Question, is_boundless, permits};
use crate::lint::Findings;
use crate::policy::{Arn, Context, Document, Effect, Statement};

const DATA: &str = include_str!("../../data/sensitive.toml");

#[derive(Debug, Default, Deserialize)]
struct Data {
    group: Vec<Group>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    category: String,
    what: String,
    actions: Vec<String>,
    any: Option<String>,
    #[cfg_attr(not(test), expect(dead_code, reason = "for whoever reads the data"))]
    source: String,
}

// INVARIANT: the embedded text is right (test `the_data_is_read_whole`).
static GROUPS: LazyLock<Vec<Group>> = LazyLock::new(|| toml::from_str::<Data>(DATA).unwrap_or_default().group);

/// Whether a statement names single resources only.
fn is_about_named_ones(statement: &Statement) -> bool {
    let named = |text: &str| Arn::parse(text).is_some_and(|arn| !arn.relative.contains(['*', '?']));
    statement
        .resource()
        .is_some_and(|resource| !resource.is_negated() && resource.patterns().all(|(p, _)| named(p.as_str())))
}

/// Says, once a statement, what it allows of a category; `says` begins the message, as in "this gives away".
pub(super) fn report(category: &str, document: &Document, found: &mut Findings, says: &str, help: &str) {
    let known = Context::unknown();
    let allows = document.statements().iter().filter(|statement| statement.effect() == Effect::Allow);
    let told_of: Vec<&Statement> = allows.filter(|statement| !is_boundless(statement)).collect();
    let mut by_statement: Vec<(Permit<'_>, Vec<&str>, Vec<&str>)> = Vec::new();
    for group in GROUPS.iter().filter(|group| group.category == category) {
        let matching = |action: &&String| told_of.iter().any(|statement| statement.action().matches(action));
        let actions: Vec<_> = group.actions.iter().filter(matching).collect();
        let question = group.any.as_deref().filter(|_| !actions.is_empty()).map(Question::any);
        for action in actions {
            for permit in permits(document, action, question.as_ref(), &known) {
                let statement = permit.statement;
                let told_of = told_of.iter().any(|other| other.index() == statement.index());
                if !told_of || (question.is_none() && is_about_named_ones(statement)) {
                    continue;
                }
                match by_statement.iter_mut().find(|(other, ..)| other.statement.index() == statement.index()) {
                    Some((first, actions, whats)) => {
                        first.limits.extend(permit.limits);
                        actions.push(action);
                        if !whats.contains(&group.what.as_str()) {
                            whats.push(&group.what);
                        }
                    }
                    None => by_statement.push((permit, vec![action], vec![&group.what])),
                }
            }
        }
    }
    for (mut permit, actions, whats) in by_statement {
        permit.limits.sort();
        permit.limits.dedup();
        let named = actions.iter().take(4).map(|action| format!("`{action}`")).collect::<Vec<_>>().join(", ");
        let more = match actions.len().saturating_sub(4) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let draft = found.at(permit.action, format!("{says} {}: {named}{more}", whats.join("; "))).help(help);
        permit.limits(draft);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_is_read_whole() {
        let data: Data = toml::from_str(DATA).unwrap();
        for group in &data.group {
            assert!(!group.source.is_empty() && !group.what.is_empty());
            assert!(group.actions.iter().all(|action| action.split_once(':').is_some()));
            let categories = ["credentials", "data", "exposure", "evasion", "permissions"];
            assert!(categories.contains(&group.category.as_str()), "{}", group.category);
        }
        assert_eq!(data.group.len(), GROUPS.len());
    }
}
