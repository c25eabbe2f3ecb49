//! `syntax/control-or-newline-char`.

use super::super::tree;
use crate::json::Value;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Edit, Findings, Subject};

rule! {
    /// ## What it does
    /// Finds control characters in a text of the policy: line breaks, tabs, escapes.
    ///
    /// ## Why is this bad?
    /// No action, ARN or condition key contains one, so the pattern with the line break in it matches nothing. Where a
    /// value is compared with input, a line break has got past patterns that did not think of it.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs:Stop*\n", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs:Stop*", "Resource": "*"}
    /// ```
    ///
    /// ## Limits
    /// A control character that is not written as an escape is no JSON, which `syntax/json` reports.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements)
    /// - [CVE-2022-22978](https://nvd.nist.gov/vuln/detail/CVE-2022-22978), a line break that got past the patterns of an authorization
    code: "RAM106",
    name: "syntax/control-or-newline-char",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: Unsafe,
    since: "0.2.0",
    check: Check::Tree(check),
}

fn check(tree: &Value, _: &Subject<'_>, found: &mut Findings) {
    tree::strings(tree, &mut |text, span| {
        let Some(control) = text.chars().find(|letter| letter.is_control()) else { return };
        let plain: String = text.chars().filter(|letter| !letter.is_control()).collect();
        let message = format!("a control character (U+{:04X}) stands in this text", u32::from(control));
        found.at(span, message).help("take it away").fix("take it away", [Edit::string(span, &plain)]);
    });
}
