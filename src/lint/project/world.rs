//! A world as a project.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Attached, Holder, HolderKind, Policy, Project};
use crate::identity::{Account, Attachment, World};
use crate::policy::PolicyKind;

/// Where the policies of a world are in its project, by kind and name.
type Indices<'w> = HashMap<(PolicyKind, &'w str), usize>;

/// The control policies of the nodes from an account to the root; none where it is not held to any (spec
/// ram-policy-language 7.3).
fn controls(world: &World, account: &Account, indices: &Indices<'_>) -> Vec<Vec<usize>> {
    let mut nodes = Vec::new();
    let mut next = account.node.as_ref().filter(|_| !account.management);
    while let Some(node) = next.and_then(|id| world.directory.get(id)) {
        let named = node.attachments.iter().filter_map(|name| indices.get(&(PolicyKind::Control, name.as_str())));
        nodes.push(named.copied().collect());
        next = node.parent.as_ref().filter(|_| nodes.len() <= world.directory.len());
    }
    nodes
}

impl Project {
    /// The policies of a world, and who has them.
    #[must_use]
    pub fn of_world(world: &World) -> Self {
        let mut project = Self { whole: true, ..Self::default() };
        let mut indices = Indices::new();
        for source in world.policies.iter() {
            indices.insert((source.document.kind(), &source.name), project.policies.len());
            project.policies.push(Policy {
                name: source.name.clone(),
                kind: source.document.kind(),
                document: Arc::clone(&source.document),
                attached: false,
                embedded: None,
            });
        }
        for (id, account) in &world.accounts {
            project.account(id, account, &indices, &controls(world, account, &indices));
        }
        let control = world.directory.values().flat_map(|node| &node.attachments);
        let named = control.map(|name| (PolicyKind::Control, name.as_str()));
        let sessions = world.accounts.values().flat_map(|account| &account.sessions);
        let named = named.chain(sessions.filter_map(|session| Some((PolicyKind::Session, session.policy.as_deref()?))));
        let named = named.chain(world.resource_policies.iter().map(|name| (PolicyKind::Resource, name.as_str())));
        let named: Vec<usize> = named.filter_map(|named| indices.get(&named).copied()).collect();
        let had = project
            .holders
            .iter()
            .flat_map(|holder| holder.attachments.iter().map(|attached| attached.policy).chain(holder.trust));
        for index in had.chain(named).collect::<Vec<_>>() {
            if let Some(policy) = project.policies.get_mut(index) {
                policy.attached = true;
            }
        }
        project
    }

    fn account(&mut self, id: &str, account: &Account, indices: &Indices<'_>, controls: &[Vec<usize>]) {
        let all = |attachments: &[Attachment], through: Option<&String>| -> Vec<Attached> {
            let attached = |attachment: &Attachment| {
                let policy = *indices.get(&(PolicyKind::Identity, attachment.policy.as_str()))?;
                Some(Attached { policy, scope: attachment.scope.clone(), through: through.cloned() })
            };
            attachments.iter().filter_map(attached).collect()
        };
        let mut holder = |kind, name: &str, trust, attachments, controls: &[Vec<usize>]| {
            let (name, account, controls) = (name.to_owned(), Some(id.to_owned()), controls.to_owned());
            self.holders.push(Holder { kind, name, account, trust, attachments, controls });
        };
        for (name, user) in &account.users {
            let mut attachments = all(&user.attachments, None);
            for group in &user.groups {
                let inherited = account.groups.get(group).map_or(&[][..], |group| &group.attachments);
                attachments.extend(all(inherited, Some(group)));
            }
            holder(HolderKind::User, name, None, attachments, controls);
        }
        for (name, group) in &account.groups {
            holder(HolderKind::Group, name, None, all(&group.attachments, None), controls);
        }
        for (name, role) in &account.roles {
            let trust =
                role.trust.as_ref().and_then(|trust| indices.get(&(PolicyKind::Trust, trust.as_str())).copied());
            let controls = if role.service_linked { &[] } else { controls };
            holder(HolderKind::Role, name, trust, all(&role.attachments, None), controls);
        }
    }
}
