//! `trust/compute-assumable-with-admin`.

use super::super::effective::administrator;
use super::super::services;
use crate::lint::rule::rule;
use crate::lint::{Check, HolderKind, Project, ProjectFindings, Settings};
use crate::policy::{Effect, PolicyKind, PrincipalClause};

rule! {
    /// ## What it does
    /// Finds roles that a service takes on for the programs it runs, and whose policies make an administrator.
    ///
    /// ## Why is this bad?
    /// Whoever gets a program onto such an instance, function or cluster, or only a request from within it, has the whole
    /// account: the credential of the role lies ready there for every program.
    ///
    /// ## Example
    /// ```toml
    /// # world.toml: `trust-ecs` trusts ecs.aliyuncs.com, and `everything` allows `*` on `*`
    /// [accounts.1234567890123456.roles.web]
    /// trust = "trust-ecs"
    /// attachments = [{ policy = "everything" }]
    /// ```
    ///
    /// Use instead:
    /// ```toml
    /// [accounts.1234567890123456.roles.web]
    /// trust = "trust-ecs"
    /// attachments = [{ policy = "read-uploads" }]
    /// ```
    ///
    /// ## Limits
    /// Policies that are not among the files, such as Alibaba Cloud's own, are not known. Where a Deny is about attaching
    /// policies, nothing is said.
    ///
    /// ## References
    /// - ECS, [AttachInstanceRamRole](https://www.alibabacloud.com/help/en/ecs/developer-reference/api-ecs-2014-05-26-attachinstanceramrole)
    /// - `security/admin`, on what makes an administrator
    code: "RAM774",
    name: "trust/compute-assumable-with-admin",
    severity: Warning,
    kinds: &[PolicyKind::Trust],
    fix: None,
    since: "0.2.0",
    check: Check::Project(check),
}

fn check(project: &Project, _: &Settings, found: &mut ProjectFindings) {
    for role in project.holders().iter().filter(|holder| holder.kind == HolderKind::Role) {
        let Some(trust) = role.trust else { continue };
        let made = administrator::made_by(project, role);
        let Some((policy, statement)) = made.first() else { continue };
        for (_, trusts) in project.statements(trust, Effect::Allow) {
            let Some(PrincipalClause::Trust { service, .. }) = trusts.principal() else { continue };
            for written in service.iter().filter(|written| services::is_compute(&written.text)) {
                let message = format!(
                    "programs that `{}` runs may have {role}, which {} makes an administrator",
                    written.text,
                    project.place(*policy, statement),
                );
                let draft = found.about(trust).at(written.span, message);
                draft.help("give the role what its programs need, and nothing of RAM");
            }
        }
    }
}
