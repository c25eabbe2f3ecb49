//! `security/defence-evasion`.

use super::sensitive::report;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Document, PolicyKind};

rule! {
    /// ## What it does
    /// Finds an Allow of actions that switch off what would notice an attack: audit trails, configuration records, logs,
    /// second factors.
    ///
    /// ## Why is this bad?
    /// To take the record away is the first thing that an intruder does. Hardly any task needs these actions, and a wildcard lets
    /// them in.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "actiontrail:*", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": ["actiontrail:Describe*", "actiontrail:LookupEvents"], "Resource": "*"}
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
    code: "RAM720",
    name: "security/defence-evasion",
    severity: Warning,
    kinds: &[PolicyKind::Identity],
    fix: None,
    since: "0.2.0",
    check: Check::Document(check),
}

fn check(document: &Document, _: &Subject<'_>, found: &mut Findings) {
    report(
        "evasion",
        document,
        found,
        "this lets its holder switch off or change",
        "leave these actions to whoever looks after the account, or deny them",
    );
}
