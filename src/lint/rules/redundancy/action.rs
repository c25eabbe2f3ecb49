//! `redundancy/action`.

use crate::json::Span;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Pattern, Statement};

rule! {
    /// ## What it does
    /// Finds an action that another one in the same list covers.
    ///
    /// ## Why is this bad?
    /// It changes no decision, and whoever narrows the wider one later believes it narrowed.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": ["ecs:Describe*", "ecs:DescribeInstances"], "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": ["ecs:Describe*"], "Resource": "*"}
    /// ```
    ///
    /// ## Limits
    /// What several patterns cover only together is let pass, and so is what another statement covers.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements)
    code: "RAM603",
    name: "redundancy/action",
    severity: Note,
    kinds: ALL_KINDS,
    fix: Safe,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    let patterns: Vec<_> = statement.action().patterns().collect();
    for (index, (pattern, span)) in patterns.iter().enumerate() {
        // Of two that cover each other, the first one stays.
        let covers = |(other, (cover, _)): &(usize, &(&Pattern, Span))| {
            *other != index && cover.covers(pattern) && (*other < index || !pattern.covers(cover))
        };
        let Some((_, (cover, place))) = patterns.iter().enumerate().find(covers) else { continue };
        let (text, wider) = (pattern.as_str(), cover.as_str());
        if text != wider && text.eq_ignore_ascii_case(wider) {
            // `action/mixed-case-dup` tells of it.
            continue;
        }
        let message = if text == wider {
            format!("`{text}` stands twice in this list")
        } else {
            format!("`{text}` is covered by `{wider}`")
        };
        found.at(*span, message).also(*place, "this covers it").fix("take it away", subject.removal(*span));
    }
}
