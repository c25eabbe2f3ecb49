//! `trust/saml-recipient-missing`.

use super::principals::{Kind, named};
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Effect, PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds trust in a SAML provider without a condition on `saml:recipient`.
    ///
    /// ## Why is this bad?
    /// `saml:recipient` says for which endpoint the assertion was made. The trust policies that RAM makes itself ask
    /// for it.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Federated": "acs:ram::1234567890123456:saml-provider/idp"}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Federated": "acs:ram::1234567890123456:saml-provider/idp"},
    ///   "Condition": {"StringEquals": {"saml:recipient": "https://signin.aliyun.com/saml-role/sso"}}}
    /// ```
    ///
    /// ## References
    /// - RAM, [edit the trust policy of a RAM role](https://www.alibabacloud.com/help/en/ram/user-guide/edit-the-trust-policy-of-a-ram-role)
    code: "RAM765",
    name: "trust/saml-recipient-missing",
    severity: Note,
    kinds: &[PolicyKind::Trust],
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    let asks = statement.condition().iter().any(|test| test.key() == "saml:recipient" && !test.operator().is_negated());
    if statement.effect() != Effect::Allow || asks {
        return;
    }
    for named in named(statement, subject).into_iter().filter(|named| named.kind == Kind::Federated) {
        if named.text.contains(":saml-provider/") {
            found
                .at(named.span, "no condition says for which endpoint the assertion has to be made")
                .help("add `StringEquals` with `saml:recipient` and `https://signin.aliyun.com/saml-role/sso`");
        }
    }
}
