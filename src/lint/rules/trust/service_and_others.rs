//! `trust/service-and-others`.

use super::principals::{Kind, named};
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Document, Effect, PolicyKind};

rule! {
    /// ## What it does
    /// Finds one statement, or role, that trusts a service and users or providers besides.
    ///
    /// ## Why is this bad?
    /// A role of a service has the permissions that the service needs. Whoever else may assume it gets them too, and
    /// permissions that are added for the one reach the other.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs.aliyuncs.com", "RAM": "acs:ram::1234567890123456:user/alice"}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs.aliyuncs.com"}}
    /// ```
    ///
    /// ## References
    /// - RAM, [edit the trust policy of a RAM role](https://www.alibabacloud.com/help/en/ram/user-guide/edit-the-trust-policy-of-a-ram-role)
    code: "RAM772",
    name: "trust/service-and-others",
    severity: Note,
    kinds: &[PolicyKind::Trust],
    fix: None,
    since: "0.2.0",
    check: Check::Document(check),
}

fn check(document: &Document, subject: &Subject<'_>, found: &mut Findings) {
    let allows = document.statements().iter().filter(|statement| statement.effect() == Effect::Allow);
    let named: Vec<_> = allows.flat_map(|statement| named(statement, subject)).collect();
    let service = named.iter().find(|named| named.kind == Kind::Service);
    let other = named.iter().find(|named| named.kind != Kind::Service);
    if let (Some(service), Some(other)) = (service, other) {
        found
            .at(service.span, format!("the role is for `{}` and for others", service.text))
            .help("make a role for each")
            .also(other.span, "this is trusted too");
    }
}
