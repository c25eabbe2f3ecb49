//! `trust/principal-key`.

use crate::lint::Check;
use crate::lint::rule::rule;
use crate::policy::{Code, PolicyKind};

rule! {
    /// ## What it does
    /// Finds kinds of principals that RAM does not have, as `AWS` or `Account`.
    ///
    /// ## Why is this bad?
    /// A trust policy trusts principals of three kinds, `RAM`, `Service` and `Federated`; RAM refuses any other.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "acs:ram::1234567890123456:root"}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": "acs:ram::1234567890123456:root"}}
    /// ```
    ///
    /// ## References
    /// - RAM, [edit the trust policy of a RAM role](https://www.alibabacloud.com/help/en/ram/user-guide/edit-the-trust-policy-of-a-ram-role)
    code: "RAM759",
    name: "trust/principal-key",
    severity: Error,
    kinds: &[PolicyKind::Trust],
    fix: None,
    since: "0.2.0",
    check: Check::Relabel(&[Code::PrincipalKind]),
}
