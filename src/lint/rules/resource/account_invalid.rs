//! `resource/account-invalid`.

use super::super::reach;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::Statement;

rule! {
    /// ## What it does
    /// Finds ARNs whose account is neither a number nor a pattern.
    ///
    /// ## Why is this bad?
    /// Accounts are numbers. A name, an alias or a placeholder that was not filled in matches no resource; system
    /// policies alone belong to `system`.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs:*", "Resource": "acs:ecs:*:acme:instance/*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs:*", "Resource": "acs:ecs:*:1234567890123456:instance/*"}
    /// ```
    ///
    /// ## Limits
    /// What another program fills in, as in `${account}`, is let pass.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Resource`
    code: "RAM447",
    name: "resource/account-invalid",
    severity: Error,
    kinds: reach::WITH_RESOURCE,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    for (_, span, [_, _, _, account, _]) in reach::arns(statement) {
        let number = account.bytes().all(|byte| byte.is_ascii_digit());
        if number || account == "system" || account.contains(['*', '?']) || account.contains("${") {
            continue;
        }
        let message = format!("`{account}` is no account: accounts are numbers of about 16 digits");
        found.at(span, message).help("write the id of the account, or `*`");
    }
}
