//! `schema/missing-effect`.

use crate::lint::Check;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::policy::Code;

rule! {
    /// ## What it does
    /// Finds a statement without `Effect`.
    ///
    /// ## Why is this bad?
    /// Whether it allows or denies cannot be told, and RAM refuses the document.
    ///
    /// ## Example
    /// ```json
    /// {"Version": "1", "Statement": [{"Action": "ecs:Describe*", "Resource": "*"}]}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy structure and syntax](https://www.alibabacloud.com/help/en/ram/policy-structure-and-syntax)
    code: "RAM214",
    name: "schema/missing-effect",
    severity: Error,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Relabel(&[Code::MissingEffect]),
}
