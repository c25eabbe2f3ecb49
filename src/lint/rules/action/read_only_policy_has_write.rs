//! `action/read-only-policy-has-write`.

use super::super::reach;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Pattern, PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds an Allow of something that changes things, in a policy whose name says that it only reads.
    ///
    /// ## Why is this bad?
    /// Whoever attaches the policy goes by its name. `AliyunECSReadOnlyAccess` and its like have made the word a
    /// promise.
    ///
    /// ## Example
    /// ```text
    /// A file `ecs-readonly.json` with "Action": "ecs:*".
    /// ```
    ///
    /// Use instead:
    /// ```text
    /// A file `ecs-readonly.json` with "Action": "ecs:Describe*".
    /// ```
    ///
    /// ## Limits
    /// Of services that the catalogue does not list, the verb of the action tells.
    ///
    /// ## References
    /// - RAM, [services that work with RAM](https://www.alibabacloud.com/help/en/ram/product-overview/services-that-work-with-ram), on system policies
    code: "RAM340",
    name: "action/read-only-policy-has-write",
    severity: Warning,
    kinds: &[PolicyKind::Identity],
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

/// Verbs with which names of actions begin that change something.
const WRITES: [&str; 14] = [
    "Add", "Attach", "Create", "Delete", "Detach", "Modify", "Put", "Remove", "Reset", "Run", "Set", "Start", "Stop",
    "Update",
];

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    let name = subject.policy_name().to_ascii_lowercase().replace(['-', '_'], "");
    if !name.contains("readonly") || !reach::allows(statement) {
        return;
    }
    for (pattern, span) in statement.action().patterns() {
        let known = reach::operations(subject, pattern);
        let judged = reach::service(pattern.as_str()).is_some_and(|service| subject.actions(&service).is_some());
        let write = match known.iter().find(|operation| operation.write()) {
            Some(operation) => Some(operation.action().to_owned()),
            None if judged => None,
            None => WRITES.iter().find_map(|verb| begins(pattern, verb)),
        };
        if let Some(write) = write {
            let message = format!("`{}` allows `{write}`, and the policy says that it only reads", pattern.as_str());
            let draft =
                found.at(span, message).help("allow what looks and lists only, or give the policy another name");
            reach::limits(draft, statement);
        }
    }
}

/// An action that the pattern matches and whose name begins with the verb, or nearly so.
fn begins(pattern: &Pattern, verb: &str) -> Option<String> {
    let text = pattern.as_str();
    let (_, name) = text.split_once(':').unwrap_or((text, text));
    // A pattern whose name begins with another word means that one.
    let shared = name.split(['*', '?']).next().unwrap_or_default();
    let fits = shared.len() <= verb.len() && verb.get(..shared.len()).is_some_and(|v| v.eq_ignore_ascii_case(shared));
    let whole = name.get(..verb.len()).is_some_and(|v| v.eq_ignore_ascii_case(verb));
    if whole && !pattern.is_wild() {
        return Some(text.to_owned());
    }
    let service = reach::service(text).unwrap_or_else(|| "ecs".to_owned());
    let sought = reach::action(&format!("{service}:{verb}?*"));
    (fits || whole).then(|| pattern.meets(&sought)).flatten().map(|_| sought.as_str().replace("?*", "…"))
}
