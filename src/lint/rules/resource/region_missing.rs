//! `resource/region-missing`.

use super::super::reach;
use crate::lint::rule::rule;
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::Statement;

rule! {
    /// ## What it does
    /// Finds ARNs without a region, of a service whose resources all have one.
    ///
    /// ## Why is this bad?
    /// A resource's name has its region in that place, and an empty part does not match it: the statement applies to
    /// nothing.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "Action": "polardb:*", "Resource": "acs:polardb::1234567890123456:dbcluster/pc-1"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Deny", "Action": "polardb:*", "Resource": "acs:polardb:*:1234567890123456:dbcluster/pc-1"}
    /// ```
    ///
    /// ## Limits
    /// Only services that the catalogue lists are judged.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Resource`
    code: "RAM446",
    name: "resource/region-missing",
    severity: Warning,
    kinds: reach::WITH_RESOURCE,
    fix: Unsafe,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    for (_, span, parts) in reach::arns(statement) {
        let [acs, service, "", account, rest] = parts else { continue };
        let own = reach::operations(subject, &reach::action(&format!("{service}:*")));
        let mut templates =
            own.iter().flat_map(|operation| operation.resource_templates()).filter(|t| t != "*").peekable();
        if templates.peek().is_none() || templates.any(|template| template.contains("::")) {
            continue;
        }
        let plain = format!("{acs}:{service}:*:{account}:{rest}");
        let draft = found.at(span, format!("resources of `{service}` have a region, and none stands here"));
        draft.help(format!("write `{plain}`")).fix(format!("write `{plain}`"), [Edit::string(span, &plain)]);
    }
}
