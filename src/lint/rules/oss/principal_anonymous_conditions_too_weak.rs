//! `oss/principal-anonymous-conditions-too-weak`.

use super::public::is_for_everybody;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{ConditionTest, Effect, Operand, PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds an Allow for everybody whose only conditions keep hardly anybody out.
    ///
    /// ## Why is this bad?
    /// With the principal `*`, the condition is all that stands between the bucket and the internet. Encryption, a user
    /// agent or a moment in time is met by everybody; so is `acs:SourceVpc` where any VPC will do, or none.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:GetObject", "Principal": ["*"], "Resource": ["acs:oss:*:1234567890123456:assets/*"],
    ///   "Condition": {"Bool": {"acs:SecureTransport": ["true"]}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:GetObject", "Principal": ["*"], "Resource": ["acs:oss:*:1234567890123456:assets/*"],
    ///   "Condition": {"StringEquals": {"acs:SourceVpc": ["vpc-bp1example"]}}}
    /// ```
    ///
    /// ## References
    /// - OSS, [bucket policies](https://www.alibabacloud.com/help/en/oss/user-guide/oss-bucket-policy)
    code: "RAM806",
    name: "oss/principal-anonymous-conditions-too-weak",
    severity: Warning,
    kinds: &[PolicyKind::Resource],
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    if statement.effect() != Effect::Allow || statement.condition().is_empty() || !is_for_everybody(statement) {
        return;
    }
    if !statement.condition().iter().all(is_weak) {
        return;
    }
    let mut draft = found
        .at(statement.span(), "everybody can meet the conditions of this statement, and it is for everybody")
        .help("name those who are meant, or ask for an address or a VPC of your own");
    for test in statement.condition() {
        draft = draft.also(test.span(), "this keeps hardly anybody out");
    }
}

fn is_weak(test: &ConditionTest) -> bool {
    let any = |operand: &Operand| match operand {
        Operand::Like(pattern) => pattern.is_universal() || pattern.as_str() == "vpc-*",
        Operand::Ip(block) => block.net().prefix_len() == 0,
        _ => false,
    };
    match test.key() {
        "acs:securetransport"
        | "acs:useragent"
        | "acs:currenttime"
        | "acs:tlsversion"
        | "oss:prefix"
        | "oss:delimiter" => true,
        "acs:sourcevpc" => test.operator().is_negated() || test.operands().iter().any(any),
        "acs:sourceip" => !test.operator().is_negated() && test.operands().iter().any(any),
        _ => false,
    }
}
