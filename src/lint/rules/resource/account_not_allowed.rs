//! `resource/account-not-allowed`.

use super::super::reach;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Case, Pattern, Statement};

rule! {
    /// ## What it does
    /// Finds ARNs of RAM that name something other than a policy in the account `system`.
    ///
    /// ## Why is this bad?
    /// Of what RAM keeps only Alibaba Cloud's own policies are of the account `system`. Users, groups and roles are of
    /// numbered accounts: the ARN matches none.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "ram:GetRole", "Resource": "acs:ram:*:system:role/ops"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ram:GetPolicy", "Resource": "acs:ram:*:system:policy/AliyunECSReadOnlyAccess"}
    /// ```
    ///
    /// ## Limits
    /// Other services may know the account, and nothing is said of their ARNs.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Resource`
    code: "RAM448",
    name: "resource/account-not-allowed",
    severity: Warning,
    kinds: reach::WITH_RESOURCE,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    let policies = Pattern::new("policy/*", Case::Exact);
    for (_, span, [_, service, _, account, relative]) in reach::arns(statement) {
        let of_ram = service.eq_ignore_ascii_case("ram") && account == "system";
        if of_ram && Pattern::new(relative, Case::Exact).meets(&policies).is_none() {
            let message = format!("in the account `system` RAM keeps nothing but policies, and no `{relative}`");
            found.at(span, message).help("write the id of the account that it is in, or `*`");
        }
    }
}
