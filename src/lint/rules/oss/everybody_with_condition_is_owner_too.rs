//! `oss/everybody-with-condition-is-owner-too`.

use super::public::is_for_everybody;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Effect, PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds a Deny for everybody with a condition, which reaches the owner of the bucket and anonymous callers too.
    ///
    /// ## Why is this bad?
    /// The principal `*` leaves the owner out where the statement has no condition, and includes the owner where it has
    /// one. A condition that the owner does not meet locks the owner out.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "Action": "oss:*", "Principal": ["*"], "Resource": ["acs:oss:*:1234567890123456:assets/*"],
    ///   "Condition": {"StringNotEquals": {"acs:SourceVpc": ["vpc-bp1example"]}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Deny", "Action": ["oss:GetObject", "oss:PutObject"], "Principal": ["*"], "Resource": ["acs:oss:*:1234567890123456:assets/*"],
    ///   "Condition": {"StringNotEquals": {"acs:SourceVpc": ["vpc-bp1example"]}}}
    /// ```
    ///
    /// ## References
    /// - OSS, [bucket policies](https://www.alibabacloud.com/help/en/oss/user-guide/oss-bucket-policy)
    code: "RAM808",
    name: "oss/everybody-with-condition-is-owner-too",
    severity: Note,
    kinds: &[PolicyKind::Resource],
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    if statement.effect() != Effect::Deny || statement.condition().is_empty() || !is_for_everybody(statement) {
        return;
    }
    // That calls are encrypted, the owner can see to.
    let harmless = |key: &str| matches!(key, "acs:securetransport" | "acs:tlsversion" | "acs:useragent");
    if statement.condition().iter().all(|test| harmless(test.key()))
        || !statement.action().matches("oss:PutBucketPolicy")
    {
        return;
    }
    let mut draft = found
        .at(
            statement.effect_span(),
            "with a condition, the principal `*` is the owner of the bucket too, who may be locked out",
        )
        .help("leave `oss:PutBucketPolicy` and `oss:DeleteBucketPolicy` out, so that there is a way back");
    for test in statement.condition() {
        draft = draft.also(test.span(), "the owner is denied where this holds");
    }
}
