//! `redundancy/resource`.

use super::super::reach;
use crate::json::Span;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Pattern, Statement};

rule! {
    /// ## What it does
    /// Finds a resource that another one in the same list covers.
    ///
    /// ## Why is this bad?
    /// It changes no decision, and whoever narrows the wider one later believes it narrowed.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:GetObject", "Resource": ["acs:oss:*:*:b/*", "acs:oss:*:*:b/a/*"]}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:GetObject", "Resource": ["acs:oss:*:*:b/*"]}
    /// ```
    ///
    /// ## Limits
    /// What several patterns cover only together is let pass, and so is what another statement covers.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements)
    code: "RAM604",
    name: "redundancy/resource",
    severity: Note,
    kinds: reach::WITH_RESOURCE,
    fix: Safe,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    let Some(resource) = statement.resource() else { return };
    let patterns: Vec<_> = resource.patterns().collect();
    for (index, (pattern, span)) in patterns.iter().enumerate() {
        // Of two that cover each other, the first one stays.
        let covers = |(other, (cover, _)): &(usize, &(&Pattern, Span))| {
            *other != index && cover.covers(pattern) && (*other < index || !pattern.covers(cover))
        };
        let Some((_, (cover, place))) = patterns.iter().enumerate().find(covers) else { continue };
        let (text, wider) = (pattern.as_str(), cover.as_str());
        let message = if text == wider {
            format!("`{text}` stands twice in this list")
        } else {
            format!("`{text}` is covered by `{wider}`")
        };
        found.at(*span, message).also(*place, "this covers it").fix("take it away", subject.removal(*span));
    }
}
