//! `resource/arn-fields`.

use std::sync::LazyLock;

use super::super::reach;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{ArnTemplate, Hole, Statement};

rule! {
    /// ## What it does
    /// Finds ARNs in which a part is missing or one colon is too many, so that they match nothing.
    ///
    /// ## Why is this bad?
    /// An ARN has five parts: `acs`, the service, the region, the account and the resource.
    /// `acs:ram:1234567890123456:role/x` has four, and `acs::ram::…` a colon too many; neither is the name of anything.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "acs:ram:1234567890123456:role/ops"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "acs:ram::1234567890123456:role/ops"}
    /// ```
    ///
    /// ## Limits
    /// A star reaches over colons: `acs:oss:*` has all the parts that are needed.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Resource`
    code: "RAM442",
    name: "resource/arn-fields",
    severity: Error,
    kinds: reach::WITH_RESOURCE,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

static FORMS: LazyLock<[ArnTemplate; 4]> = LazyLock::new(|| {
    let hole = |name: &str| Some(if name == "x" { Hole::Path } else { Hole::Name });
    ["acs:{s}:{r}:{a}:{x}", "acs:{s}::{a}:{x}", "acs:{s}:{r}::{x}", "acs:{s}:::{x}"]
        .map(|form| ArnTemplate::with_holes(form, hole))
});

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    let Some(resource) = statement.resource() else { return };
    for (pattern, span) in resource.patterns() {
        let text = pattern.as_str();
        let begins = text.get(..4).is_some_and(|acs| acs.eq_ignore_ascii_case("acs:"));
        if begins && !FORMS.iter().any(|form| pattern.reaches(form)) {
            let draft =
                found.at(span, format!("`{text}` is the name of nothing: a part is missing, empty or too many"));
            draft.help("write `acs:SERVICE:REGION:ACCOUNT:RESOURCE`; the region, or the account, may be `*`");
        }
    }
}
