//! `resource/account-mismatch`.

use super::super::reach;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Case, Pattern, Statement};

rule! {
    /// ## What it does
    /// Finds ARNs of an account that is not among those in use, where the configuration names them.
    ///
    /// ## Why is this bad?
    /// The id was copied from another environment, or has a slip: the statement applies to nothing that you have.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs:*", "Resource": "acs:ecs:*:9999999999999999:instance/*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs:*", "Resource": "acs:ecs:*:1234567890123456:instance/*"}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Resource`
    code: "RAM449",
    name: "resource/account-mismatch",
    severity: Warning,
    kinds: reach::WITH_RESOURCE,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    for (_, span, [_, _, _, account, _]) in reach::arns(statement) {
        if account.is_empty() {
            continue;
        }
        let accounts = &subject.settings().accounts;
        let sought = Pattern::new(account, Case::Exact);
        if accounts.is_empty() || account == "system" || accounts.iter().any(|known| sought.matches(known)) {
            continue;
        }
        if account.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'*' | b'?')) {
            let draft = found.at(span, format!("`{account}` is none of the accounts in use"));
            draft.help("see whether the id is right, or add it to `accounts` in the configuration");
        }
    }
}
