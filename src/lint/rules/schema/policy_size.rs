//! `schema/policy-size`.

use crate::lint::Check;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::policy::Code;

rule! {
    /// ## What it does
    /// Finds a document that is longer than RAM stores.
    ///
    /// ## Why is this bad?
    /// A custom policy may have 6,144 bytes, a control policy 4,096, a session policy 2,048. RAM refuses what is
    /// longer, most often at the end of a release, when the last ARN was added.
    ///
    /// ## Example
    /// ```text
    /// A custom policy of more than 6,144 bytes.
    /// ```
    ///
    /// ## References
    /// - RAM, [CreatePolicy](https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-createpolicy), on `PolicyDocument`
    /// - STS, [AssumeRole](https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerole), on `Policy`
    /// - Resource Management, [CreateControlPolicy](https://www.alibabacloud.com/help/en/resource-management/resource-directory/developer-reference/api-resourcedirectorymaster-2022-04-19-createcontrolpolicy)
    code: "RAM226",
    name: "schema/policy-size",
    severity: Error,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Relabel(&[Code::TooLong]),
}
