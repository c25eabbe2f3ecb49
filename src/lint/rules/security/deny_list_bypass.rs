//! `security/deny-list-bypass`.

use super::permits::permits;
use super::twins::twins;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Context, Document, Effect, PolicyKind};

rule! {
    /// ## What it does
    /// Finds a Deny of an action that has a twin, which an Allow in the same policy leaves open.
    ///
    /// ## Why is this bad?
    /// An object is read by `oss:GetObject` and, version by version, by `oss:GetObjectVersion`; commands are run by
    /// `ecs:RunCommand` and by `ecs:InvokeCommand`. To deny the one and allow the other keeps nobody from anything.
    ///
    /// ## Example
    /// ```json
    /// {"Version": "1", "Statement": [
    ///   {"Effect": "Allow", "Action": "ecs:*", "Resource": "acs:ecs:*:*:instance/i-1"},
    ///   {"Effect": "Deny", "Action": "ecs:RunCommand", "Resource": "*"}
    /// ]}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Version": "1", "Statement": [
    ///   {"Effect": "Allow", "Action": "ecs:*", "Resource": "acs:ecs:*:*:instance/i-1"},
    ///   {"Effect": "Deny", "Action": ["ecs:RunCommand", "ecs:InvokeCommand", "ecs:StartTerminalSession"], "Resource": "*"}
    /// ]}
    /// ```
    ///
    /// ## Limits
    /// Only a Deny that holds without a condition, and keeps from the action on every resource that is allowed, counts. The twins are data, `src/lint/data/twins.toml`.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Action`
    code: "RAM721",
    name: "security/deny-list-bypass",
    severity: Warning,
    kinds: &[PolicyKind::Identity],
    fix: None,
    since: "0.2.0",
    check: Check::Document(check),
}

fn check(document: &Document, _: &Subject<'_>, found: &mut Findings) {
    for deny in document
        .statements()
        .iter()
        .filter(|statement| statement.effect() == Effect::Deny && !statement.action().is_negated())
    {
        for group in twins() {
            let Some(denied) = group.actions.iter().find(|action| deny.action().matches(action)) else { continue };
            let known = Context::unknown();
            // Only where the denied one is allowed otherwise, and denied everywhere, is the Deny there to keep from it.
            let allows = document
                .statements()
                .iter()
                .any(|allow| allow.effect() == Effect::Allow && allow.action().matches(denied));
            if !allows || !permits(document, denied, None, &known).is_empty() {
                continue;
            }
            let open = group
                .actions
                .iter()
                .filter(|action| !deny.action().matches(action))
                .find_map(|action| Some((action, permits(document, action, None, &known).into_iter().next()?)));
            if let Some((action, permit)) = open {
                let span = deny
                    .action()
                    .patterns()
                    .find(|(pattern, _)| pattern.matches(denied))
                    .map_or(deny.action().span(), |(_, span)| span);
                let draft = found
                    .at(
                        span,
                        format!(
                            "`{denied}` is denied, and `{action}` is allowed, by which one can {} as well",
                            group.what
                        ),
                    )
                    .help(format!("deny `{action}` too"))
                    .also(permit.action, "by this");
                permit.limits(draft);
            }
        }
    }
}
