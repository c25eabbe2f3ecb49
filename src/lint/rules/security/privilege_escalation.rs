//! `security/privilege-escalation`.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::escalation::{Open, open_paths};
use super::permits::is_boundless;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Document, Effect, PolicyKind, Statement};
use crate::report::Severity;

rule! {
    /// ## What it does
    /// Finds permissions by which a caller can give itself more, and names the statements that open the way together.
    ///
    /// ## Why is this bad?
    /// A policy that lets its holder attach any policy, make a key for any user, or run code under any role is worth as
    /// much as the strongest of these, whatever it seems to allow. The parts may stand far from each other: one
    /// statement lets a role be passed, another one starts a function.
    ///
    /// ## Example
    /// ```json
    /// {"Version": "1", "Statement": [
    ///   {"Effect": "Allow", "Action": "ram:PassRole", "Resource": "*"},
    ///   {"Effect": "Allow", "Action": "fc:*", "Resource": "*"}
    /// ]}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Version": "1", "Statement": [
    ///   {"Effect": "Allow", "Action": "ram:PassRole", "Resource": "acs:ram:*:1234567890123456:role/function"},
    ///   {"Effect": "Allow", "Action": "fc:InvokeFunction", "Resource": "*"}
    /// ]}
    /// ```
    ///
    /// ## Limits
    /// A way counts as open where all it needs is allowed on names that nobody thought of (any user, any role, any
    /// policy), no Deny stands in the way, and no condition on `acs:Service` rules it out. A Deny or an Allow with another
    /// condition leaves it open, and the condition is named, unless it chooses the resources by tag or resource group.
    /// Where no more is gained than the role of an instance or a function that exists, it is a note. It is open as well where the parts are in one policy only;
    /// what several policies of a user open between them is not seen here. Statements that allow everything are the
    /// matter of `security/admin`. The ways are data, `src/lint/data/escalation.toml`, each with its source.
    ///
    /// ## References
    /// - RAM, RAM authorization: what each operation of RAM is asked about
    /// - ECS, [AttachInstanceRamRole](https://www.alibabacloud.com/help/en/ecs/developer-reference/api-ecs-2014-05-26-attachinstanceramrole), on the authorization it takes
    code: "RAM716",
    name: "security/privilege-escalation",
    severity: Warning,
    kinds: &[PolicyKind::Identity],
    fix: None,
    since: "0.2.0",
    check: Check::Document(check),
}

fn check(document: &Document, _: &Subject<'_>, found: &mut Findings) {
    // What a statement that allows everything opens is told of once, and by another rule.
    let whole = |statement: &Statement| {
        statement.effect() == Effect::Allow && statement.condition().is_empty() && is_boundless(statement)
    };
    if document.statements().iter().any(whole) {
        return;
    }
    let mut by_statements: BTreeMap<(bool, BTreeSet<usize>), Vec<Open<'_>>> = BTreeMap::new();
    for open in open_paths(document) {
        if !open.permits.iter().any(|(_, permit)| is_boundless(permit.statement)) {
            by_statements.entry((open.path.lent, open.statements())).or_default().push(open);
        }
    }
    for ((lent, _), opens) in &by_statements {
        let Some((_, first)) = opens.first().and_then(|open| open.permits.first()) else { continue };
        let names: Vec<_> = opens.iter().map(|open| open.path.name.as_str()).collect();
        let ways = match names.as_slice() {
            [name] => (*name).to_owned(),
            [first, second, third, more @ ..] if more.len() > 1 => {
                format!("{first}; {second}; {third}; and {} ways more", more.len())
            }
            names => names.join("; "),
        };
        let mut draft = found
            .at(first.action, format!("this lets its holder gain more permissions: {ways}"))
            .help("name the users, roles and policies that are meant, or deny what must never be done");
        if *lent {
            draft = draft.severity(Severity::Note);
        }
        let mut seen = vec![first.action];
        for (action, permit) in opens.iter().flat_map(|open| &open.permits) {
            if !seen.contains(&permit.action) {
                seen.push(permit.action);
                draft = draft.also(permit.action, format!("by `{action}`"));
            }
            for (span, what) in &permit.limits {
                if !seen.contains(span) {
                    seen.push(*span);
                    draft = draft.also(*span, *what);
                }
            }
        }
    }
}
