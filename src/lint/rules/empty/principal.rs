//! `empty/principal`.

use crate::lint::linter::relabel;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{self, Code, PolicyKind};

rule! {
    /// ## What it does
    /// Finds `Principal`, or one of its kinds, that holds nothing: an empty list, or an empty text.
    ///
    /// ## Why is this bad?
    /// It matches nothing, so that the statement does nothing, or, in the negated form, everything. What RAM makes of
    /// it is not documented; the gate refuses it wherever it could widen what is allowed or let a Deny go unnoticed. In a
    /// bucket policy an empty list is everybody, as `["*"]` is.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": []}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": ["acs:ram::1234567890123456:root"]}}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Principal`
    /// - OSS, [authorization syntax and elements](https://www.alibabacloud.com/help/en/oss/user-guide/authorization-syntax-and-elements), on `Principal`
    code: "RAM653",
    name: "empty/principal",
    severity: Error,
    kinds: &[PolicyKind::Trust, PolicyKind::Resource],
    fix: None,
    since: "0.2.0",
    check: Check::Mistake(&[Code::EmptyList, Code::EmptyPattern], check),
}

fn check(mistake: &policy::Finding, subject: &Subject<'_>, found: &mut Findings) -> bool {
    if !(mistake.message.starts_with("`Principal`")
        || mistake.message.starts_with("`RAM`")
        || mistake.message.starts_with("`Service`")
        || mistake.message.starts_with("`Federated`"))
    {
        return false;
    }
    let draft = relabel(mistake, found);
    if subject.is_of_bucket() == Some(true) {
        draft.help("for OSS an empty list is everybody, as `[\"*\"]` is; name who is meant");
    }
    true
}
