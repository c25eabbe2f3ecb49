//! `schema/missing-principal`.

use crate::lint::Check;
use crate::lint::rule::rule;
use crate::policy::{Code, PolicyKind};

rule! {
    /// ## What it does
    /// Finds a statement without `Principal` in a trust policy or a bucket policy.
    ///
    /// ## Why is this bad?
    /// These policies stand at a role or a bucket and say who may use it; without `Principal` they say nothing of
    /// anybody, and are refused.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": "acs:ram::1234567890123456:root"}}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Principal`
    /// - OSS, [bucket policy](https://www.alibabacloud.com/help/en/oss/user-guide/oss-bucket-policy)
    code: "RAM218",
    name: "schema/missing-principal",
    severity: Error,
    kinds: &[PolicyKind::Trust, PolicyKind::Resource],
    fix: None,
    since: "0.2.0",
    check: Check::Relabel(&[Code::MissingPrincipal]),
}
