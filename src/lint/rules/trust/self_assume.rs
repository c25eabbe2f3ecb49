//! `trust/self-assume`.

use super::roles::{assumes, roles};
use crate::lint::rule::rule;
use crate::lint::{Check, Project, ProjectFindings, Settings};
use crate::policy::PolicyKind;

rule! {
    /// ## What it does
    /// Finds roles that may assume themselves.
    ///
    /// ## Why is this bad?
    /// A session ends after some hours, unless it may begin the next one itself: whoever has got hold of one credential
    /// of the role then keeps it for good.
    ///
    /// ## Example
    /// ```json5
    /// // the trust policy of the role `ops`, whose policies allow sts:AssumeRole on it
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": "acs:ram::1234567890123456:role/ops"}}
    /// ```
    ///
    /// Use instead:
    /// ```json5
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": "acs:ram::1234567890123456:user/alice"}}
    /// ```
    ///
    /// ## Limits
    /// Only a role that is named itself is meant: whoever trusts a whole account trusts the role with it, and is told so by
    /// `trust/account-root`. What hangs on a condition is let pass.
    ///
    /// ## References
    /// - RAM, [edit the trust policy of a RAM role](https://www.alibabacloud.com/help/en/ram/user-guide/edit-the-trust-policy-of-a-ram-role)
    code: "RAM776",
    name: "trust/self-assume",
    severity: Warning,
    kinds: &[PolicyKind::Trust],
    fix: None,
    since: "0.2.0",
    check: Check::Project(check),
}

fn check(project: &Project, _: &Settings, found: &mut ProjectFindings) {
    for role in roles(project) {
        let Some((trust, statement)) = assumes(project, role, role) else { continue };
        let message = format!("{role} may assume itself, so that a session of it need never end");
        found
            .about(trust)
            .at(statement.principal_span(), message)
            .help("leave the role out, here or in its own policies");
    }
}
