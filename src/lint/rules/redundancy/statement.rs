//! `redundancy/statement`.

use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::rules::inclusion;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Document, Statement};

rule! {
    /// ## What it does
    /// Finds statements that change no decision, because another one of the same effect is about every request that they are
    /// about.
    ///
    /// ## Why is this bad?
    /// Whoever takes such a statement away, to withdraw what it allows, withdraws nothing, and whoever adds a condition to
    /// it limits nothing.
    ///
    /// ## Example
    /// ```json
    /// {"Version": "1", "Statement": [
    ///   {"Effect": "Allow", "Action": "oss:Get*", "Resource": "acs:oss:*:*:assets/*"},
    ///   {"Effect": "Allow", "Action": "oss:GetObject", "Resource": "acs:oss:*:*:assets/public/*"}
    /// ]}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Version": "1", "Statement": [
    ///   {"Effect": "Allow", "Action": "oss:Get*", "Resource": "acs:oss:*:*:assets/*"}
    /// ]}
    /// ```
    ///
    /// ## Limits
    /// What several statements cover only together is let pass. Conditions are compared as they are written: a statement is
    /// covered where each test of the other is among its own.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements)
    /// - `redundancy/action` and `redundancy/resource`, on the elements of one list
    code: "RAM605",
    name: "redundancy/statement",
    severity: Note,
    kinds: ALL_KINDS,
    fix: Safe,
    since: "0.2.0",
    check: Check::Document(check),
}

fn check(document: &Document, subject: &Subject<'_>, found: &mut Findings) {
    let statements = document.statements();
    for statement in statements {
        let Some(wider) = statements.iter().find(|other| replaces(other, statement, subject)) else { continue };
        let line = subject.source().position(wider.span().start).line;
        found
            .at(statement.span(), format!("this changes no decision: the statement in line {line} covers it"))
            .also(wider.span(), "this covers it")
            .help("take it away, or narrow the other one")
            .fix("take it away", subject.removal(statement.span()));
    }
}

/// Whether `other` makes `statement` idle. Of two that cover each other the first one stays.
fn replaces(other: &Statement, statement: &Statement, subject: &Subject<'_>) -> bool {
    other.index() != statement.index()
        && other.effect() == statement.effect()
        && !subject.has_unread(other.span())
        && !subject.has_unread(statement.span())
        && inclusion::covers(other, statement)
        && (other.index() < statement.index() || !inclusion::covers(statement, other))
}
