//! `condition/bool-value`.

use crate::lint::linter::relabel;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::{self, Code};

rule! {
    /// ## What it does
    /// Finds values of `Bool` that are neither `true` nor `false`.
    ///
    /// ## Why is this bad?
    /// A test that cannot be read would leave an Allow without effect, and a Deny too. `HTTP` and `HTTPS` are no values
    /// of `acs:SecureTransport`, although one page names them.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:*", "Resource": "*", "Condition": {"Bool": {"acs:SecureTransport": "HTTPS"}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:*", "Resource": "*", "Condition": {"Bool": {"acs:SecureTransport": "true"}}}
    /// ```
    ///
    /// ## References
    /// - RAM, [conditional operators](https://www.alibabacloud.com/help/en/ram/conditional-operator)
    code: "RAM518",
    name: "condition/bool-value",
    severity: Error,
    kinds: ALL_KINDS,
    fix: Unsafe,
    since: "0.2.0",
    check: Check::Mistake(&[Code::OperandBool], check),
}

fn check(mistake: &policy::Finding, subject: &Subject<'_>, found: &mut Findings) -> bool {
    let draft = relabel(mistake, found);
    let written = subject.source().slice(mistake.span).trim_matches('"').trim();
    let meant = match written.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" | "https" => "true",
        "false" | "no" | "0" | "http" => "false",
        _ => return true,
    };
    draft.fix(format!("write `{meant}`"), [Edit::string(mistake.span, meant)]);
    true
}
