//! `security/allow-notresource`.

use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Effect, PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds an Allow with `NotResource`.
    ///
    /// ## Why is this bad?
    /// RAM's present grammar has no `NotResource`. A reader that takes it, as older ones did, allows the actions on every
    /// resource but the ones it names, those that do not exist yet and those of other accounts included.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:GetObject", "NotResource": "acs:oss:*:*:secret/*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Version": "1", "Statement": [
    ///   {"Effect": "Allow", "Action": "oss:GetObject", "Resource": "acs:oss:*:*:public/*"},
    ///   {"Effect": "Deny", "Action": "oss:GetObject", "Resource": "acs:oss:*:*:secret/*"}
    /// ]}
    /// ```
    ///
    /// ## Limits
    /// A Deny with `NotResource` is no gift, and only refused.
    ///
    /// ## References
    /// - RAM, [policy structure and syntax](https://www.alibabacloud.com/help/en/ram/policy-structure-and-syntax)
    code: "RAM712",
    name: "security/allow-notresource",
    severity: Warning,
    kinds: &[PolicyKind::Identity, PolicyKind::Resource],
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    let Some(resource) = statement.resource().filter(|resource| resource.is_negated()) else { return };
    if statement.effect() != Effect::Allow {
        return;
    }
    let names: Vec<_> = resource.patterns().map(|(pattern, _)| format!("`{}`", pattern.as_str())).collect();
    let mut draft = found
        .at(
            resource.span(),
            format!("where `NotResource` is read at all, this allows every resource but {}", names.join(", ")),
        )
        .help("name the resources that are meant under `Resource`, and deny the others");
    for test in statement.condition() {
        draft = draft.also(test.span(), "only where this holds");
    }
}
