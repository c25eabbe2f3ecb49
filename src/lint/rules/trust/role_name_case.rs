//! `trust/role-name-case`.

use super::principals::{Kind, named};
use crate::lint::rule::rule;
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::{PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds roles in a principal whose names have upper-case letters.
    ///
    /// ## Why is this bad?
    /// RAM stores the names of roles in lower case. Read letter by letter, the principal names no role.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": "acs:ram::1234567890123456:role/Deploy"}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": "acs:ram::1234567890123456:role/deploy"}}
    /// ```
    ///
    /// ## References
    /// - RAM, [edit the trust policy of a RAM role](https://www.alibabacloud.com/help/en/ram/user-guide/edit-the-trust-policy-of-a-ram-role)
    code: "RAM757",
    name: "trust/role-name-case",
    severity: Note,
    kinds: &[PolicyKind::Trust],
    fix: Unsafe,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    for named in named(statement, subject).into_iter().filter(|named| named.kind == Kind::Ram) {
        let Some((before, role)) = named.text.split_once(":role/") else { continue };
        if role.bytes().any(|byte| byte.is_ascii_uppercase()) {
            let meant = format!("{before}:role/{}", role.to_ascii_lowercase());
            found
                .at(named.span, format!("the role is stored as `{}`", role.to_ascii_lowercase()))
                .fix(format!("write `{meant}`"), [Edit::string(named.span, &meant)]);
        }
    }
}
