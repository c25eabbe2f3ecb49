//! `oss/source-ip-without-vpc`.

use crate::lint::Check;
use crate::lint::rule::rule;
use crate::policy::{Code, PolicyKind};

rule! {
    /// ## What it does
    /// Finds bucket policies that test `acs:SourceIp` without `acs:SourceVpc`.
    ///
    /// ## Why is this bad?
    /// OSS refuses the policy (0030-00000008): an address says nothing where it is not known whether the call came
    /// through a VPC.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:GetObject", "Principal": ["*"], "Resource": ["acs:oss:*:1234567890123456:assets/*"], "Condition": {"IpAddress": {"acs:SourceIp": ["203.0.113.0/24"]}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:GetObject", "Principal": ["*"], "Resource": ["acs:oss:*:1234567890123456:assets/*"], "Condition": {"IpAddress": {"acs:SourceIp": ["203.0.113.0/24"]}, "StringNotLike": {"acs:SourceVpc": ["vpc-*"]}}}
    /// ```
    ///
    /// ## References
    /// - OSS, [bucket policies](https://www.alibabacloud.com/help/en/oss/user-guide/oss-bucket-policy)
    code: "RAM802",
    name: "oss/source-ip-without-vpc",
    severity: Error,
    kinds: &[PolicyKind::Resource],
    fix: None,
    since: "0.2.0",
    check: Check::Relabel(&[Code::SourceIpWithoutVpc]),
}
