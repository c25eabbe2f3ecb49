//! `effective/deny-never-effective`.

use crate::lint::rule::rule;
use crate::lint::rules::reach;
use crate::lint::{Check, Holder, HolderKind, Project, ProjectFindings, Settings};
use crate::policy::{Effect, PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds a Deny of an identity policy that takes nothing away: nobody who has the policy is allowed any of what it denies.
    ///
    /// ## Why is this bad?
    /// What nothing allows is refused without it. The Deny is either left over, or it is misspelt and what was to be denied is
    /// allowed.
    ///
    /// ## Example
    /// ```json5
    /// // who has this is allowed `polardb:*` and nothing else
    /// {"Effect": "Deny", "Action": "rds:DeleteDBInstance", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json5
    /// {"Effect": "Deny", "Action": "polardb:DeleteDBCluster", "Resource": "*"}
    /// ```
    ///
    /// ## Limits
    /// Only policies of a world are judged, of which it is known who has them and what else they have. Conditions are not
    /// compared, and a Deny that stands guard against what may be allowed some day is found as well.
    ///
    /// ## References
    /// - RAM, [how policies are evaluated](https://www.alibabacloud.com/help/en/ram/policy-evaluation-process)
    /// - `redundancy/deny-never-effective`, on policies that stand alone
    code: "RAM884",
    name: "effective/deny-never-effective",
    severity: Note,
    kinds: &[PolicyKind::Identity],
    fix: None,
    since: "0.2.0",
    check: Check::Project(check),
}

fn check(project: &Project, _: &Settings, found: &mut ProjectFindings) {
    if !project.is_whole() {
        return;
    }
    let policies = project.policies().iter().enumerate();
    for (index, policy) in policies.filter(|(_, policy)| policy.kind == PolicyKind::Identity) {
        let holders: Vec<&Holder> = project.holders_of(index).collect();
        // Somebody may join a group that has nobody.
        let Some(first) = holders.iter().find(|holder| holder.kind != HolderKind::Group) else { continue };
        for (_, deny) in project.statements(index, Effect::Deny) {
            if holders.iter().any(|holder| is_allowed(project, holder, deny)) {
                continue;
            }
            let others = match holders.iter().filter(|holder| holder.kind != HolderKind::Group).count() {
                1 => String::new(),
                all => format!(" and {} more", all - 1),
            };
            let message = format!("this denies nothing: no policy of {first}{others} allows any of it");
            let draft = found.about(index).at(deny.effect_span(), message);
            draft.help(format!("see what was meant to be denied, or take it out of `{}`", policy.name));
        }
    }
}

/// Whether some policy allows `holder` a part of what `deny` is about, wherever it counts.
fn is_allowed(project: &Project, holder: &Holder, deny: &Statement) -> bool {
    let own = holder.attachments.iter().map(|attached| attached.policy);
    let of_resources = project.policies().iter().enumerate();
    let of_resources = of_resources.filter(|(_, policy)| policy.kind == PolicyKind::Resource);
    own.chain(of_resources.map(|(index, _)| index))
        .flat_map(|policy| project.statements(policy, Effect::Allow))
        .any(|(_, allow)| reach::meet(allow, deny))
}
