//! `redundancy/deny-never-effective`.

use crate::lint::rule::rule;
use crate::lint::rules::inclusion::principals_meet;
use crate::lint::rules::reach;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Document, Effect, PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds a Deny of a session or trust policy that no Allow of the same policy ever meets.
    ///
    /// ## Why is this bad?
    /// What such a policy does not allow is refused in any case, whatever other policies say, so that the Deny takes nothing
    /// away. Most often the action, the resource or the principal of one of the two is misspelt, and what was to be denied is
    /// allowed.
    ///
    /// ## Example
    /// ```json
    /// {"Version": "1", "Statement": [
    ///   {"Effect": "Allow", "Action": ["oss:Get*", "oss:Put*"], "Resource": "acs:oss:*:*:assets/*"},
    ///   {"Effect": "Deny", "Action": "oss:DeleteObject", "Resource": "acs:oss:*:*:assets/*"}
    /// ]}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Version": "1", "Statement": [
    ///   {"Effect": "Allow", "Action": ["oss:Get*", "oss:Put*"], "Resource": "acs:oss:*:*:assets/*"},
    ///   {"Effect": "Deny", "Action": "oss:PutBucket*", "Resource": "acs:oss:*:*:assets/*"}
    /// ]}
    /// ```
    ///
    /// ## Limits
    /// A Deny of an identity, control or resource policy takes from what other policies allow too:
    /// `effective/deny-never-effective` looks at those of a world. Conditions are not compared, and as in RAM a `*` reaches over
    /// the colons of an ARN.
    ///
    /// ## References
    /// - RAM, [how policies are evaluated](https://www.alibabacloud.com/help/en/ram/policy-evaluation-process)
    code: "RAM606",
    name: "redundancy/deny-never-effective",
    severity: Warning,
    kinds: &[PolicyKind::Session, PolicyKind::Trust],
    fix: None,
    since: "0.2.0",
    check: Check::Document(check),
}

fn check(document: &Document, subject: &Subject<'_>, found: &mut Findings) {
    let of = |effect: Effect| document.statements().iter().filter(move |statement| statement.effect() == effect);
    // Without an Allow, nothing is allowed: another rule says so.
    if of(Effect::Allow).next().is_none() {
        return;
    }
    for deny in of(Effect::Deny).filter(|deny| !subject.has_unread(deny.span())) {
        let meets = |allow: &Statement| {
            subject.has_unread(allow.span()) || reach::meet(allow, deny) && principals_meet(allow, deny)
        };
        if !of(Effect::Allow).any(meets) {
            found
                .at(deny.effect_span(), "this denies nothing: no statement of the policy allows any of it")
                .help("see what was meant to be denied, or take it away");
        }
    }
}
