//! `security/credential-exposure`.

use super::sensitive::report;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Document, PolicyKind};

rule! {
    /// ## What it does
    /// Finds an Allow of actions that answer with credentials, or set them: secrets, sessions of any role, kubeconfigs, passwords
    /// of databases.
    ///
    /// ## Why is this bad?
    /// A credential outlives the permission by which it was read, works from anywhere, and opens what it is for and not what the
    /// policy says. Policies that are meant for reading often let such actions in by `Get*` or `Describe*`.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "kms:Get*", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "kms:GetSecretValue", "Resource": "acs:kms:*:*:secret/app-database"}
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
    code: "RAM717",
    name: "security/credential-exposure",
    severity: Note,
    kinds: &[PolicyKind::Identity],
    fix: None,
    since: "0.2.0",
    check: Check::Document(check),
}

fn check(document: &Document, _: &Subject<'_>, found: &mut Findings) {
    report(
        "credentials",
        document,
        found,
        "this gives away",
        "name the secrets, roles, clusters or accounts that are meant",
    );
}
