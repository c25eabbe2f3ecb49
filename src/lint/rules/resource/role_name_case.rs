//! `resource/role-name-case`.

use super::super::reach;
use crate::lint::rule::rule;
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::Statement;

rule! {
    /// ## What it does
    /// Finds names of roles with capital letters in ARNs.
    ///
    /// ## Why is this bad?
    /// RAM keeps the names of roles in lower case, and the part of an ARN after the account compares by case as far as
    /// is known: the role may not be met.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "acs:ram::1234567890123456:role/OpsAdmin"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "acs:ram::1234567890123456:role/opsadmin"}
    /// ```
    ///
    /// ## Limits
    /// That the comparison looks at case is not documented, which is why this is a note.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Resource`
    code: "RAM460",
    name: "resource/role-name-case",
    severity: Note,
    kinds: reach::WITH_RESOURCE,
    fix: Unsafe,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    for (_, span, [acs, service, region, account, rest]) in reach::arns(statement) {
        let lower = rest.to_ascii_lowercase();
        if !service.eq_ignore_ascii_case("ram") || !rest.starts_with("role/") || rest == lower || rest.contains("${") {
            continue;
        }
        let plain = format!("{acs}:{service}:{region}:{account}:{lower}");
        let draft = found.at(span, "names of roles are kept in lower case").help(format!("write `{plain}`"));
        draft.fix(format!("write `{plain}`"), [Edit::string(span, &plain)]);
    }
}
