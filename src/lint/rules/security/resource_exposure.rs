//! `security/resource-exposure`.

use super::sensitive::report;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Document, PolicyKind};

rule! {
    /// ## What it does
    /// Finds an Allow of actions that open resources to others: bucket policies and ACLs, key policies, resource shares, white
    /// lists of databases.
    ///
    /// ## Why is this bad?
    /// Who may change such a setting can give the resource to the whole internet, or to another account, and RAM is not asked
    /// again. `oss:*` and `oss:Put*` let these actions in with the harmless ones.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:Put*", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Version": "1", "Statement": [
    ///   {"Effect": "Allow", "Action": "oss:Put*", "Resource": "*"},
    ///   {"Effect": "Deny", "Action": ["oss:Put*Policy*", "oss:Put*Acl", "oss:Delete*Policy", "oss:Delete*PublicAccessBlock"],
    ///     "Resource": "*"}
    /// ]}
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
    code: "RAM719",
    name: "security/resource-exposure",
    severity: Note,
    kinds: &[PolicyKind::Identity],
    fix: None,
    since: "0.2.0",
    check: Check::Document(check),
}

fn check(document: &Document, _: &Subject<'_>, found: &mut Findings) {
    report(
        "exposure",
        document,
        found,
        "this lets its holder decide",
        "allow it for the resources that are meant, or deny what opens them to others",
    );
}
