//! `schema/missing-action`.

use crate::lint::Check;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::policy::Code;

rule! {
    /// ## What it does
    /// Finds a statement with neither `Action` nor `NotAction`.
    ///
    /// ## Why is this bad?
    /// RAM refuses the document and asks for one of the two.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Action` and `NotAction`
    code: "RAM216",
    name: "schema/missing-action",
    severity: Error,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Relabel(&[Code::MissingAction]),
}
