//! `syntax/json`.

use crate::lint::Check;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::policy::Code;

rule! {
    /// ## What it does
    /// Finds text that is not JSON.
    ///
    /// ## Why is this bad?
    /// RAM refuses the document with `MalformedPolicyDocument` and does not say where the mistake is. With `--lenient`,
    /// comments and trailing commas are let pass; the service drops comments in trust policies only.
    ///
    /// ## Example
    /// ```text
    /// {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*",}]}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"}]}
    /// ```
    ///
    /// ## References
    /// - [RFC 8259, the JSON format](https://www.rfc-editor.org/rfc/rfc8259)
    /// - RAM, [policy structure and syntax](https://www.alibabacloud.com/help/en/ram/policy-structure-and-syntax)
    code: "RAM101",
    name: "syntax/json",
    severity: Error,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Relabel(&[Code::NotJson]),
}
