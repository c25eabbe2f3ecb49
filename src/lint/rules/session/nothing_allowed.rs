//! `session/nothing-allowed`.

use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Document, Effect, PolicyKind};

rule! {
    /// ## What it does
    /// Finds session policies without an Allow.
    ///
    /// ## Why is this bad?
    /// What a session policy does not allow the session cannot do, whatever the role may. With denials only, the
    /// session can do nothing.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "Action": "oss:DeleteObject", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Version": "1", "Statement": [
    ///   {"Effect": "Allow", "Action": "*", "Resource": "*"},
    ///   {"Effect": "Deny", "Action": "oss:DeleteObject", "Resource": "*"}
    /// ]}
    /// ```
    ///
    /// ## References
    /// - RAM, [how RAM evaluates policies](https://www.alibabacloud.com/help/en/ram/policy-evaluation-process)
    code: "RAM841",
    name: "session/nothing-allowed",
    severity: Warning,
    kinds: &[PolicyKind::Session],
    fix: None,
    since: "0.2.0",
    check: Check::Document(check),
}

fn check(document: &Document, _: &Subject<'_>, found: &mut Findings) {
    let Some(first) = document.statements().first() else { return };
    if document.statements().iter().all(|statement| statement.effect() == Effect::Deny) {
        found
            .at(first.effect_span(), "nothing is allowed here, so the session can do nothing")
            .help("add an Allow of what the session may do, or of `*` where only the denials are meant");
    }
}
