//! `action/deprecated-or-aliased`.

use super::super::reach;
use super::aliases;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::{Effect, Statement};

rule! {
    /// ## What it does
    /// Finds actions that are called after an operation of the API, where RAM is asked about an action of another name.
    ///
    /// ## Why is this bad?
    /// Most operations have an action of their name, some share one: to read the head of an object takes `oss:GetObject`, and
    /// every step of an upload takes `oss:PutObject`. RAM is never asked about `oss:HeadObject`, so that an Allow of it allows
    /// nothing, and a Deny denies nothing.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "Action": ["oss:PutObject", "oss:DeleteMultipleObjects"], "Resource": "acs:oss:*:*:archive/*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Deny", "Action": ["oss:PutObject", "oss:DeleteObject"], "Resource": "acs:oss:*:*:archive/*"}
    /// ```
    ///
    /// ## Limits
    /// The names are data, `src/lint/data/aliases.toml`: those that a help page has a table of. What the catalogue lists as an
    /// action is one.
    ///
    /// ## References
    /// - OSS, [RAM policies](https://www.alibabacloud.com/help/en/oss/user-guide/ram-policy-overview)
    code: "RAM337",
    name: "action/deprecated-or-aliased",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: Unsafe,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    for (pattern, span) in statement.action().patterns() {
        let written = pattern.as_str();
        let Some(meant) = aliases::meant(written) else { continue };
        let service = reach::service(written).unwrap_or_default();
        let listed = subject.actions(&service).unwrap_or_default();
        if listed.iter().any(|action| action.eq_ignore_ascii_case(written)) {
            continue;
        }
        let consequence = match (statement.action().is_negated(), statement.effect()) {
            (true, _) => "is left out by it",
            (false, Effect::Allow) => "is allowed by it",
            (false, Effect::Deny) => "is denied by it",
        };
        let names = meant.iter().map(|action| format!("`{action}`")).collect::<Vec<_>>().join(" and ");
        let draft = found
            .at(span, format!("no call is checked by `{written}`, so that nothing {consequence}"))
            .help(format!("the operation of that name is checked by {names}"));
        if let [one] = meant {
            draft.fix(format!("write `{one}`"), [Edit::string(span, one)]);
        }
    }
}
