//! `schema/missing-resource`.

use crate::lint::Check;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::policy::Code;

rule! {
    /// ## What it does
    /// Finds a statement without `Resource` in a policy that needs one.
    ///
    /// ## Why is this bad?
    /// RAM refuses the document. Trust policies are the only ones without: they stand at the role that they are about.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:Describe*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Resource`
    code: "RAM217",
    name: "schema/missing-resource",
    severity: Error,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Relabel(&[Code::MissingResource]),
}
