//! `trust/wildcard-principal`.

use super::principals::{Kind, named};
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Effect, PolicyKind, Statement};
use crate::report::Severity;

rule! {
    /// ## What it does
    /// Finds a trust policy that lets every account of Alibaba Cloud assume the role.
    ///
    /// ## Why is this bad?
    /// Whoever has an account can work with the permissions of the role. A condition may narrow that, but then the
    /// condition is all that stands between the role and everybody.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": "*"}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": "acs:ram::1234567890123456:role/ci"}}
    /// ```
    ///
    /// ## Limits
    /// With a condition it is a warning, which names the condition.
    ///
    /// ## References
    /// - RAM, [edit the trust policy of a RAM role](https://www.alibabacloud.com/help/en/ram/user-guide/edit-the-trust-policy-of-a-ram-role)
    /// - RAM, [how RAM evaluates policies](https://www.alibabacloud.com/help/en/ram/policy-evaluation-process)
    code: "RAM750",
    name: "trust/wildcard-principal",
    severity: Error,
    kinds: &[PolicyKind::Trust],
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    if statement.effect() != Effect::Allow {
        return;
    }
    for named in named(statement, subject).into_iter().filter(|named| named.kind == Kind::Ram && named.text == "*") {
        let mut draft = found
            .at(named.span, "this lets every account of Alibaba Cloud assume the role")
            .help("name the accounts, users or roles that are trusted, as in `acs:ram::1234567890123456:root`");
        if !statement.condition().is_empty() {
            draft = draft.severity(Severity::Warning);
        }
        for test in statement.condition() {
            draft = draft.also(test.span(), "only where this holds");
        }
    }
}
