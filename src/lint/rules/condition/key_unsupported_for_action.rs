//! `condition/key-unsupported-for-action`.

use super::keys;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Effect, Statement};

rule! {
    /// ## What it does
    /// Finds conditions on a key that requests of an action in the same statement never carry.
    ///
    /// ## Why is this bad?
    /// Under a positive operator that action is then never allowed, or never denied; under a negated one in a Deny it
    /// is denied always. `oss:Prefix` beside `oss:GetObject` is the usual case: only listing has a prefix.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": ["oss:ListObjects", "oss:GetObject"], "Resource": "*", "Condition": {"StringLike": {"oss:Prefix": "home/*"}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Version": "1", "Statement": [
    ///   {"Effect": "Allow", "Action": "oss:ListObjects", "Resource": "*", "Condition": {"StringLike": {"oss:Prefix": "home/*"}}},
    ///   {"Effect": "Allow", "Action": "oss:GetObject", "Resource": "acs:oss:*:*:bucket/home/*"}
    /// ]}
    /// ```
    ///
    /// ## Limits
    /// Only keys of which it is known that certain actions alone carry them are judged. A pattern of actions that meets
    /// one of these is left alone. A negated operator in an Allow is how Alibaba Cloud's own samples say that a
    /// condition is about some of the actions, and is left alone too.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Condition`
    code: "RAM508",
    name: "condition/key-unsupported-for-action",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    if statement.action().is_negated() {
        return;
    }
    for test in statement.condition() {
        let Some(key) = keys::find(test.key()).filter(|key| !key.actions.is_empty()) else { continue };
        let consequence = match (statement.effect(), test.operator().is_negated()) {
            (Effect::Allow, false) => "is never allowed by this statement",
            (Effect::Deny, false) => "is never denied by this statement",
            (Effect::Deny, true) => "is always denied by this statement",
            // That it is always allowed is how one says that the condition is about the other actions only.
            (Effect::Allow, true) => continue,
        };
        for (pattern, span) in statement.action().patterns() {
            if key.actions.iter().any(|action| action.meets(pattern).is_some()) {
                continue;
            }
            let message =
                format!("`{}` carries no `{}`, so it {consequence}", pattern.as_str(), test.written_key().text);
            found
                .at(span, message)
                .help("put it into a statement of its own, without that condition")
                .also(test.span(), "this condition");
        }
    }
}
