//! `style/long-list`.

use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::Statement;

rule! {
    /// ## What it does
    /// Finds a list of more than fifty actions or resources.
    ///
    /// ## Why is this bad?
    /// Nobody reads it to its end. A pattern that stands for a family of actions, or several statements by purpose, say
    /// what is meant.
    ///
    /// ## Example
    /// ```text
    /// A statement with 51 actions.
    /// ```
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements)
    code: "RAM861",
    name: "style/long-list",
    severity: Note,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

/// How many entries a reader goes through.
const MOST: usize = 50;

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    let actions = (statement.action().span(), statement.action().patterns().count(), "actions");
    let resources = statement.resource().map(|resource| (resource.span(), resource.patterns().count(), "resources"));
    for (span, count, what) in [actions].into_iter().chain(resources).filter(|(_, count, _)| *count > MOST) {
        let draft = found.at(span, format!("this list has {count} {what}"));
        draft.help("write patterns that stand for several, or split the statement by what it is for");
    }
}
