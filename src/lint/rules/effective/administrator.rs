//! What makes somebody an administrator: the policies of a user or role taken together.

use crate::lint::rules::reach::every_resource;
use crate::lint::rules::security::admin;
use crate::lint::{Holder, Project};
use crate::policy::{Effect, Statement};

/// The statements that together allow `holder` everything in the account, each with the index of its policy; nothing where a
/// Deny keeps it from giving itself more.
pub(in crate::lint::rules) fn made_by<'p>(project: &'p Project, holder: &'p Holder) -> Vec<(usize, &'p Statement)> {
    let allows: Vec<(usize, &Statement)> =
        project.of_account(holder, Effect::Allow).filter(|(_, statement)| every_resource(statement)).collect();
    let fenced =
        project.of_account(holder, Effect::Deny).any(|(_, deny)| deny.action().matches("ram:AttachPolicyToRole"));
    let statements: Vec<&Statement> = allows.iter().map(|(_, statement)| *statement).collect();
    let Some((together, _)) = admin::whole(&statements).filter(|_| !fenced) else { return Vec::new() };
    let of_them = |(_, statement): &(usize, &Statement)| together.iter().any(|one| std::ptr::eq(*one, *statement));
    allows.into_iter().filter(of_them).collect()
}
