//! `resource/type-unknown`.

use std::collections::BTreeSet;

use super::super::reach;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::Statement;

rule! {
    /// ## What it does
    /// Finds ARNs that no resource of the service can have, going by its templates in the catalogue.
    ///
    /// ## Why is this bad?
    /// The type is misspelt, or the id stands without it. The statement applies to nothing.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "Action": "polardb:*", "Resource": "acs:polardb:*:*:cluster/pc-1"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Deny", "Action": "polardb:*", "Resource": "acs:polardb:*:*:dbcluster/pc-1"}
    /// ```
    ///
    /// ## Limits
    /// Only services that the catalogue lists are judged; with a catalogue that is pinned, a finding is an error.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Resource`
    code: "RAM450",
    name: "resource/type-unknown",
    severity: Warning,
    kinds: reach::WITH_RESOURCE,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    for (pattern, span, [_, service, ..]) in reach::arns(statement) {
        let templates = reach::names(subject, service);
        if templates.is_empty() || templates.iter().any(|template| pattern.reaches(template)) {
            continue;
        }
        let known: BTreeSet<_> = templates.iter().map(|template| template.as_str()).collect();
        let message = format!("no resource of `{service}` has a name that `{}` matches", pattern.as_str());
        let draft = found.at(span, message).severity(subject.unknown());
        if let Some(template) = known.first() {
            draft.help(format!("the names are as in `{template}`"));
        }
    }
}
