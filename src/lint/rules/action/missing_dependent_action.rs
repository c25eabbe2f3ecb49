//! `action/missing-dependent-action`.

use super::super::reach;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Document, Effect, PolicyKind};

rule! {
    /// ## What it does
    /// Finds an Allow of an action that asks for another one, where the document does not allow that one.
    ///
    /// ## Why is this bad?
    /// The service does the second thing on the caller's behalf, and refuses the call where the caller may not.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "polardb:CreateServiceLinkedRole", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": ["polardb:CreateServiceLinkedRole", "ram:CreateServiceLinkedRole"], "Resource": "*"}
    /// ```
    ///
    /// ## Limits
    /// Only actions that are written out are judged, of services that the catalogue lists. Another policy of the same
    /// user or role may allow what is missing, which is why this is a note.
    ///
    /// ## References
    /// - PolarDB, [RAM authorization](https://www.alibabacloud.com/help/en/polardb/developer-reference/api-polardb-2017-08-01-ram), on associated operations
    code: "RAM339",
    name: "action/missing-dependent-action",
    severity: Note,
    kinds: &[PolicyKind::Identity],
    fix: None,
    since: "0.2.0",
    check: Check::Document(check),
}

fn check(document: &Document, subject: &Subject<'_>, found: &mut Findings) {
    let allows = |action: &str| {
        document.statements().iter().any(|other| other.effect() == Effect::Allow && other.action().matches(action))
    };
    for statement in document.statements().iter().filter(|statement| reach::allows(statement)) {
        for (pattern, span) in statement.action().patterns().filter(|(pattern, _)| !pattern.is_wild()) {
            let needed: Vec<_> =
                reach::operations(subject, pattern).iter().flat_map(|o| o.dependent_actions()).collect();
            let missing: Vec<_> = needed.into_iter().map(String::as_str).filter(|action| !allows(action)).collect();
            if !missing.is_empty() {
                let message = format!("`{}` asks for {} too", pattern.as_str(), reach::some(missing));
                found.at(span, message).help("allow that as well, unless another policy does");
            }
        }
    }
}
