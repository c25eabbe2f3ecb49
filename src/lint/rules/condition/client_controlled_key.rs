//! `condition/client-controlled-key`.

use super::keys;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Effect, Statement};

rule! {
    /// ## What it does
    /// Finds an Allow whose only conditions are on what the caller writes itself, such as `acs:UserAgent`.
    ///
    /// ## Why is this bad?
    /// Everybody can send any user agent. As the only condition it keeps nobody out.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:GetObject", "Resource": "*", "Condition": {"StringLike": {"acs:UserAgent": "internal-*"}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:GetObject", "Resource": "*", "Condition": {
    ///   "StringLike": {"acs:UserAgent": "internal-*"}, "StringEquals": {"acs:SourceVpc": "vpc-bp1example"}}}
    /// ```
    ///
    /// ## References
    /// - OSS, [bucket policies](https://www.alibabacloud.com/help/en/oss/user-guide/oss-bucket-policy)
    code: "RAM572",
    name: "condition/client-controlled-key",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    let client = |key: &str| keys::find(key).is_some_and(|key| key.client) || key == "acs:referer";
    if statement.effect() != Effect::Allow || !statement.condition().iter().all(|test| client(test.key())) {
        return;
    }
    for test in statement.condition() {
        found
            .at(
                test.span(),
                format!("the caller writes `{}` as it likes, and no other condition holds", test.written_key().text),
            )
            .help("add a condition on what the caller cannot choose, as its address or its VPC");
    }
}
