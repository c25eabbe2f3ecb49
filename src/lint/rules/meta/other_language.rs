//! `meta/other-language`.

use crate::lint::Check;
use crate::lint::rule::{ALL_KINDS, rule};

rule! {
    /// ## What it does
    /// Finds documents that are written in another policy language: of another cloud, or another one of Alibaba
    /// Cloud's, such as a stack policy of ROS or a role policy of MaxCompute.
    ///
    /// ## Why is this bad?
    /// RAM takes none of them, and its rules say nothing about them. In a file that was named itself it is a
    /// warning: somebody takes it for a RAM policy.
    ///
    /// ## Example
    /// ```text
    /// {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b"}]}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy structure and syntax](https://www.alibabacloud.com/help/en/ram/policy-structure-and-syntax)
    code: "RAM907",
    name: "meta/other-language",
    severity: Note,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Linter,
}
