//! `trust/oidc-missing-aud-or-sub`.

use super::principals::{Kind, named};
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Effect, PolicyKind, Statement};
use crate::report::Severity;

rule! {
    /// ## What it does
    /// Finds trust in an OIDC provider without conditions on `oidc:aud` and `oidc:sub`.
    ///
    /// ## Why is this bad?
    /// The provider signs tokens for all its users. Without `oidc:sub` every one of them can assume the role, and of a
    /// public provider that is everybody; without `oidc:aud` a token that was made for another service will do.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Federated": "acs:ram::1234567890123456:oidc-provider/ack"}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Federated": "acs:ram::1234567890123456:oidc-provider/ack"},
    ///   "Condition": {"StringEquals": {"oidc:aud": "sts.aliyuncs.com", "oidc:sub": "system:serviceaccount:app:reader"}}}
    /// ```
    ///
    /// ## Limits
    /// Where only `oidc:aud` is missing it is a warning: the provider in RAM has a list of client ids of its own.
    ///
    /// ## References
    /// - ACK, [use RRSA to authorize pods](https://www.alibabacloud.com/help/en/ack/ack-managed-and-ack-dedicated/user-guide/use-rrsa-to-authorize-pods-to-access-different-cloud-services)
    /// - RAM, [edit the trust policy of a RAM role](https://www.alibabacloud.com/help/en/ram/user-guide/edit-the-trust-policy-of-a-ram-role)
    code: "RAM763",
    name: "trust/oidc-missing-aud-or-sub",
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
    let asks = |key: &str| statement.condition().iter().any(|test| test.key() == key && !test.operator().is_negated());
    let missing: Vec<_> = ["oidc:sub", "oidc:aud"].into_iter().filter(|key| !asks(key)).collect();
    for named in named(statement, subject).into_iter().filter(|named| named.kind == Kind::Federated) {
        if missing.is_empty() || !named.text.contains(":oidc-provider/") {
            continue;
        }
        let who =
            if missing.contains(&"oidc:sub") { "every user of the provider" } else { "a token for another audience" };
        let keys = missing.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" and ");
        let draft = found
            .at(named.span, format!("without a condition on {keys}, {who} will do"))
            .help("add `StringEquals` with `oidc:sub`, the user that is meant, and `oidc:aud`, the client id");
        if !missing.contains(&"oidc:sub") {
            draft.severity(Severity::Warning);
        }
    }
}
