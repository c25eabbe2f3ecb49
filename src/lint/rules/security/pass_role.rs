//! `security/pass-role`.

use super::permits::{Question, is_boundless, permits};
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Context, Document, PolicyKind};

rule! {
    /// ## What it does
    /// Finds an Allow of `ram:PassRole` for any role, or for any service.
    ///
    /// ## Why is this bad?
    /// Whoever may pass a role to a service can work with the permissions of that role: on an instance, in a function, in a
    /// stack. With any role to pass, these are the permissions of the strongest role there is; without `acs:Service`,
    /// a role that was made for one service can be given to whatever service its trust policy takes.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "ram:PassRole", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ram:PassRole", "Resource": "acs:ram:*:1234567890123456:role/app",
    ///   "Condition": {"StringEquals": {"acs:Service": "ecs.aliyuncs.com"}}}
    /// ```
    ///
    /// ## Limits
    /// A statement that names roles, or the beginning of their names, and one that names the service are taken to be
    /// meant: Alibaba Cloud's own samples do one or the other. What goes together with an action that starts something
    /// under the role is reported by `security/privilege-escalation` too. Statements that allow everything are the
    /// matter of `security/admin`.
    ///
    /// ## References
    /// - ECS, [AttachInstanceRamRole](https://www.alibabacloud.com/help/en/ecs/developer-reference/api-ecs-2014-05-26-attachinstanceramrole), on the authorization it takes
    code: "RAM713",
    name: "security/pass-role",
    severity: Warning,
    kinds: &[PolicyKind::Identity],
    fix: None,
    since: "0.2.0",
    check: Check::Document(check),
}

fn check(document: &Document, _: &Subject<'_>, found: &mut Findings) {
    let every_role = Question::any("acs:ram::{account}:role/{role}");
    for permit in permits(document, "ram:PassRole", Some(&every_role), &Context::unknown()) {
        let statement = permit.statement;
        let by_service = statement.condition().iter().any(|test| {
            test.key() == "acs:service"
                && !test.operator().is_negated()
                && !test.written_operands().iter().any(|o| &*o.text == "*")
        });
        if is_boundless(statement) || by_service {
            continue;
        }
        let draft = found
            .at(permit.action, "this allows any role to be passed to any service")
            .help("name the roles under `Resource`, and the service in a condition: `StringEquals` with `acs:Service`");
        permit.limits(draft);
    }
}
