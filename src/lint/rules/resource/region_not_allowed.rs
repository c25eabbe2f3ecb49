//! `resource/region-not-allowed`.

use super::super::{reach, services};
use crate::lint::rule::rule;
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::{Case, Pattern, Statement};

rule! {
    /// ## What it does
    /// Finds a region in ARNs of a service whose resources have none.
    ///
    /// ## Why is this bad?
    /// The names of users, roles and policies of RAM have nothing between the colons where a region would stand. An ARN
    /// with a region there matches none of them.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "acs:ram:cn-hangzhou:1234567890123456:role/ops"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "acs:ram:*:1234567890123456:role/ops"}
    /// ```
    ///
    /// ## References
    /// - RAM, [RAM authorization](https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-ram), on ARNs
    code: "RAM445",
    name: "resource/region-not-allowed",
    severity: Warning,
    kinds: reach::WITH_RESOURCE,
    fix: Unsafe,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    for (_, span, [acs, service, region, account, rest]) in reach::arns(statement) {
        if !services::has_no_regions(service) || Pattern::new(region, Case::Exact).matches("") {
            continue;
        }
        let plain = format!("{acs}:{service}:*:{account}:{rest}");
        let message = format!("resources of `{service}` have no region, and here is `{region}`");
        let draft = found.at(span, message).help(format!("write `{plain}`"));
        draft.fix(format!("write `{plain}`"), [Edit::string(span, &plain)]);
    }
}
