//! `effective/denied-too-late`.

use std::collections::BTreeSet;

use super::super::reach;
use crate::identity::Scope;
use crate::lint::rule::rule;
use crate::lint::{Check, Holder, Project, ProjectFindings, Settings};
use crate::policy::{Effect, PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds a Deny that counts for a resource group only, of somebody whom a policy for the whole account allows what it
    /// denies.
    ///
    /// ## Why is this bad?
    /// RAM asks the policies of the account first, and an Allow of theirs ends the question: the policies of the resource
    /// group are not asked any more, and the Deny never counts. In other clouds every Deny is heard.
    ///
    /// ## Example
    /// ```toml
    /// # world.toml: `operate` allows `polardb:*`, and `guard` denies `polardb:DeleteDBCluster`
    /// [accounts.1234567890123456.users.alice]
    /// id = "2234567890123456"
    /// attachments = [{ policy = "operate" }, { policy = "guard", scope = "rg-production" }]
    /// ```
    ///
    /// Use instead:
    /// ```toml
    /// [accounts.1234567890123456.users.alice]
    /// id = "2234567890123456"
    /// attachments = [{ policy = "operate" }, { policy = "guard" }]
    /// ```
    ///
    /// ## Limits
    /// Conditions of the two statements are not compared: where both cannot hold at once, the Deny is heard.
    ///
    /// ## References
    /// - RAM, [how policies are evaluated](https://www.alibabacloud.com/help/en/ram/policy-evaluation-process)
    code: "RAM881",
    name: "effective/denied-too-late",
    severity: Warning,
    kinds: &[PolicyKind::Identity],
    fix: None,
    since: "0.2.0",
    check: Check::Project(check),
}

fn check(project: &Project, _: &Settings, found: &mut ProjectFindings) {
    // Of a Deny that several have the first is named.
    let mut told: BTreeSet<(usize, usize)> = BTreeSet::new();
    for holder in project.holders() {
        for attached in &holder.attachments {
            let Scope::ResourceGroup(group) = &attached.scope else { continue };
            for (policy, deny) in project.statements(attached.policy, Effect::Deny) {
                if is_of_account_too(project, holder, policy, deny) {
                    continue;
                }
                let allow = project.of_account(holder, Effect::Allow).find(|(_, allow)| reach::meet(allow, deny));
                let Some((by, allow)) = allow else { continue };
                if !told.insert((policy, deny.index())) {
                    continue;
                }
                let message = format!(
                    "{holder} has this for the resource group `{group}`, where it is not asked about what {} allows in the \
                     whole account",
                    project.place(by, allow),
                );
                let draft = found.about(policy).at(deny.effect_span(), message);
                let draft = draft.help(
                    "attach the policy for the whole account too, with a condition on `acs:ResourceGroupId` where only the \
                     group is meant, or allow less there",
                );
                reach::limits(draft, deny);
            }
        }
    }
}

/// Whether the Deny counts in the whole account as well.
fn is_of_account_too(project: &Project, holder: &Holder, policy: usize, deny: &Statement) -> bool {
    project
        .of_account(holder, Effect::Deny)
        .any(|(other, statement)| other == policy && statement.index() == deny.index())
}
