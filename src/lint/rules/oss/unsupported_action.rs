//! `oss/unsupported-action`.

use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Case, Pattern, PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds actions of other services in a bucket policy.
    ///
    /// ## Why is this bad?
    /// A bucket policy is asked about OSS only. The action is never allowed, or denied, by it.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": ["oss:GetObject", "kms:Decrypt"], "Principal": ["2234567890123456"], "Resource": ["acs:oss:*:1234567890123456:assets/*"]}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": ["oss:GetObject"], "Principal": ["2234567890123456"], "Resource": ["acs:oss:*:1234567890123456:assets/*"]}
    /// ```
    ///
    /// ## References
    /// - OSS, [bucket policies](https://www.alibabacloud.com/help/en/oss/user-guide/oss-bucket-policy)
    code: "RAM804",
    name: "oss/unsupported-action",
    severity: Error,
    kinds: &[PolicyKind::Resource],
    fix: Unsafe,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    let own = Pattern::new("oss:*", Case::Ignore);
    for (pattern, span) in statement.action().patterns() {
        if own.meets(pattern).is_none() {
            found
                .at(span, format!("a bucket policy is not asked about `{}`", pattern.as_str()))
                .help("put it into an identity policy")
                .fix(format!("take `{}` away", pattern.as_str()), subject.removal(span));
        }
    }
}
