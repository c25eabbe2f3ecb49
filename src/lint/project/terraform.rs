//! Configurations and plans of Terraform as projects.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Attached, Holder, HolderKind, Policy, Project};
use crate::documents::{AttachedTo, Embedded, Holdings};
use crate::identity::Scope;
use crate::policy::{Dialect, Document, PolicyKind};

impl Project {
    /// Policies of a configuration or a plan of Terraform, and who has them as far as its resources say so: others may be
    /// attached elsewhere. Documents that cannot be read are left out.
    #[must_use]
    pub fn of_terraform(documents: Vec<Embedded>, holdings: &Holdings, dialect: &Dialect) -> Self {
        let mut project = Self::default();
        let mut indices: BTreeMap<String, usize> = BTreeMap::new();
        for embedded in documents {
            let kind = embedded.kind().unwrap_or(PolicyKind::Identity);
            let Ok(document) = Document::parse(embedded.text(), kind, dialect) else { continue };
            let name = embedded.name().to_owned();
            indices.insert(name.clone(), project.policies.len());
            let (document, embedded) = (Arc::new(document), Some(embedded));
            project.policies.push(Policy { name, kind, document, attached: true, embedded });
        }
        let mut holders: BTreeMap<(AttachedTo, &str), Vec<Attached>> = BTreeMap::new();
        for role in holdings.trusts.keys() {
            holders.insert((AttachedTo::Role, role), Vec::new());
        }
        for attachment in &holdings.attachments {
            let Some(policy) = indices.get(&attachment.policy) else { continue };
            let scope = match &attachment.resource_group {
                Some(group) => Scope::ResourceGroup(group.clone()),
                None => Scope::Account,
            };
            let attached = Attached { policy: *policy, scope, through: attachment.through.clone() };
            holders.entry((attachment.to, &attachment.holder)).or_default().push(attached);
        }
        for ((to, name), attachments) in holders {
            let kind = match to {
                AttachedTo::User => HolderKind::User,
                AttachedTo::Group => HolderKind::Group,
                AttachedTo::Role => HolderKind::Role,
            };
            let trust = holdings.trusts.get(name).and_then(|document| indices.get(document).copied());
            let name = name.to_owned();
            project.holders.push(Holder { kind, name, account: None, trust, attachments, controls: Vec::new() });
        }
        project
    }
}
