//! `security/service-linked-role`.

use super::permits::{is_boundless, permits};
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Context, Document, PolicyKind};

rule! {
    /// ## What it does
    /// Finds an Allow of `ram:CreateServiceLinkedRole` for any service.
    ///
    /// ## Why is this bad?
    /// A service-linked role gives a service permissions in the account, and neither identity nor control policies hold it
    /// back. Which services get one is for whoever looks after the account to say: the condition key
    /// `ram:ServiceName` names them.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "ram:CreateServiceLinkedRole", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ram:CreateServiceLinkedRole", "Resource": "*",
    ///   "Condition": {"StringEquals": {"ram:ServiceName": "polardb.aliyuncs.com"}}}
    /// ```
    ///
    /// ## Limits
    /// The services cannot be told apart by `Resource`, so only the condition counts. Statements that allow everything,
    /// and those with `ram:*`, are the matter of `security/admin` and `security/privilege-escalation`.
    ///
    /// ## References
    /// - RAM, [service-linked roles](https://www.alibabacloud.com/help/en/ram/user-guide/service-linked-roles)
    code: "RAM714",
    name: "security/service-linked-role",
    severity: Note,
    kinds: &[PolicyKind::Identity],
    fix: None,
    since: "0.2.0",
    check: Check::Document(check),
}

fn check(document: &Document, _: &Subject<'_>, found: &mut Findings) {
    for permit in permits(document, "ram:CreateServiceLinkedRole", None, &Context::unknown()) {
        let statement = permit.statement;
        let by_service =
            statement.condition().iter().any(|test| test.key() == "ram:servicename" && !test.operator().is_negated());
        // With this one too, creating roles for services is the least of it.
        let roles = statement.action().matches("ram:CreateRole");
        if is_boundless(statement) || by_service || roles {
            continue;
        }
        let draft = found
            .at(permit.action, "this allows a service-linked role to be made for any service")
            .help("name the services in a condition: `StringEquals` with `ram:ServiceName`");
        permit.limits(draft);
    }
}
