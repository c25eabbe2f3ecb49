//! `security/admin`.

use super::escalation::open_paths;
use crate::lint::rule::rule;
use crate::lint::rules::reach::{every_action, every_resource};
use crate::lint::{Check, Findings, Subject};
use crate::policy::{COVERAGE_WORK, Case, Coverage, Document, Effect, Pattern, PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds policies that make an administrator: every action on every resource, however it is written.
    ///
    /// ## Why is this bad?
    /// Whoever holds the policy can do all there is to do in the account, and give that to others. Written as `*` on
    /// `*` it is seen at once; as `acs:*:*:*:*`, in two statements that make up the whole between them, or as a
    /// `NotAction` that leaves RAM in, it is not.
    ///
    /// ## Example
    /// ```json
    /// {"Version": "1", "Statement": [
    ///   {"Effect": "Allow", "Action": "ecs:*", "Resource": "*"},
    ///   {"Effect": "Allow", "NotAction": "ecs:*", "Resource": "acs:*:*:*:*"}
    /// ]}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": ["ecs:*", "vpc:Describe*"], "Resource": "*"}
    /// ```
    ///
    /// ## Limits
    /// A policy whose denials leave no way to more permissions, as where RAM is denied as a whole or everything but
    /// reading is, makes no administrator. What limits the statements is named: conditions do not make the policy
    /// harmless, they say when it is not. Control and session policies only narrow what others allow.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements)
    /// - `security/privilege-escalation`, on permissions that come to the same
    code: "RAM710",
    name: "security/admin",
    severity: Warning,
    kinds: &[PolicyKind::Identity],
    fix: None,
    since: "0.2.0",
    check: Check::Document(check),
}

fn check(document: &Document, _: &Subject<'_>, found: &mut Findings) {
    let allows: Vec<&Statement> = document
        .statements()
        .iter()
        .filter(|statement| statement.effect() == Effect::Allow && every_resource(statement))
        .collect();
    let Some((mut together, all_but)) = whole(&allows) else { return };
    together.sort_by_key(|statement| statement.index());
    if open_paths(document).next().is_none() {
        return;
    }
    let Some((first, others)) = together.split_first() else { return };
    let message = match all_but.as_slice() {
        [] if others.is_empty() => "this allows every action on every resource".to_owned(),
        [] => "these statements together allow every action on every resource".to_owned(),
        but => format!("this allows every action on every resource but {}, those of RAM included", but.join(", ")),
    };
    let mut draft = found
        .at(first.action().span(), message)
        .help("allow what is needed; where an administrator is meant, say so in the suppressions");
    for other in others {
        draft = draft.also(other.action().span(), "and this the rest");
    }
    for test in together.iter().flat_map(|statement| statement.condition()) {
        draft = draft.also(test.span(), "only where this holds");
    }
}

/// The statements that make up everything, and what is left out of it if that is not RAM's.
pub(in crate::lint::rules) fn whole<'d>(allows: &[&'d Statement]) -> Option<(Vec<&'d Statement>, Vec<String>)> {
    // Without a condition, if there is such a one.
    let by_conditions = |statement: &&&'d Statement| statement.condition().len();
    if let Some(one) = allows.iter().filter(|statement| every_action(statement)).min_by_key(by_conditions) {
        return Some((vec![*one], Vec::new()));
    }
    let patterns = |statement: &'d Statement| statement.action().patterns().map(|(pattern, _)| pattern);
    let named: Vec<&'d Statement> =
        allows.iter().copied().filter(|statement| !statement.action().is_negated()).collect();
    let union: Vec<&Pattern> = named.iter().flat_map(|statement| patterns(statement)).collect();
    let all = Pattern::new("*:*", Case::Ignore);
    if all.covered_by(union.iter().copied(), COVERAGE_WORK) == Coverage::Covered {
        return Some((named, Vec::new()));
    }
    let but = allows.iter().copied().filter(|statement| statement.action().is_negated());
    let ram = Pattern::new("ram:*", Case::Ignore);
    let left_out = |statement: &'d Statement| -> Vec<&'d Pattern> {
        let covered =
            |pattern: &&Pattern| pattern.covered_by(union.iter().copied(), COVERAGE_WORK) == Coverage::Covered;
        patterns(statement).filter(|pattern| !covered(pattern)).collect()
    };
    let mut best: Option<(Vec<&'d Statement>, Vec<String>)> = None;
    for statement in but {
        let left = left_out(statement);
        if left.is_empty() {
            let meets =
                |other: &&'d Statement| patterns(other).any(|a| patterns(statement).any(|b| a.meets(b).is_some()));
            let others = named.iter().copied().filter(|other| meets(other));
            return Some(([statement].into_iter().chain(others).collect(), Vec::new()));
        }
        if left.iter().all(|pattern| pattern.meets(&ram).is_none()) {
            best = Some((vec![statement], left.iter().map(|pattern| format!("`{}`", pattern.as_str())).collect()));
        }
    }
    best
}
