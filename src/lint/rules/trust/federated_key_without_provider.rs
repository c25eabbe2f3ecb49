//! `trust/federated-key-without-provider`.

use super::principals::{Kind, named};
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds conditions on `oidc:` and `saml:` keys in statements that trust no provider of that sort.
    ///
    /// ## Why is this bad?
    /// Only the tokens of an OIDC provider have `oidc:` keys, and only SAML assertions `saml:` keys. The statement is
    /// never met by whom it names.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": "acs:ram::1234567890123456:role/ci"},
    ///   "Condition": {"StringEquals": {"oidc:sub": "repo:acme/app:ref:refs/heads/main"}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Federated": "acs:ram::1234567890123456:oidc-provider/github"},
    ///   "Condition": {"StringEquals": {"oidc:sub": "repo:acme/app:ref:refs/heads/main", "oidc:aud": "sts.aliyuncs.com"}}}
    /// ```
    ///
    /// ## References
    /// - RAM, [edit the trust policy of a RAM role](https://www.alibabacloud.com/help/en/ram/user-guide/edit-the-trust-policy-of-a-ram-role)
    code: "RAM766",
    name: "trust/federated-key-without-provider",
    severity: Warning,
    kinds: &[PolicyKind::Trust],
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    let named = named(statement, subject);
    let trusts = |what: &str| named.iter().any(|named| named.kind == Kind::Federated && named.text.contains(what));
    for test in statement.condition() {
        let (provider, sort) = match test.key().split_once(':') {
            Some(("oidc", _)) => (":oidc-provider/", "OIDC"),
            Some(("saml", _)) => (":saml-provider/", "SAML"),
            _ => continue,
        };
        if !trusts(provider) {
            found
                .at(
                    test.written_key().span,
                    format!("only a token of a provider of {sort} has this key, and the statement trusts none"),
                )
                .help("put what is federated into a statement of its own");
        }
    }
}
