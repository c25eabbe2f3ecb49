//! `effective/principal-is-admin`.

use std::collections::BTreeSet;

use super::administrator;
use crate::lint::rule::rule;
use crate::lint::rules::reach;
use crate::lint::{Check, Project, ProjectFindings, Settings};
use crate::policy::PolicyKind;

rule! {
    /// ## What it does
    /// Finds users, groups and roles that several policies together make administrators, though none of the policies does so by
    /// itself.
    ///
    /// ## Why is this bad?
    /// Each of the policies looks harmless, and is read and changed by itself. Together they allow every action on every
    /// resource, RAM's own among them.
    ///
    /// ## Example
    /// ```toml
    /// # world.toml: `compute` allows `ecs:*`, and `others` allows all but `ecs:*`
    /// [accounts.1234567890123456.roles.ops]
    /// attachments = [{ policy = "compute" }, { policy = "others" }]
    /// ```
    ///
    /// Use instead:
    /// ```toml
    /// [accounts.1234567890123456.roles.ops]
    /// attachments = [{ policy = "compute" }]
    /// ```
    ///
    /// ## Limits
    /// Only policies for the whole account count. Whoever is denied `ram:AttachPolicyToRole` is let pass.
    ///
    /// ## References
    /// - `security/admin`, on single policies
    code: "RAM880",
    name: "effective/principal-is-admin",
    severity: Warning,
    kinds: &[PolicyKind::Identity],
    fix: None,
    since: "0.2.0",
    check: Check::Project(check),
}

fn check(project: &Project, _: &Settings, found: &mut ProjectFindings) {
    // What a group has its users have too: the first of them is named.
    let mut told: BTreeSet<BTreeSet<usize>> = BTreeSet::new();
    for holder in project.holders() {
        let statements = administrator::made_by(project, holder);
        let policies: BTreeSet<usize> = statements.iter().map(|(policy, _)| *policy).collect();
        let Some((first, statement)) = statements.first().filter(|_| policies.len() > 1) else { continue };
        if !told.insert(policies) {
            continue;
        }
        let others: Vec<String> =
            statements.iter().skip(1).map(|(policy, other)| project.place(*policy, other)).collect();
        let message =
            format!("{holder} has this together with {}: every action on every resource", others.join(" and "));
        let draft = found.about(*first).at(statement.effect_span(), message);
        let draft = draft.help("take one of the policies away, or allow less in it");
        reach::limits(draft, statement);
    }
}
