//! `trust/other-action`.

use crate::lint::rule::rule;
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::{Effect, PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds trust policies with an action that is not `sts:AssumeRole`, `sts:AssumeRoleWithOIDC` of AWS among them.
    ///
    /// ## Why is this bad?
    /// A trust policy is asked about one action, `sts:AssumeRole`, whoever it is that assumes the role: users,
    /// services, SAML and OIDC alike. A statement with another one is never met.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRoleWithSAML", "Principal": {"Federated": "acs:ram::1234567890123456:saml-provider/idp"}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Federated": "acs:ram::1234567890123456:saml-provider/idp"}}
    /// ```
    ///
    /// ## References
    /// - RAM, [edit the trust policy of a RAM role](https://www.alibabacloud.com/help/en/ram/user-guide/edit-the-trust-policy-of-a-ram-role)
    code: "RAM768",
    name: "trust/other-action",
    severity: Warning,
    kinds: &[PolicyKind::Trust],
    fix: Unsafe,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    if statement.action().is_negated() || statement.action().matches("sts:AssumeRole") {
        return;
    }
    let consequence = match statement.effect() {
        Effect::Allow => "trusts nobody",
        Effect::Deny => "keeps nobody away",
    };
    for (pattern, span) in statement.action().patterns() {
        let draft = found
            .at(
                span,
                format!(
                    "the only action of a trust policy is `sts:AssumeRole`: with `{}` the statement {consequence}",
                    pattern.as_str()
                ),
            )
            .help("write `sts:AssumeRole`, for federated users too");
        if statement.action().patterns().count() == 1 {
            draft.fix("write `sts:AssumeRole`", [Edit::string(span, "sts:AssumeRole")]);
        }
    }
}
