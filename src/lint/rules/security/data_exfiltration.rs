//! `security/data-exfiltration`.

use super::sensitive::report;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Document, PolicyKind};

rule! {
    /// ## What it does
    /// Finds an Allow of actions by which data can be taken away wholesale: any object of any bucket, disks, databases.
    ///
    /// ## Why is this bad?
    /// Such a permission is not noticed until it is used. That one application reads every bucket of the account, backups and logs
    /// of others among them, is hardly ever meant.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:Get*", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:GetObject", "Resource": "acs:oss:*:*:app-assets/*"}
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
    code: "RAM718",
    name: "security/data-exfiltration",
    severity: Note,
    kinds: &[PolicyKind::Identity],
    fix: None,
    since: "0.2.0",
    check: Check::Document(check),
}

fn check(document: &Document, _: &Subject<'_>, found: &mut Findings) {
    report(
        "data",
        document,
        found,
        "this lets data leave the account:",
        "name the buckets, images or instances that are meant",
    );
}
