//! `oss/principal-form`.

use crate::lint::linter::relabel;
use crate::lint::rule::rule;
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::{self, Code, PolicyKind};

rule! {
    /// ## What it does
    /// Finds principals of a bucket policy in a form that OSS does not have: the object of trust policies, ARNs of RAM,
    /// names.
    ///
    /// ## Why is this bad?
    /// A bucket policy lists ids of users and accounts, sessions of roles, or `*`. OSS takes nothing else, and a role
    /// by its RAM ARN never is who makes a call.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:GetObject", "Principal": ["acs:ram::1234567890123456:role/app"], "Resource": ["acs:oss:*:1234567890123456:assets/*"]}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:GetObject", "Principal": ["arn:sts::1234567890123456:assumed-role/app/*"], "Resource": ["acs:oss:*:1234567890123456:assets/*"]}
    /// ```
    ///
    /// ## References
    /// - OSS, [bucket policies](https://www.alibabacloud.com/help/en/oss/user-guide/oss-bucket-policy)
    code: "RAM803",
    name: "oss/principal-form",
    severity: Error,
    kinds: &[PolicyKind::Resource],
    fix: Unsafe,
    since: "0.2.0",
    check: Check::Mistake(&[Code::PrincipalForm], check),
}

fn check(mistake: &policy::Finding, subject: &Subject<'_>, found: &mut Findings) -> bool {
    if subject.kind() != PolicyKind::Resource {
        return false;
    }
    let draft = relabel(mistake, found);
    let written = subject.source().slice(mistake.span).trim_matches('"');
    let arn = policy::Arn::parse(written)
        .filter(|arn| arn.service == "ram" && arn.account.bytes().all(|byte| byte.is_ascii_digit()));
    let meant = arn.and_then(|arn| match arn.relative.split_once('/') {
        None if arn.relative == "root" => Some(arn.account.to_owned()),
        Some(("role", role)) => Some(format!("arn:sts::{}:assumed-role/{role}/*", arn.account)),
        _ => None,
    });
    if let Some(meant) = meant {
        draft.fix(format!("write `{meant}`"), [Edit::string(mistake.span, &meant)]);
    }
    true
}
