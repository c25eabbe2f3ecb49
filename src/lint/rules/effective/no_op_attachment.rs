//! `effective/no-op-attachment`.

use std::collections::BTreeSet;

use crate::identity::Scope;
use crate::lint::rule::rule;
use crate::lint::{Attached, Check, Holder, Project, ProjectFindings, Settings};
use crate::policy::PolicyKind;

rule! {
    /// ## What it does
    /// Finds policies that somebody has twice: attached in two places, to a user and to a group of the user, or for a resource
    /// group and for the whole account.
    ///
    /// ## Why is this bad?
    /// One of the two attachments changes nothing, and takes room in quotas. Whoever takes one away to withdraw the
    /// permissions withdraws nothing.
    ///
    /// ## Example
    /// ```toml
    /// # world.toml
    /// [accounts.1234567890123456.users.alice]
    /// id = "2234567890123456"
    /// groups = ["operators"]
    /// attachments = [{ policy = "operate" }]
    ///
    /// [accounts.1234567890123456.groups.operators]
    /// attachments = [{ policy = "operate" }]
    /// ```
    ///
    /// Use instead:
    /// ```toml
    /// [accounts.1234567890123456.users.alice]
    /// id = "2234567890123456"
    /// groups = ["operators"]
    ///
    /// [accounts.1234567890123456.groups.operators]
    /// attachments = [{ policy = "operate" }]
    /// ```
    ///
    /// ## References
    /// - RAM, [how policies are evaluated](https://www.alibabacloud.com/help/en/ram/policy-evaluation-process)
    code: "RAM882",
    name: "effective/no-op-attachment",
    severity: Note,
    kinds: &[PolicyKind::Identity],
    fix: None,
    since: "0.2.0",
    check: Check::Project(check),
}

fn check(project: &Project, _: &Settings, found: &mut ProjectFindings) {
    let mut told: BTreeSet<usize> = BTreeSet::new();
    for holder in project.holders() {
        let attachments = holder.attachments.iter().enumerate();
        for (index, this) in attachments {
            let others = holder.attachments.iter().enumerate().filter(|(other, _)| *other != index);
            let Some(by) = others.map(|(_, other)| other).find(|other| makes_idle(other, this)) else { continue };
            // Two that are alike make each other idle.
            if !told.insert(this.policy) {
                continue;
            }
            let Some(policy) = project.policy(this.policy) else { continue };
            let (one, other) = (described(holder, this), described(holder, by));
            let message = if one == other {
                format!("{holder} is given this twice, {one}: one of the two changes nothing")
            } else {
                format!("{holder} has this {one}, and {other}: one of the two changes nothing")
            };
            let Some(first) = policy.document.statements().first() else { continue };
            found.about(this.policy).at(first.effect_span(), message).help("take one of the attachments away");
        }
    }
}

/// Whether `this` changes nothing beside `other`.
fn makes_idle(other: &Attached, this: &Attached) -> bool {
    other.policy == this.policy && (other.scope == this.scope || other.scope == Scope::Account)
}

fn described(holder: &Holder, attached: &Attached) -> String {
    let scope = match &attached.scope {
        Scope::Account => "for the whole account".to_owned(),
        Scope::ResourceGroup(group) => format!("for the resource group `{group}`"),
    };
    match &attached.through {
        Some(group) if holder.name != *group => format!("through group `{group}` {scope}"),
        _ => format!("directly {scope}"),
    }
}
