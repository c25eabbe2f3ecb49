//! `schema/action-and-notaction`.

use crate::lint::Check;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::policy::Code;

rule! {
    /// ## What it does
    /// Finds a statement with both `Action` and `NotAction`.
    ///
    /// ## Why is this bad?
    /// The language takes one or the other; which of them would count is not defined.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "NotAction": "ecs:Delete*", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `NotAction`
    code: "RAM220",
    name: "schema/action-and-notaction",
    severity: Error,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Relabel(&[Code::ActionAndNotAction]),
}
