//! `oss/http-allowed`.

use super::public::is_for_everybody;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Document, Effect, Operand, PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds bucket policies that allow reading or writing and do not deny calls without TLS.
    ///
    /// ## Why is this bad?
    /// Without such a Deny, OSS serves plain HTTP too: signatures and data go in the clear.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:GetObject", "Principal": ["2234567890123456"], "Resource": ["acs:oss:*:1234567890123456:assets/*"]}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Version": "1", "Statement": [
    ///   {"Effect": "Allow", "Action": "oss:GetObject", "Principal": ["2234567890123456"], "Resource": ["acs:oss:*:1234567890123456:assets/*"]},
    ///   {"Effect": "Deny", "Action": "oss:*", "Principal": ["*"], "Resource": ["acs:oss:*:1234567890123456:assets/*"],
    ///     "Condition": {"Bool": {"acs:SecureTransport": ["false"]}}}
    /// ]}
    /// ```
    ///
    /// ## References
    /// - OSS, [bucket policies](https://www.alibabacloud.com/help/en/oss/user-guide/oss-bucket-policy)
    code: "RAM810",
    name: "oss/http-allowed",
    severity: Note,
    kinds: &[PolicyKind::Resource],
    fix: None,
    since: "0.2.0",
    check: Check::Document(check),
}

fn check(document: &Document, _: &Subject<'_>, found: &mut Findings) {
    let tls = |statement: &Statement, wanted: bool| {
        statement.condition().iter().any(|test| {
            test.key() == "acs:securetransport" && matches!(test.operands(), [Operand::Bool(value)] if *value == wanted)
        })
    };
    let denied = document
        .statements()
        .iter()
        .any(|statement| statement.effect() == Effect::Deny && is_for_everybody(statement) && tls(statement, false));
    let plain =
        document.statements().iter().find(|statement| statement.effect() == Effect::Allow && !tls(statement, true));
    if let (false, Some(statement)) = (denied, plain) {
        found
            .at(statement.effect_span(), "calls without TLS are not denied")
            .help("add a Deny of `oss:*` for the principal `*` where `acs:SecureTransport` is \"false\"");
    }
}
