//! `condition/tag-key-missing`.

use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::Statement;

rule! {
    /// ## What it does
    /// Finds `acs:ResourceTag` and `acs:RequestTag` without the key of a tag.
    ///
    /// ## Why is this bad?
    /// The key of the tag is part of the condition key, after a `/`. Without it no request carries the key.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"StringEquals": {"acs:ResourceTag": "dev"}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"StringEquals": {"acs:ResourceTag/team": "dev"}}}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Condition`
    code: "RAM562",
    name: "condition/tag-key-missing",
    severity: Error,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    for test in statement.condition() {
        let fixed = test.key().trim_end_matches('/');
        if test.key().matches('/').count() <= 1
            && matches!(
                fixed,
                "acs:resourcetag" | "acs:requesttag" | "ecs:tag" | "vpc:tag" | "kms:tag" | "rds:resourcetag"
            )
        {
            let key = test.written_key();
            found
                .at(key.span, format!("`{}` does not say which tag", key.text))
                .help(format!("write the key of the tag after it, as in `{}/team`", key.text.trim_end_matches('/')));
        }
    }
}
