//! `trust/account-root`.

use super::principals::{Kind, named};
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Effect, PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds a trust policy that trusts a whole account, `acs:ram::...:root`.
    ///
    /// ## Why is this bad?
    /// Every user and every role of that account whose own policies allow `sts:AssumeRole` may assume the role, now and
    /// in future. Where one user or role is meant, it can be named.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": "acs:ram::1234567890123456:root"}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": "acs:ram::1234567890123456:role/ci"}}
    /// ```
    ///
    /// ## Limits
    /// A statement with a condition is left alone. That the account is a foreign one is the matter of `trust/cross-
    /// account-without-condition`.
    ///
    /// ## References
    /// - RAM, [edit the trust policy of a RAM role](https://www.alibabacloud.com/help/en/ram/user-guide/edit-the-trust-policy-of-a-ram-role)
    /// - RAM, [how RAM evaluates policies](https://www.alibabacloud.com/help/en/ram/policy-evaluation-process)
    code: "RAM752",
    name: "trust/account-root",
    severity: Note,
    kinds: &[PolicyKind::Trust],
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    if statement.effect() != Effect::Allow || !statement.condition().is_empty() {
        return;
    }
    for named in named(statement, subject) {
        if named.kind == Kind::Ram && named.text.ends_with(":root") {
            found
                .at(named.span, "this trusts every user and role of the account that may assume roles at all")
                .help("name the user or role that is meant, as in `acs:ram::1234567890123456:role/ci`");
        }
    }
}
