//! `resource/star`.

use super::super::reach;
use crate::catalog::{Authorization, Confidence, Operation};
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds an Allow on every resource of actions that change something and can be allowed for single ones.
    ///
    /// ## Why is this bad?
    /// A slip, or a stolen key, then reaches all of them.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "polardb:DeleteDBCluster", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "polardb:DeleteDBCluster", "Resource": "acs:polardb:*:*:dbcluster/pc-1"}
    /// ```
    ///
    /// ## Limits
    /// Actions that look only, actions whose resource the catalogue is not sure of, and `service:*`, which
    /// `action/service-wildcard` is about, are let pass.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Resource`
    code: "RAM453",
    name: "resource/star",
    severity: Note,
    kinds: &[PolicyKind::Identity],
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    if !reach::allows(statement) {
        return;
    }
    let Some(resource) = statement.resource().filter(|resource| reach::every_arn(resource)) else { return };
    let mut named = Vec::new();
    for (pattern, _) in statement.action().patterns() {
        // Whoever allows all that a service can do has been told so.
        if reach::service(pattern.as_str())
            .is_some_and(|service| pattern.covers(&reach::action(&format!("{service}:?*"))))
        {
            continue;
        }
        let sure = |operation: &&Operation| {
            operation.write()
                && operation.authorization() == Authorization::Resource
                && operation.confidence() == Confidence::High
        };
        if pattern.as_str().contains(':') && reach::service(pattern.as_str()).is_some() {
            let reached = reach::operations(subject, pattern);
            named.extend(reached.into_iter().filter(sure).map(|operation| operation.action()));
        }
    }
    if !named.is_empty() {
        let message = format!("this is every resource, and {} can be allowed for single ones", reach::some(named));
        let draft = found.at(resource.span(), message).help("name the resources that are meant");
        reach::limits(draft, statement);
    }
}
