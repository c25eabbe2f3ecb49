//! `trust/cross-account-without-condition`.

use super::principals::{Kind, named};
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Effect, PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds a trust policy that trusts another account than the configured ones, without a condition.
    ///
    /// ## Why is this bad?
    /// What that account lets its users do is decided there. Where it serves many customers, one of them may make it
    /// assume the role of another one; `sts:ExternalId` is there for that.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": "acs:ram::6543210987654321:root"}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": "acs:ram::6543210987654321:root"},
    ///   "Condition": {"StringEquals": {"sts:ExternalId": "4ae5f1"}}}
    /// ```
    ///
    /// ## Limits
    /// Without configured accounts (`accounts`) nothing can be said of foreign ones, and nothing is.
    ///
    /// ## References
    /// - RAM, [edit the trust policy of a RAM role](https://www.alibabacloud.com/help/en/ram/user-guide/edit-the-trust-policy-of-a-ram-role)
    code: "RAM760",
    name: "trust/cross-account-without-condition",
    severity: Warning,
    kinds: &[PolicyKind::Trust],
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    let accounts = &subject.settings().accounts;
    if statement.effect() != Effect::Allow || !statement.condition().is_empty() || accounts.is_empty() {
        return;
    }
    for named in named(statement, subject).into_iter().filter(|named| named.kind == Kind::Ram) {
        let Some(account) = named.account().filter(|account| !accounts.contains(*account)) else { continue };
        found
            .at(named.span, format!("this trusts the foreign account `{account}` without any condition"))
            .help("ask for `sts:ExternalId`, or add the account to the configured ones where it is your own");
    }
}
