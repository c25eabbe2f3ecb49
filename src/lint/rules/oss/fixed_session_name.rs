//! `oss/fixed-session-name`.

use crate::json::{Kind, Value};
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::PolicyKind;

rule! {
    /// ## What it does
    /// Finds role sessions in a bucket policy by a fixed session name.
    ///
    /// ## Why is this bad?
    /// The name of a session is chosen by whoever assumes the role, and services and tools make up a new one each time.
    /// A policy with one name stops working with the next session.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:GetObject", "Principal": ["arn:sts::1234567890123456:assumed-role/app/session-1"], "Resource": ["acs:oss:*:1234567890123456:assets/*"]}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:GetObject", "Principal": ["arn:sts::1234567890123456:assumed-role/app/*"], "Resource": ["acs:oss:*:1234567890123456:assets/*"]}
    /// ```
    ///
    /// ## References
    /// - OSS, [bucket policies](https://www.alibabacloud.com/help/en/oss/user-guide/oss-bucket-policy)
    code: "RAM809",
    name: "oss/fixed-session-name",
    severity: Note,
    kinds: &[PolicyKind::Resource],
    fix: None,
    since: "0.2.0",
    check: Check::Tree(check),
}

fn check(tree: &Value, _: &Subject<'_>, found: &mut Findings) {
    let statements = tree.members().iter().filter(|member| member.name == "Statement");
    for statement in statements.flat_map(|member| list(&member.value)) {
        let principals = statement.members().iter().filter(|member| member.name == "Principal");
        for principal in principals.flat_map(|member| list(&member.value)) {
            let session =
                principal.as_str().and_then(|text| text.strip_prefix("arn:sts::")?.split_once(":assumed-role/"));
            let Some((_, (_, name))) = session.and_then(|(account, rest)| Some((account, rest.split_once('/')?)))
            else {
                continue;
            };
            if !name.contains(['*', '?']) {
                found
                    .at(principal.span, format!("this is the one session that goes by the name `{name}`"))
                    .help("write `*` for the session, so that the role is meant");
            }
        }
    }
}

fn list(value: &Value) -> &[Value] {
    match &value.kind {
        Kind::Array(values) => values,
        _ => std::slice::from_ref(value),
    }
}
