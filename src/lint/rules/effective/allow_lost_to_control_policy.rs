//! `effective/allow-lost-to-control-policy`.

use crate::lint::rule::rule;
use crate::lint::rules::{inclusion, reach};
use crate::lint::{Check, Holder, Project, ProjectFindings, Settings};
use crate::policy::{Effect, PolicyKind, Statement};

rule! {
    /// ## What it does
    /// Finds an Allow of which nothing is left for anybody who has it, because of the control policies above their accounts.
    ///
    /// ## Why is this bad?
    /// Every node of the resource directory, from the account to the root, has to allow a call, and none may deny it. The
    /// policy reads as a permission and is none; whoever looks for the reason looks in the wrong file.
    ///
    /// ## Example
    /// ```toml
    /// # world.toml: `operate` allows `ecs:*`, and the control policy `databases` allows `polardb:*` only
    /// [accounts.1234567890123456]
    /// node = "fd-data"
    ///
    /// [accounts.1234567890123456.roles.ops]
    /// attachments = [{ policy = "operate" }]
    ///
    /// [directory.fd-data]
    /// attachments = ["databases"]
    /// ```
    ///
    /// Use instead:
    /// ```toml
    /// [directory.fd-data]
    /// attachments = ["databases", "compute"]
    /// ```
    ///
    /// ## Limits
    /// A part that is left is let pass, and conditions are compared as they are written. Management accounts and service-linked
    /// roles are held to no control policy.
    ///
    /// ## References
    /// - Resource Management, [control policies](https://www.alibabacloud.com/help/en/resource-management/resource-directory/user-guide/languages-of-access-control-policies)
    code: "RAM885",
    name: "effective/allow-lost-to-control-policy",
    severity: Warning,
    kinds: &[PolicyKind::Identity],
    fix: None,
    since: "0.2.0",
    check: Check::Project(check),
}

fn check(project: &Project, _: &Settings, found: &mut ProjectFindings) {
    let policies = project.policies().iter().enumerate();
    for (index, _) in policies.filter(|(_, policy)| policy.kind == PolicyKind::Identity) {
        let holders: Vec<&Holder> = project.holders_of(index).collect();
        let Some(first) = holders.first() else { continue };
        for (_, allow) in project.statements(index, Effect::Allow) {
            let lost: Option<Vec<String>> = holders.iter().map(|holder| reason(project, holder, allow)).collect();
            let Some(reason) = lost.and_then(|reasons| reasons.into_iter().next()) else { continue };
            let message = format!("this allows {first} nothing: {reason}");
            let draft = found.about(index).at(allow.effect_span(), message);
            draft.help("widen the control policies, or take the Allow away");
        }
    }
}

/// Why nothing of `allow` is left for `holder`; `None` where something may be.
fn reason(project: &Project, holder: &Holder, allow: &Statement) -> Option<String> {
    holder.controls.iter().find_map(|node| {
        let of = |effect| node.iter().flat_map(move |policy| project.statements(*policy, effect));
        if let Some((policy, deny)) = of(Effect::Deny).find(|(_, deny)| inclusion::covers(deny, allow)) {
            return Some(format!("the control policy {} denies all of it", project.place(policy, deny)));
        }
        if of(Effect::Allow).any(|(_, control)| reach::meet(control, allow)) {
            return None;
        }
        let names: Vec<&str> = node.iter().filter_map(|policy| Some(project.policy(*policy)?.name.as_str())).collect();
        Some(format!("of its control policies {} none allows any of it", reach::some(names)))
    })
}
