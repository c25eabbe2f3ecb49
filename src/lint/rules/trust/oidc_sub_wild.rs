//! `trust/oidc-sub-wild`.

use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Effect, Operator, PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds conditions on `oidc:sub` that let every user in, or users of every repository or namespace.
    ///
    /// ## Why is this bad?
    /// The beginning of `oidc:sub` says whose token it is. A star there, as in `repo:*`, lets in whoever has a
    /// repository with that provider; a star at the end only lets in other branches of the same one.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Federated": "acs:ram::1234567890123456:oidc-provider/github"},
    ///   "Condition": {"StringLike": {"oidc:sub": "repo:*"}, "StringEquals": {"oidc:aud": "sts.aliyuncs.com"}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Federated": "acs:ram::1234567890123456:oidc-provider/github"},
    ///   "Condition": {"StringLike": {"oidc:sub": "repo:acme/app:*"}, "StringEquals": {"oidc:aud": "sts.aliyuncs.com"}}}
    /// ```
    ///
    /// ## Limits
    /// The forms of GitHub and of Kubernetes are known; of others, any separator before the star is taken for the end
    /// of a name.
    ///
    /// ## References
    /// - GitHub, [about security hardening with OpenID Connect](https://docs.github.com/en/actions/concepts/security/openid-connect)
    /// - RAM, [edit the trust policy of a RAM role](https://www.alibabacloud.com/help/en/ram/user-guide/edit-the-trust-policy-of-a-ram-role)
    code: "RAM764",
    name: "trust/oidc-sub-wild",
    severity: Warning,
    kinds: &[PolicyKind::Trust],
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    if statement.effect() != Effect::Allow {
        return;
    }
    for test in
        statement.condition().iter().filter(|test| test.key() == "oidc:sub" && test.operator() == Operator::StringLike)
    {
        for written in test.written_operands() {
            let fixed = written.text.split(['*', '?']).next().unwrap_or_default();
            if fixed.len() == written.text.len() {
                continue;
            }
            // `repo:OWNER/…` and `system:serviceaccount:NAMESPACE:…` say whose it is.
            let owner = match (fixed.strip_prefix("repo:"), fixed.strip_prefix("system:serviceaccount:")) {
                (Some(repository), _) => repository.contains('/'),
                (_, Some(account)) => account.contains(':'),
                _ => fixed.trim_end_matches(':').contains([':', '/', '@']),
            };
            if !owner {
                found
                    .at(written.span, format!("`{}` does not say whose tokens are meant", written.text))
                    .help("write the owner, or the namespace, before the first star, as in `repo:acme/*`");
            }
        }
    }
}
