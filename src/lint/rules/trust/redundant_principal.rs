//! `trust/redundant-principal`.

use super::principals::named;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds principals that another one of the same statement covers: a user or role beside its whole account, or one
    /// named twice.
    ///
    /// ## Why is this bad?
    /// It changes nothing, and suggests that the others of the account are not trusted.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": ["acs:ram::1234567890123456:root", "acs:ram::1234567890123456:role/ci"]}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": ["acs:ram::1234567890123456:root"]}}
    /// ```
    ///
    /// ## References
    /// - RAM, [edit the trust policy of a RAM role](https://www.alibabacloud.com/help/en/ram/user-guide/edit-the-trust-policy-of-a-ram-role)
    code: "RAM770",
    name: "trust/redundant-principal",
    severity: Note,
    kinds: &[PolicyKind::Trust],
    fix: Safe,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    let named = named(statement, subject);
    for (at, this) in named.iter().enumerate() {
        let by = named.iter().enumerate().find(|(other, by)| {
            let whole = by.text.strip_suffix(":root").filter(|_| by.text != this.text);
            let account =
                whole.is_some_and(|account| this.text.strip_prefix(account).is_some_and(|rest| rest.starts_with(':')));
            *other != at && by.kind == this.kind && (account || (by.text == this.text && *other < at))
        });
        if let Some((_, by)) = by {
            found
                .at(this.span, format!("`{}` is trusted by `{}` already", this.text, by.text))
                .also(by.span, "by this")
                .fix(format!("take `{}` away", this.text), subject.removal(this.span));
        }
    }
}
