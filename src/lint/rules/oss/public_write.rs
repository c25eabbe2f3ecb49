//! `oss/public-write`.

use super::public::everybody;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Document, PolicyKind};
use crate::report::Severity;

rule! {
    /// ## What it does
    /// Finds bucket policies by which everybody writes objects, deletes them, or changes the bucket.
    ///
    /// ## Why is this bad?
    /// The principal `*` is everybody on the internet, without any key. Whoever finds the bucket can fill it, empty it,
    /// or put something into it that others trust.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:*", "Principal": ["*"], "Resource": ["acs:oss:*:1234567890123456:assets/*"]}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:GetObject", "Principal": ["*"], "Resource": ["acs:oss:*:1234567890123456:assets/*"]}
    /// ```
    ///
    /// ## Limits
    /// With a condition it is a note, which names the condition; whether that is strong enough is for `oss/principal-
    /// anonymous-conditions-too-weak` to say. What a Deny for everybody takes away is not counted.
    ///
    /// ## References
    /// - OSS, [bucket policies](https://www.alibabacloud.com/help/en/oss/user-guide/oss-bucket-policy)
    code: "RAM801",
    name: "oss/public-write",
    severity: Error,
    kinds: &[PolicyKind::Resource],
    fix: None,
    since: "0.2.0",
    check: Check::Document(check),
}

fn check(document: &Document, _: &Subject<'_>, found: &mut Findings) {
    for (statement, span, action) in everybody(
        document,
        &[
            "oss:PutObject",
            "oss:DeleteObject",
            "oss:PutObjectAcl",
            "oss:PutBucketAcl",
            "oss:PutBucketPolicy",
            "oss:DeleteBucket",
            "oss:PutBucketLifecycle",
        ],
    ) {
        let mut draft = found
            .at(span, format!("everybody writes: the principal `*` may do `{action}`"))
            .help("name the accounts, users or role sessions that are meant; what is meant to be public can stand in the suppressions");
        if !statement.condition().is_empty() {
            draft = draft.severity(Severity::Note);
        }
        for test in statement.condition() {
            draft = draft.also(test.span(), "only where this holds");
        }
    }
}
