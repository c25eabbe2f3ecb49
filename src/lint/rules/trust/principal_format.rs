//! `trust/principal-format`.

use crate::lint::linter::relabel;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{self, Code, PolicyKind};

rule! {
    /// ## What it does
    /// Finds principals of a trust policy that name nobody: services, providers, accounts, users and roles in a form
    /// that RAM does not have.
    ///
    /// ## Why is this bad?
    /// RAM refuses a principal that it does not know. What stands there most is the form of AWS, a wildcard, the URL of
    /// an identity provider in place of its ARN, or a service by its short name.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs.amazonaws.com"}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs.aliyuncs.com"}}
    /// ```
    ///
    /// ## References
    /// - RAM, [edit the trust policy of a RAM role](https://www.alibabacloud.com/help/en/ram/user-guide/edit-the-trust-policy-of-a-ram-role)
    code: "RAM758",
    name: "trust/principal-format",
    severity: Error,
    kinds: &[PolicyKind::Trust],
    fix: None,
    since: "0.2.0",
    check: Check::Mistake(&[Code::PrincipalForm], check),
}

fn check(mistake: &policy::Finding, subject: &Subject<'_>, found: &mut Findings) -> bool {
    if subject.kind() != PolicyKind::Trust {
        return false;
    }
    let draft = relabel(mistake, found);
    let written = subject.source().slice(mistake.span).trim_matches('"');
    if written.contains("amazonaws.com") || written.starts_with("arn:aws") {
        draft.help(
            "this is a principal of AWS's: RAM's are as in `ecs.aliyuncs.com` and `acs:ram::1234567890123456:role/ops`",
        );
    } else if written.contains("://") {
        draft.help("a provider is named by its ARN in RAM, as in `acs:ram::1234567890123456:oidc-provider/github`");
    } else if written.bytes().all(|byte| byte.is_ascii_digit()) && !written.is_empty() {
        draft.help(format!("an account is named as in `acs:ram::{written}:root`"));
    }
    true
}
