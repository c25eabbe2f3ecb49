//! `resource/arn-service-case`.

use super::super::reach;
use crate::lint::rule::rule;
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::Statement;

rule! {
    /// ## What it does
    /// Finds ARNs whose `acs` or service code has capital letters.
    ///
    /// ## Why is this bad?
    /// Requests have both in lower case. That the service passes over the difference is not documented; the gate does,
    /// and another reader of the policy may not.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "Action": "oss:*", "Resource": "acs:OSS:*:*:bucket"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Deny", "Action": "oss:*", "Resource": "acs:oss:*:*:bucket"}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Resource`
    code: "RAM443",
    name: "resource/arn-service-case",
    severity: Warning,
    kinds: reach::WITH_RESOURCE,
    fix: Safe,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    for (_, span, [acs, service, region, account, rest]) in reach::arns(statement) {
        let lower = |part: &str| part.to_ascii_lowercase();
        if acs == lower(acs) && service == lower(service) {
            continue;
        }
        let plain = format!("{}:{}:{region}:{account}:{rest}", lower(acs), lower(service));
        let draft = found.at(span, format!("`{acs}:{service}` is written `{}:{}`", lower(acs), lower(service)));
        draft.fix(format!("write `{plain}`"), [Edit::string(span, &plain)]);
    }
}
