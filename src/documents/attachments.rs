//! Who has which policies, as resources of Terraform say it.

mod configuration;
mod plan;

use std::collections::{BTreeMap, BTreeSet};

use super::Format;
use crate::json::SourceText;

/// Who has which policies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Which policies are attached to what.
    pub attachments: Vec<Attachment>,
    /// Of roles, by the resources that declare them, the documents of their trust policies.
    pub trusts: BTreeMap<String, String>,
}

/// That somebody has a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// What has it.
    pub to: AttachedTo,
    /// The resource that declares it, as in `alicloud_ram_user.alice`; otherwise its name, or the expression that only
    /// Terraform evaluates.
    pub holder: String,
    /// The document of the policy, by the name that [`Embedded::name`](super::Embedded::name) gives it.
    pub policy: String,
    /// The resource group that it counts for; none for the whole account.
    pub resource_group: Option<String>,
    /// The group that a user has it through.
    pub through: Option<String>,
}

/// What a policy is attached to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AttachedTo {
    /// A RAM user.
    User,
    /// A group of users.
    Group,
    /// A RAM role.
    Role,
}

impl Holdings {
    /// Whether a text may say who has a policy.
    #[must_use]
    pub fn may_be_in(text: &str) -> bool {
        text.contains("_policy_attachment\"")
    }

    /// What the files of one configuration of Terraform say, which are those of one folder, or one plan.
    ///
    /// What a configuration attaches once for each element of a list, or only where something holds, is left out, and so
    /// are policies that are no resource of the files. Files that declare a resource twice are no configuration, and say
    /// nothing.
    #[must_use]
    pub fn of(files: &[SourceText]) -> Self {
        let declared = files.iter().flat_map(|file| match Format::of_name(file.name()) {
            Some(Format::Terraform) => configuration::declared(file),
            _ => plan::declared(file),
        });
        let module = Module { declared: declared.collect() };
        // Terraform takes no resource twice: such files are not one configuration, whatever folder they are in.
        let addresses: BTreeSet<&str> = module.declared.iter().map(|resource| resource.address.as_str()).collect();
        if addresses.len() < module.declared.len() {
            return Self::default();
        }
        let roles = module.declared.iter().filter(|resource| resource.kind == "alicloud_ram_role");
        let trusts = roles.map(|role| (role.address.clone(), role.document.clone())).collect();
        Self { attachments: module.attachments(), trusts }
    }
}

/// A resource that is attached or attaches, with those of its attributes that say what.
#[derive(Debug, Clone)]
struct Declared {
    kind: String,
    address: String,
    /// The document that it carries, if it is a policy or a role.
    document: String,
    attributes: BTreeMap<&'static str, Vec<Reference>>,
    /// Whether there are several of it, or perhaps none.
    repeated: bool,
}

/// What an attribute names.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Reference {
    /// A text.
    Name(String),
    /// A resource, by its address.
    Resource(String),
    /// Something that only Terraform evaluates, as it is written.
    Expression(String),
}

/// The attributes that are of interest here.
const ATTRIBUTES: [&str; 10] = [
    "group_name",
    "name",
    "policy_name",
    "policy_type",
    "principal_name",
    "principal_type",
    "resource_group_id",
    "role_name",
    "user_name",
    "user_names",
];

impl Declared {
    fn first(&self, attribute: &str) -> Option<&Reference> {
        self.attributes.get(attribute)?.first()
    }

    fn literal(&self, attribute: &str) -> Option<&str> {
        match self.first(attribute)? {
            Reference::Name(name) => Some(name),
            _ => None,
        }
    }
}

struct Module {
    declared: Vec<Declared>,
}

impl Module {
    fn attachments(&self) -> Vec<Attachment> {
        let mut attachments: Vec<Attachment> =
            self.declared.iter().filter(|resource| !resource.repeated).filter_map(|one| self.attachment(one)).collect();
        let members = self.memberships();
        let of_groups: Vec<Attachment> =
            attachments.iter().filter(|attachment| attachment.to == AttachedTo::Group).cloned().collect();
        for attachment in of_groups {
            let users = members.iter().filter(|(group, _)| *group == attachment.holder);
            attachments.extend(users.map(|(group, user)| Attachment {
                to: AttachedTo::User,
                holder: user.clone(),
                through: Some(group.clone()),
                ..attachment.clone()
            }));
        }
        attachments
    }

