//! `redundancy/allow-fully-shadowed`.

use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::rules::inclusion;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Document, Effect};

rule! {
    /// ## What it does
    /// Finds an Allow that never allows anything, because a Deny of the same policy is about every request that it is about.
    ///
    /// ## Why is this bad?
    /// A Deny counts more than any Allow, so that what the statement promises is refused, always. One of the two is not what
    /// was meant.
    ///
    /// ## Example
    /// ```json
    /// {"Version": "1", "Statement": [
    ///   {"Effect": "Allow", "Action": "ecs:StopInstance", "Resource": "acs:ecs:*:*:instance/i-1"},
    ///   {"Effect": "Deny", "Action": ["ecs:Stop*", "ecs:Delete*"], "Resource": "*"}
    /// ]}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Version": "1", "Statement": [
    ///   {"Effect": "Allow", "Action": "ecs:StopInstance", "Resource": "acs:ecs:*:*:instance/i-1"},
    ///   {"Effect": "Deny", "Action": "ecs:Delete*", "Resource": "*"}
    /// ]}
    /// ```
    ///
    /// ## Limits
    /// What several Deny statements cover only together is let pass, and so is what another policy denies. A Deny with a
    /// condition counts where each of its tests stands in the Allow too.
    ///
    /// ## References
    /// - RAM, [how policies are evaluated](https://www.alibabacloud.com/help/en/ram/policy-evaluation-process)
    code: "RAM607",
    name: "redundancy/allow-fully-shadowed",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Document(check),
}

fn check(document: &Document, subject: &Subject<'_>, found: &mut Findings) {
    let of = |effect| {
        let statements = document.statements().iter().filter(move |statement| statement.effect() == effect);
        statements.filter(|statement| !subject.has_unread(statement.span()))
    };
    for allow in of(Effect::Allow) {
        let Some(deny) = of(Effect::Deny).find(|deny| inclusion::covers(deny, allow)) else { continue };
        let line = subject.source().position(deny.span().start).line;
        found
            .at(allow.effect_span(), format!("this allows nothing: the Deny in line {line} is about all of it"))
            .also(deny.span(), "what is denied is denied, whatever allows it")
            .help("narrow the Deny, or take the Allow away");
    }
}
