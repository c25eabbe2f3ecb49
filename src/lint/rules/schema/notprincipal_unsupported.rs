//! `schema/notprincipal-unsupported`.

use super::super::tree;
use crate::lint::linter::relabel;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{self, Code, PolicyKind};

rule! {
    /// ## What it does
    /// Finds `NotPrincipal`.
    ///
    /// ## Why is this bad?
    /// RAM does not have it: no page of Alibaba Cloud speaks of it, and no policy in public use has it. Where it is
    /// understood, in AWS, an Allow with it lets in whoever was not thought of.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "NotPrincipal": {"RAM": "acs:ram::6543210987654321:root"}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": "acs:ram::1234567890123456:root"}}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Principal`
    code: "RAM228",
    name: "schema/notprincipal-unsupported",
    severity: Error,
    kinds: &[PolicyKind::Trust, PolicyKind::Resource, PolicyKind::Identity, PolicyKind::Control, PolicyKind::Session],
    fix: None,
    since: "0.2.0",
    check: Check::Mistake(&[Code::UnsupportedElement], check),
}

fn check(mistake: &policy::Finding, subject: &Subject<'_>, found: &mut Findings) -> bool {
    let Some((_, member)) = subject.tree().and_then(|tree| tree::siblings(tree, mistake.span)) else { return false };
    if member.name != "NotPrincipal" {
        return false;
    }
    relabel(mistake, found);
    true
}
