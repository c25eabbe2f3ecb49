//! `security/allow-notaction`.

use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Effect, PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds an Allow with `NotAction`.
    ///
    /// ## Why is this bad?
    /// It allows every action of every service but the ones it names, those of services that do not exist yet
    /// included. To keep something from being allowed, a Deny that names it is shorter and holds against other policies
    /// too.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "NotAction": "ram:*", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": ["ecs:*", "vpc:*"], "Resource": "*"}
    /// ```
    ///
    /// ## Limits
    /// `NotAction` with Deny is left alone: it keeps everything else from being done. So are control and session
    /// policies, which only narrow what others allow, and trust policies. The finding names the condition that limits the
    /// statement, where there is one, and judges a resource that is not `*` no differently: `NotAction` covers actions
    /// that nobody thought of, on whatever the statement names.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `NotAction`
    code: "RAM711",
    name: "security/allow-notaction",
    severity: Warning,
    kinds: &[PolicyKind::Identity],
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    if statement.effect() != Effect::Allow || !statement.action().is_negated() {
        return;
    }
    let names: Vec<_> = statement.action().patterns().map(|(pattern, _)| format!("`{}`", pattern.as_str())).collect();
    let mut draft = found
        .at(statement.action().span(), format!("this allows every action but {}", names.join(", ")))
        .help("name the actions that are meant under `Action`, and deny what must never be done")
        .also(statement.effect_span(), "it is an Allow");
    for test in statement.condition() {
        draft = draft.also(test.span(), "only where this holds");
    }
}
