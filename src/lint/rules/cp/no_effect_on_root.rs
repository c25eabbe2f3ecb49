//! `cp/no-effect-on-root`.

use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds statements of a control policy that are about account owners or service-linked roles only.
    ///
    /// ## Why is this bad?
    /// Control policies reach neither the owner of an account nor service-linked roles, and no identity of the
    /// management account. A statement about these alone does nothing.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringLike": {"acs:PrincipalARN": "acs:ram:*:*:root"}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringLike": {"acs:PrincipalARN": "acs:ram:*:*:role/dev-*"}}}
    /// ```
    ///
    /// ## References
    /// - Resource Management, [control policies](https://www.alibabacloud.com/help/en/resource-management/resource-directory/user-guide/languages-of-access-control-policies)
    code: "RAM826",
    name: "cp/no-effect-on-root",
    severity: Note,
    kinds: &[PolicyKind::Control],
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    for test in
        statement.condition().iter().filter(|test| test.key() == "acs:principalarn" && !test.operator().is_negated())
    {
        let exempt = |text: &str| {
            let relative = text.rsplit(':').next().unwrap_or_default();
            relative == "root" || relative.to_ascii_lowercase().starts_with("role/aliyunservicerolefor")
        };
        let operands = test.written_operands();
        if !operands.is_empty() && operands.iter().all(|written| exempt(&written.text)) {
            found
                .at(test.span(), "no control policy reaches these principals, so the statement does nothing")
                .help("protect account owners otherwise: by a second factor, and by having no AccessKey of theirs");
        }
    }
}
