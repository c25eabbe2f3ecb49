//! A world as a project.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Attached, Holder, HolderKind, Policy, Project};
use crate::identity::{Account, Attachment, World};
use crate::policy::PolicyKind;

impl Project {
    /// The policies of a world, and who has them.
    #[must_use]
    pub fn of_world(world: &World) -> Self {
        let mut project = Self::default();
        let mut indices: HashMap<(PolicyKind, &str), usize> = HashMap::new();
        for source in world.policies.iter() {
            indices.insert((source.document.kind(), &source.name), project.policies.len());
            project.policies.push(Policy {
                name: source.name.clone(),
                kind: source.document.kind(),
                document: Arc::clone(&source.document),
                attached: false,
            });
        }
        for (id, account) in &world.accounts {
            project.account(id, account, &indices);
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

    fn account(&mut self, id: &str, account: &Account, indices: &HashMap<(PolicyKind, &str), usize>) {
        let all = |attachments: &[Attachment], through: Option<&String>| -> Vec<Attached> {
            let attached = |attachment: &Attachment| {
                let policy = *indices.get(&(PolicyKind::Identity, attachment.policy.as_str()))?;
                Some(Attached { policy, scope: attachment.scope.clone(), through: through.cloned() })
            };
            attachments.iter().filter_map(attached).collect()
        };
        let mut holder = |kind, name: &str, trust, attachments| {
            let (name, account) = (name.to_owned(), Some(id.to_owned()));
            self.holders.push(Holder { kind, name, account, trust, attachments });
        };
        for (name, user) in &account.users {
            let mut attachments = all(&user.attachments, None);
            for group in &user.groups {
                let inherited = account.groups.get(group).map_or(&[][..], |group| &group.attachments);
                attachments.extend(all(inherited, Some(group)));
            }
            holder(HolderKind::User, name, None, attachments);
        }
        for (name, group) in &account.groups {
            holder(HolderKind::Group, name, None, all(&group.attachments, None));
        }
        for (name, role) in &account.roles {
            let trust =
                role.trust.as_ref().and_then(|trust| indices.get(&(PolicyKind::Trust, trust.as_str())).copied());
            holder(HolderKind::Role, name, trust, all(&role.attachments, None));
        }
    }
}