    /// What one resource attaches.
    fn attachment(&self, resource: &Declared) -> Option<Attachment> {
        let (to, holder) = match resource.kind.as_str() {
            "alicloud_ram_user_policy_attachment" => (AttachedTo::User, resource.first("user_name")?.clone()),
            "alicloud_ram_group_policy_attachment" => (AttachedTo::Group, resource.first("group_name")?.clone()),
            "alicloud_ram_role_policy_attachment" => (AttachedTo::Role, resource.first("role_name")?.clone()),
            "alicloud_resource_manager_policy_attachment" => {
                let to = match resource.literal("principal_type")? {
                    "IMSUser" => AttachedTo::User,
                    "IMSGroup" => AttachedTo::Group,
                    "ServiceRole" => AttachedTo::Role,
                    _ => return None,
                };
                let holder = match resource.first("principal_name")? {
                    // A name is followed by a domain, as in `alice@acme.onaliyun.com`.
                    Reference::Name(name) => Reference::Name(name.split('@').next().unwrap_or(name).to_owned()),
                    other => other.clone(),
                };
                (to, holder)
            }
            _ => return None,
        };
        let resource_group = match resource.first("resource_group_id") {
            None => None,
            Some(Reference::Name(id)) if id.bytes().all(|byte| byte.is_ascii_digit()) => None,
            // The account is asked for in these ways; what else an expression may be is not known.
            Some(Reference::Expression(text))
                if text.starts_with("data.alicloud_account.") || text.starts_with("data.alicloud_caller_identity.") =>
            {
                None
            }
            Some(Reference::Name(id)) => Some(id.clone()),
            Some(Reference::Resource(address)) if address.starts_with("alicloud_resource_manager_resource_group.") => {
                Some(address.clone())
            }
            Some(_) => return None,
        };
        let policy = self.policy(resource.first("policy_name")?, resource.literal("policy_type"))?;
        Some(Attachment { to, holder: self.key(to, &holder), policy, resource_group, through: None })
    }

    /// The document of a policy.
    fn policy(&self, named: &Reference, kind: Option<&str>) -> Option<String> {
        if kind == Some("System") {
            return None;
        }
        let mut policies = self.declared.iter().filter(|resource| {
            !resource.repeated
                && matches!(resource.kind.as_str(), "alicloud_ram_policy" | "alicloud_resource_manager_policy")
        });
        let policy = match named {
            Reference::Resource(address) => policies.find(|policy| policy.address == *address),
            Reference::Name(name) => policies
                .find(|policy| policy.literal("policy_name").or_else(|| policy.literal("name")) == Some(name.as_str())),
            Reference::Expression(_) => None,
        };
        policy.map(|policy| policy.document.clone())
    }

    /// What somebody goes by, so that the same one always goes by the same.
    fn key(&self, to: AttachedTo, named: &Reference) -> String {
        let (kind, attribute) = match to {
            AttachedTo::User => ("alicloud_ram_user", "name"),
            AttachedTo::Group => ("alicloud_ram_group", "group_name"),
            AttachedTo::Role => ("alicloud_ram_role", "role_name"),
        };
        match named {
            Reference::Name(name) => {
                let is_it = |resource: &&Declared| {
                    let own = resource.literal(attribute).or_else(|| resource.literal("name"));
                    resource.kind == kind && !resource.repeated && own == Some(name)
                };
                self.declared.iter().find(is_it).map_or_else(|| name.clone(), |resource| resource.address.clone())
            }
            Reference::Resource(text) | Reference::Expression(text) => text.clone(),
        }
    }

    /// The groups and who is in them.
    fn memberships(&self) -> Vec<(String, String)> {
        let kinds = ["alicloud_ram_group_membership", "alicloud_ram_user_group_attachment"];
        let mut members = Vec::new();
        for one in self.declared.iter().filter(|one| !one.repeated && kinds.contains(&one.kind.as_str())) {
            let Some(group) = one.first("group_name") else { continue };
            for user in ["user_names", "user_name"].iter().filter_map(|name| one.attributes.get(name)).flatten() {
                members.push((self.key(AttachedTo::Group, group), self.key(AttachedTo::User, user)));
            }
        }
        members
    }
}

#[cfg(test)]
mod tests;
