//! `action/wildcard-in-service`.

use super::super::{reach, services};
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds an Allow whose wildcard stands within a service code, as in `*cs:Describe*`.
    ///
    /// ## Why is this bad?
    /// It reaches every service whose code happens to fit, those that do not exist yet included. Nobody who reads it
    /// can tell which.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "*cs:Describe*", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": ["ecs:Describe*", "cs:Describe*"], "Resource": "*"}
    /// ```
    ///
    /// ## Limits
    /// A lone star before the colon says plainly that every service is meant, as in `*:Describe*`, and is let pass; so
    /// is a Deny.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Action`
    code: "RAM332",
    name: "action/wildcard-in-service",
    severity: Warning,
    kinds: &[PolicyKind::Identity],
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    if !reach::allows(statement) {
        return;
    }
    for (pattern, span) in statement.action().patterns() {
        let Some((written, _)) = pattern.as_str().split_once(':') else { continue };
        if !written.contains(['*', '?']) || reach::action(written).is_universal() {
            continue;
        }
        let code = reach::action(written);
        let mut reached: Vec<_> = services::codes().filter(|known| code.matches(known)).collect();
        reached.sort_unstable();
        let message = match reached.len() {
            0 => format!("`{written}` stands for the codes of services"),
            _ => format!("`{written}` stands for {}", reach::some(reached)),
        };
        let draft = found.at(span, message).help("name the services that are meant, each by its code");
        reach::limits(draft, statement);
    }
}
