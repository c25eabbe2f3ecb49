//! `security/permission-management`.

use super::sensitive::report;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Document, PolicyKind};

rule! {
    /// ## What it does
    /// Finds an Allow of actions by which permissions are managed: policies, users, groups, roles, control policies.
    ///
    /// ## Why is this bad?
    /// Whoever manages permissions decides what everybody else may do. Such actions belong into few policies, which are read
    /// with care; they come into others by a wildcard more often than by intent.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": ["ecs:*", "ram:*Role*"], "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": ["ecs:*", "ram:GetRole", "ram:ListRoles"], "Resource": "*"}
    /// ```
    ///
    /// ## Limits
    /// Statements about single, named resources are left alone, and so is what a Deny takes away for good; where a
    /// condition limits the one or the other, it is named. Statements that allow everything are the matter of
    /// `security/admin`. The actions are data, `src/lint/data/sensitive.toml`, each with its source; other actions of this
    /// sort may exist.
    ///
    /// ## References
    /// - Alibaba Cloud, [services that work with RAM](https://www.alibabacloud.com/help/en/ram/product-overview/services-that-work-with-ram)
    code: "RAM715",
    name: "security/permission-management",
    severity: Note,
    kinds: &[PolicyKind::Identity],
    fix: None,
    since: "0.2.0",
    check: Check::Document(check),
}

fn check(document: &Document, _: &Subject<'_>, found: &mut Findings) {
    report(
        "permissions",
        document,
        found,
        "this manages permissions, that is",
        "keep the management of permissions in a policy of its own, and name what it may manage",
    );
}
