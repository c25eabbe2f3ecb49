//! `resource/arn-prefix`.

use super::super::reach;
use crate::lint::rule::rule;
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::{Case, Pattern, Statement};

rule! {
    /// ## What it does
    /// Finds resources that do not begin with `acs:` and so match nothing.
    ///
    /// ## Why is this bad?
    /// The name of every resource begins so. One that begins with `arn:aws:` or `qcs:` comes from another cloud, and a
    /// path by itself is none at all: the statement applies to nothing.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "Action": "oss:*", "Resource": "arn:aws:s3:::bucket"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Deny", "Action": "oss:*", "Resource": "acs:oss:*:*:bucket"}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Resource`
    code: "RAM441",
    name: "resource/arn-prefix",
    severity: Error,
    kinds: reach::WITH_RESOURCE,
    fix: Unsafe,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    let Some(resource) = statement.resource() else { return };
    for (pattern, span) in resource.patterns() {
        let text = pattern.as_str();

        if pattern.matches("*") || pattern.meets(&Pattern::new("acs:*", Case::Arn)).is_some() {
            continue;
        }
        let draft = found.at(span, format!("`{text}` is no resource: the names of all of them begin with `acs:`"));
        let draft = draft.help("write `acs:SERVICE:REGION:ACCOUNT:RESOURCE`, or `*`");
        let parts: Vec<&str> = text.splitn(5, ':').collect();
        if let [first, _, _, _, _] = parts.as_slice()
            && !text.starts_with("arn:aws")
            && first.bytes().all(|byte| byte.is_ascii_alphabetic())
        {
            let (_, rest) = text.split_once(':').unwrap_or_default();
            draft.fix("begin it with `acs:`", [Edit::string(span, &format!("acs:{rest}"))]);
        }
    }
}
