//! Which roles may assume which others.

use crate::lint::{Holder, HolderKind, Project};
use crate::policy::{Effect, PrincipalClause, RamPrincipal, Statement};

/// The statement of the trust policy of `role` by which `by` may assume it, where the policies of `by` allow that too. Whatever
/// hangs on a condition is left out.
pub(super) fn assumes<'p>(project: &'p Project, by: &Holder, role: &Holder) -> Option<(usize, &'p Statement)> {
    let arn = role.arn()?;
    let is_by = |principal: &RamPrincipal| match principal {
        RamPrincipal::Role { account, name } => by.account.as_deref() == Some(account) && *by.name == **name,
        _ => false,
    };
    let trusted = project.statements(role.trust?, Effect::Allow).find(|(_, statement)| {
        let clause = statement.principal().filter(|_| statement.condition().is_empty());
        matches!(clause, Some(PrincipalClause::Trust { ram, .. }) if ram.iter().any(is_by))
    })?;
    let about = |statement: &Statement| {
        statement.action().matches("sts:AssumeRole")
            && statement.resource().is_some_and(|resource| resource.matches(&arn))
    };
    let allowed = project.of_account(by, Effect::Allow).any(|(_, allow)| allow.condition().is_empty() && about(allow));
    let denied = project.of_account(by, Effect::Deny).any(|(_, deny)| about(deny));
    (allowed && !denied).then_some(trusted)
}

/// The roles of a project.
pub(super) fn roles(project: &Project) -> Vec<&Holder> {
    project.holders().iter().filter(|holder| holder.kind == HolderKind::Role).collect()
}
