//! `schema/missing-statement`.

use crate::lint::Check;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::policy::Code;

rule! {
    /// ## What it does
    /// Finds a document without `Statement`.
    ///
    /// ## Why is this bad?
    /// There is nothing in it that could be decided by, and RAM refuses it.
    ///
    /// ## Example
    /// ```json
    /// {"Version": "1"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {
    ///   "Version": "1",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"}
    ///   ]
    /// }
    /// ```
    ///
    /// ## References
    /// - RAM, [policy structure and syntax](https://www.alibabacloud.com/help/en/ram/policy-structure-and-syntax)
    code: "RAM212",
    name: "schema/missing-statement",
    severity: Error,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Relabel(&[Code::MissingStatement]),
}
