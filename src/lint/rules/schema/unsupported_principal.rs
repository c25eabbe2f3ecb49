//! `schema/unsupported-principal`.

use super::super::tree;
use crate::lint::linter::relabel;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{self, Code, PolicyKind};

rule! {
    /// ## What it does
    /// Finds `Principal` in a policy that is attached to somebody: an identity, control or session policy.
    ///
    /// ## Why is this bad?
    /// Such a policy is about whom it is attached to. Its grammar has no `Principal`; a bucket or trust policy was
    /// meant, or the document was translated from another cloud.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Principal": {"RAM": "acs:ram::1234567890123456:root"}, "Action": "ecs:Describe*", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Principal`
    code: "RAM219",
    name: "schema/unsupported-principal",
    severity: Error,
    kinds: &[PolicyKind::Identity, PolicyKind::Control, PolicyKind::Session],
    fix: Unsafe,
    since: "0.2.0",
    check: Check::Mistake(&[Code::PrincipalNotAllowed], check),
}

fn check(mistake: &policy::Finding, subject: &Subject<'_>, found: &mut Findings) -> bool {
    let draft = relabel(mistake, found);
    if let Some((_, member)) = subject.tree().and_then(|tree| tree::siblings(tree, mistake.span)) {
        draft.fix("take it away", subject.removal(member.value.span));
    }
    true
}
