//! `resource/path-traversal-text`.

use super::super::reach;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::Statement;

rule! {
    /// ## What it does
    /// Finds resources with `..` as a step of their path, with a double slash, or with an encoded slash or dot.
    ///
    /// ## Why is this bad?
    /// Patterns compare text: nobody resolves the path before it is compared. Where a program behind the policy does
    /// resolve it, what was denied under one spelling is reached under another.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "Action": "oss:*", "Resource": "acs:oss:*:*:bucket/public/../secret/*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Deny", "Action": "oss:*", "Resource": "acs:oss:*:*:bucket/secret/*"}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Resource`
    /// - [CWE-22](https://cwe.mitre.org/data/definitions/22.html), path traversal
    code: "RAM458",
    name: "resource/path-traversal-text",
    severity: Warning,
    kinds: reach::WITH_RESOURCE,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    let Some(resource) = statement.resource() else { return };
    for (pattern, span) in resource.patterns() {
        let text = pattern.as_str();

        let lower = text.to_ascii_lowercase();
        let step = text.split('/').skip(1).any(|step| step == "..");
        let what = if step {
            "`..` is a step of this path"
        } else if text.contains("//") {
            "two slashes stand side by side"
        } else if lower.contains("%2f") || lower.contains("%2e") || lower.contains("%5c") {
            "an encoded slash or dot stands in this path"
        } else {
            continue;
        };
        let message = format!("{what}, and names are compared as they are written");
        found.at(span, message).help("write the path that is meant, without detours");
    }
}
