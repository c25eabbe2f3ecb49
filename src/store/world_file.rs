//! `world.toml` (or `world.json`): accounts, principals, attachments, inventory (spec world).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::Timestamp;
use secrecy::SecretString;

use super::Mistake;
use super::fields::{Fields, Notes, Text};
use super::policies::PolicyReference;
use super::tree::{self, Entry, Tree};
use crate::catalog::Known;
use crate::identity::{
    AccessKey, Account, Attachment, Attachments, DirectoryNode, FULL_ALIYUN_ACCESS, Group, KeyStatus, Resource, Role,
    Scope, SecretReference, Session, User, World, is_account_id,
};
use crate::json::{SourceText, Span};
use crate::policy::PolicyKind;

/// A world without its policies, and the policies it names.
#[derive(Default)]
pub(super) struct Outline {
    pub(super) world: World,
    pub(super) policy_references: Vec<PolicyReference>,
}

pub(super) fn read(source: &SourceText, base: &Path, mistakes: &mut Vec<Mistake>) -> Option<Outline> {
    let tree = tree::parse(source, mistakes)?;
    let mut reading = Reading {
        notes: Notes { source, mistakes },
        base,
        inline: false,
        outline: Outline::default(),
        keys: BTreeMap::new(),
        lists: BTreeSet::new(),
    };
    reading.world(&tree);
    Some(reading.outline)
}

struct Reading<'a> {
    notes: Notes<'a>,
    base: &'a Path,
    inline: bool,
    outline: Outline,
    /// Every key id and the line it stands at.
    keys: BTreeMap<String, Span>,
    /// Every list of attachments, once.
    lists: BTreeSet<Attachments>,
}

impl Reading<'_> {
    fn world(&mut self, tree: &Tree) {
        let known = ["allow_inline_secrets", "accounts", "directory", "resources"];
        let Some(fields) = self.notes.fields(tree, "a world", &known) else { return };
        self.inline = self.notes.bool(&fields, "allow_inline_secrets");
        let directory = self.notes.entries(fields.get("directory"), "`directory`");
        for entry in directory {
            self.node(entry);
        }
        self.check_directory(directory);
        let accounts = self.notes.entries(fields.get("accounts"), "`accounts`");
        if accounts.is_empty() {
            self.notes.note(
                tree.span,
                "no-account",
                "the world has no account".to_owned(),
                "add an [accounts.ID] table",
            );
        }
        for entry in accounts {
            if !is_account_id(&entry.name) {
                let message = format!("`{}` is no account id", entry.name);
                self.notes.note(entry.name_span, "account-id", message, "an account id has 16 digits");
            }
            if let Some(account) = self.account(entry) {
                self.outline.world.accounts.insert(entry.name.clone(), account);
            }
        }
        for tree in self.notes.array(fields.get("resources"), "`resources`") {
            self.resource(tree);
        }
    }

    // ── resource directory ──────────────────────────────────────────────────

    fn node(&mut self, entry: &Entry) {
        let Some(fields) = self.notes.fields(&entry.value, "a directory node", &["parent", "attachments"]) else {
            return;
        };
        let parent = self.notes.optional_text(&fields, "parent").map(|parent| parent.value.to_owned());
        let attachments = match fields.get("attachments") {
            None => vec![FULL_ALIYUN_ACCESS.to_owned()],
            Some(tree) => {
                let names = self.policy_names(tree, PolicyKind::Control);
                if names.is_empty() {
                    let message = format!("the node `{}` has no control policy", entry.name);
                    let help = "the last one of a node cannot be taken away: name `FullAliyunAccess`, or leave \
                                `attachments` out";
                    self.notes.note(tree.span, "no-control-policy", message, help);
                }
                names
            }
        };
        self.outline.world.directory.insert(entry.name.clone(), DirectoryNode { parent, attachments });
    }

    fn policy_names(&mut self, tree: &Tree, kind: PolicyKind) -> Vec<String> {
        let mut names = Vec::new();
        for tree in self.notes.array(Some(tree), "`attachments`") {
            if let Some(name) = self.notes.text(tree, "a policy name") {
                self.refer(kind, name);
                names.push(name.value.to_owned());
            }
        }
        names
    }

    fn refer(&mut self, kind: PolicyKind, name: Text<'_>) {
        let reference = PolicyReference { kind, name: name.value.to_owned(), span: name.span };
        self.outline.policy_references.push(reference);
    }

    /// Every parent exists, and no node is above itself.
    fn check_directory(&mut self, entries: &[Entry]) {
        let nodes = &self.outline.world.directory;
        for entry in entries {
            let mut at = entry.name.as_str();
            // As many steps as there are nodes reach the root from anywhere, unless there is a circle.
            for step in 0..=nodes.len() {
                match nodes.get(at).map(|node| node.parent.as_deref()) {
                    Some(Some(_)) if step == nodes.len() => {
                        let message = format!("the node `{}` is above itself", entry.name);
                        self.notes.note(
                            entry.name_span,
                            "directory-circle",
                            message,
                            "give one of them another parent",
                        );
                    }
                    Some(Some(parent)) => at = parent,
                    Some(None) => break,
                    None => {
                        // Said once, at the node that names it.
                        if nodes.get(&entry.name).and_then(|node| node.parent.as_deref()) == Some(at) {
                            let message = format!("the parent `{at}` of node `{}` is no node", entry.name);
                            let help = format!("add a [directory.{at}] table");
                            self.notes.note(entry.name_span, "unknown-node", message, &help);
                        }
                        break;
                    }
                }
            }
        }
    }

    // ── accounts ────────────────────────────────────────────────────────────

    fn account(&mut self, entry: &Entry) -> Option<Account> {
        let known = ["alias", "management", "node", "keys", "users", "groups", "roles", "sessions"];
        let fields = self.notes.fields(&entry.value, "an account", &known)?;
        let mut account = Account {
            alias: self.notes.optional_text(&fields, "alias").map(|alias| alias.value.to_owned()),
            management: self.notes.bool(&fields, "management"),
            keys: self.keys(fields.get("keys")),
            ..Account::default()
        };
        if let Some(node) = self.notes.optional_text(&fields, "node") {
            if !self.outline.world.directory.contains_key(node.value) {
                let message = format!("`{}` is no node of the resource directory", node.value);
                let help = format!("add a [directory.{}] table", node.value);
                self.notes.note(node.span, "unknown-node", message, &help);
            }
            account.node = Some(node.value.to_owned());
        }
        for entry in self.notes.entries(fields.get("groups"), "`groups`") {
            self.name(entry, "group", 64);
            if let Some(fields) = self.notes.fields(&entry.value, "a group", &["attachments"]) {
                let attachments = self.attachments(fields.get("attachments"));
                account.groups.insert(entry.name.clone(), Group { attachments });
            }
        }
        let mut ids = BTreeMap::new();
        for entry in self.notes.entries(fields.get("users"), "`users`") {
            self.name(entry, "user", 64);
            if let Some(user) = self.user(entry, &account, &mut ids) {
                account.users.insert(entry.name.clone(), user);
            }
        }
        for entry in self.notes.entries(fields.get("roles"), "`roles`") {
            self.role_name(entry);
            if entry.name.bytes().any(|byte| byte.is_ascii_uppercase()) {
                let message = format!("the role name `{}` has upper-case letters", entry.name);
                let help = "role names are stored in lower case, and ARNs compare by letter case";
                self.notes.note(entry.name_span, "role-name", message, help);
            }
            if let Some(role) = self.role(entry) {
                account.roles.insert(entry.name.clone(), role);
            }
        }
        for tree in self.notes.array(fields.get("sessions"), "`sessions`") {
            if let Some(session) = self.session(tree, &account) {
                account.sessions.push(session);
            }
        }
        Some(account)
    }

    /// Names of users, groups and roles (spec ram-policy-language 1.4, 8).
    fn name(&mut self, entry: &Entry, what: &str, longest: usize) {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'@');
        if entry.name.is_empty() || entry.name.len() > longest || !entry.name.bytes().all(allowed) {
            let message = format!("`{}` is no {what} name", entry.name);
            let help = format!("a {what} name has 1 to {longest} letters, digits, `.`, `-`, `_` and `@`");
            self.notes.note(entry.name_span, "principal-name", message, &help);
        }
    }

    /// Names of roles (spec ram-policy-language 1.4).
    fn role_name(&mut self, entry: &Entry) {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
        if !(1..=64).contains(&entry.name.len()) || !entry.name.bytes().all(allowed) {
            let message = format!("`{}` is no role name", entry.name);
            let help = "a role name has 1 to 64 letters, digits, `.` and `-`";
            self.notes.note(entry.name_span, "principal-name", message, help);
        }
    }

    /// `ids` are those of the users before it, with their names.
    fn user<'t>(&mut self, entry: &'t Entry, account: &Account, ids: &mut BTreeMap<&'t str, &'t str>) -> Option<User> {
        let fields = self.notes.fields(&entry.value, "a user", &["id", "groups", "attachments", "keys"])?;
        let id = self.notes.required_text(&fields, "id", &format!("the user `{}`", entry.name));
        if let Some(id) = id
            && (id.value.is_empty() || !id.value.bytes().all(|byte| byte.is_ascii_digit()))
        {
            self.notes.note(id.span, "user-id", format!("`{}` is no user id", id.value), "a user id is all digits");
        }
        let mut groups = Vec::new();
        for tree in self.notes.array(fields.get("groups"), "`groups`") {
            let Some(group) = self.notes.text(tree, "a group name") else { continue };
            if !account.groups.contains_key(group.value) {
                let message =
                    format!("the user `{}` is in the group `{}`, which the account has not", entry.name, group.value);
                self.notes.note(group.span, "unknown-group", message, "add the group, or take the user out of it");
            }
            groups.push(group.value.to_owned());
        }
        if let Some(id) = id {
            match ids.get(id.value) {
                Some(other) => {
                    let message = format!("the user `{other}` has the id `{}` already", id.value);
                    self.notes.note(id.span, "user-id", message, "give each user the id that RAM shows for it");
                }
                None => {
                    ids.insert(id.value, &entry.name);
                }
            }
        }
        let attachments = self.attachments(fields.get("attachments"));
        let keys = self.keys(fields.get("keys"));
        Some(User { id: id?.value.to_owned(), groups, attachments, keys })
    }

    fn role(&mut self, entry: &Entry) -> Option<Role> {
        let known = ["trust", "attachments", "service_linked", "max_session_duration"];
        let fields = self.notes.fields(&entry.value, "a role", &known)?;
        let trust = self.notes.optional_text(&fields, "trust");
        if let Some(trust) = trust {
            self.refer(PolicyKind::Trust, trust);
        }
        Some(Role {
            trust: trust.map(|trust| trust.value.to_owned()),
            attachments: self.attachments(fields.get("attachments")),
            service_linked: self.notes.bool(&fields, "service_linked"),
            max_session_duration: self.notes.number(&fields, "max_session_duration", 3600..=43_200).unwrap_or(3600),
        })
    }

    fn session(&mut self, tree: &Tree, account: &Account) -> Option<Session> {
        let known = ["role", "name", "policy", "key", "secret", "token", "expires"];
        let fields = self.notes.fields(tree, "a session", &known)?;
        let role = self.notes.required_text(&fields, "role", "a session");
        if let Some(role) = role
            && !account.roles.contains_key(role.value)
        {
            let message = format!("the account has no role `{}`", role.value);
            self.notes.note(role.span, "unknown-role", message, "add the role");
        }
        let name = self.notes.required_text(&fields, "name", "a session");
        if let Some(name) = name {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'@' | b'_' | b'-');
            if !(2..=64).contains(&name.value.len()) || !name.value.bytes().all(allowed) {
                let message = format!("`{}` is no session name", name.value);
                let help = "a session name has 2 to 64 letters, digits, `.`, `@`, `_` and `-`";
                self.notes.note(name.span, "session-name", message, help);
            }
        }
        let policy = self.notes.optional_text(&fields, "policy");
        if let Some(policy) = policy {
            self.refer(PolicyKind::Session, policy);
        }
        let key = self.notes.required_text(&fields, "key", "a session");
        if let Some(key) = key {
            if !key.value.starts_with("STS.") {
                let message = format!("`{}` is no key of a session", key.value);
                self.notes.note(key.span, "session-key", message, "keys of sessions begin with `STS.`");
            }
            self.key_id(key);
        }
        let secret = self.notes.required_text(&fields, "secret", "a session").and_then(|text| self.secret(text));
        let token = self.notes.required_text(&fields, "token", "a session").and_then(|text| self.secret(text));
        let expires = self.notes.required_text(&fields, "expires", "a session").and_then(|text| self.instant(text));
        Some(Session {
            role: role?.value.to_owned(),
            name: name?.value.to_owned(),
            policy: policy.map(|policy| policy.value.to_owned()),
            key: key?.value.to_owned(),
            secret: secret?,
            token: token?,
            expires: expires?,
        })
    }

    fn attachments(&mut self, tree: Option<&Tree>) -> Attachments {
        let mut attachments = Vec::new();
        for tree in self.notes.array(tree, "`attachments`") {
            let Some(fields) = self.notes.fields(tree, "an attachment", &["policy", "type", "scope"]) else { continue };
            let system = match self.notes.optional_text(&fields, "type") {
                None => false,
                Some(Text { value: "Custom", .. }) => false,
                Some(Text { value: "System", .. }) => true,
                Some(other) => {
                    let message = format!("`{}` is no type of policy", other.value);
                    self.notes.note(other.span, "policy-type", message, "write \"Custom\" or \"System\"");
                    false
                }
            };
            let scope = match self.notes.optional_text(&fields, "scope") {
                None => Scope::Account,
                Some(Text { value: "account", .. }) => Scope::Account,
                Some(group) if group.value.starts_with("rg-") => Scope::ResourceGroup(group.value.to_owned()),
                Some(other) => {
                    let message = format!("`{}` is no scope", other.value);
                    let help = "write \"account\", or the id of a resource group, as in \"rg-acfm…\"";
                    self.notes.note(other.span, "scope", message, help);
                    continue;
                }
            };
            if let Some(policy) = self.notes.required_text(&fields, "policy", "an attachment") {
                self.refer(PolicyKind::Identity, policy);
                attachments.push(Attachment { policy: policy.value.to_owned(), system, scope });
            }
        }
        let attachments = Attachments::from(attachments);
        if let Some(known) = self.lists.get(&attachments) {
            return known.clone();
        }
        self.lists.insert(attachments.clone());
        attachments
    }

    // ── keys and secrets ────────────────────────────────────────────────────

    fn keys(&mut self, tree: Option<&Tree>) -> Vec<AccessKey> {
        let mut keys = Vec::new();
        for tree in self.notes.array(tree, "`keys`") {
            let known = ["id", "secret", "status", "not_after"];
            let Some(fields) = self.notes.fields(tree, "a key", &known) else { continue };
            let id = self.notes.required_text(&fields, "id", "a key");
            if let Some(id) = id {
                if id.value.is_empty() || id.value.starts_with("STS.") {
                    let message = format!("`{}` is no id of a permanent key", id.value);
                    let help = "temporary keys belong to sessions, under `sessions`";
                    self.notes.note(id.span, "key-id", message, help);
                }
                self.key_id(id);
            }
            let secret = self.notes.required_text(&fields, "secret", "a key").and_then(|text| self.secret(text));
            let status = match self.notes.optional_text(&fields, "status") {
                None | Some(Text { value: "Active", .. }) => KeyStatus::Active,
                Some(Text { value: "Inactive", .. }) => KeyStatus::Inactive,
                Some(other) => {
                    let message = format!("`{}` is no state of a key", other.value);
                    self.notes.note(other.span, "key-status", message, "write \"Active\" or \"Inactive\"");
                    KeyStatus::Inactive
                }
            };
            let not_after = match self.notes.optional_text(&fields, "not_after") {
                None => None,
                Some(text) => match self.instant(text) {
                    Some(instant) => Some(instant),
                    None => continue,
                },
            };
            if let (Some(id), Some(secret)) = (id, secret) {
                keys.push(AccessKey { id: id.value.to_owned(), secret, status, not_after });
            }
        }
        keys
    }

    fn key_id(&mut self, id: Text<'_>) {
        if let Some(first) = self.keys.insert(id.value.to_owned(), id.span) {
            let line = self.notes.source.position(first.start).line;
            let message = format!("the key id `{}` stands already in line {line}", id.value);
            self.notes.note(id.span, "key-repeated", message, "a key belongs to one identity; take one of them away");
        }
    }

    /// A reference to a secret, or the secret itself where the world allows that. Its text is never repeated.
    fn secret(&mut self, text: Text<'_>) -> Option<SecretReference> {
        if let Some(reference) = SecretReference::parse(text.value) {
            return Some(reference.relative_to(self.base));
        }
        let reference = text.value.starts_with("env:") || text.value.starts_with("file:");
        if self.inline && !reference && !text.value.is_empty() {
            return Some(SecretReference::Inline(SecretString::from(text.value)));
        }
        let message = "a secret must not stand in this file".to_owned();
        let help =
            "name where it is: \"env:NAME\" or \"file:PATH\"; `allow_inline_secrets = true` is for demonstrations";
        self.notes.note(text.span, "inline-secret", message, help);
        None
    }

    fn instant(&mut self, text: Text<'_>) -> Option<Timestamp> {
        match text.value.parse() {
            Ok(instant) => Some(instant),
            Err(_) => {
                let message = format!("`{}` is no point in time", text.value);
                self.notes.note(text.span, "instant", message, "write it as in \"2027-01-31T00:00:00Z\"");
                None
            }
        }
    }

    // ── inventory ───────────────────────────────────────────────────────────

    fn resource(&mut self, tree: &Tree) {
        let known = ["service", "type", "id", "account", "region", "resource_group", "tags", "clusters"];
        let Some(fields) = self.notes.fields(tree, "a resource", &known) else { return };
        let mut part = |name| self.notes.required_text(&fields, name, "a resource");
        let (service, kind, id) = (part("service"), part("type"), part("id"));
        let (account, region) = (part("account"), part("region"));
        if let Some(account) = account {
            if !is_account_id(account.value) {
                let message = format!("`{}` is no account id", account.value);
                self.notes.note(account.span, "account-id", message, "an account id has 16 digits");
            } else if !self.outline.world.accounts.contains_key(account.value) {
                let message = format!("the world has no account `{}`", account.value);
                let help = format!("add an [accounts.{}] table, or take the resource away", account.value);
                self.notes.note(account.span, "unknown-account", message, &help);
            }
        }
        for text in [service, kind, id, region].into_iter().flatten() {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
            if text.value.is_empty() || !text.value.bytes().all(allowed) {
                let message = format!("`{}` cannot stand in an ARN", text.value);
                self.notes.note(text.span, "resource-name", message, "use letters, digits, `.`, `-` and `_`");
            }
        }
        let resource_group = match self.notes.optional_text(&fields, "resource_group") {
            None => Known::Unknown,
            Some(Text { value: "", .. }) => Known::Known(None),
            Some(group) => Known::Known(Some(group.value.to_owned())),
        };
        let tags = self.tags(&fields);
        let mut clusters = Vec::new();
        for tree in self.notes.array(fields.get("clusters"), "`clusters`") {
            if let Some(cluster) = self.notes.text(tree, "a cluster id") {
                clusters.push(cluster.value.to_owned());
            }
        }
        let (Some(service), Some(kind), Some(id), Some(account), Some(region)) = (service, kind, id, account, region)
        else {
            return;
        };
        let resource = Resource {
            service: service.value.to_ascii_lowercase(),
            kind: kind.value.to_owned(),
            id: id.value.to_owned(),
            account: account.value.to_owned(),
            region: region.value.to_owned(),
            resource_group,
            tags,
            clusters,
        };
        if self.outline.world.inventory.insert(resource).is_some() {
            let message = format!("the {} `{}` stands twice", kind.value, id.value);
            self.notes.note(id.span, "resource-repeated", message, "keep one of them");
        }
    }

    fn tags(&mut self, fields: &Fields<'_>) -> Known<Vec<(String, String)>> {
        let Some(tree) = fields.get("tags") else { return Known::Unknown };
        let mut tags = Vec::new();
        for entry in self.notes.entries(Some(tree), "`tags`") {
            if let Some(value) = self.notes.text(&entry.value, "the value of a tag") {
                tags.push((entry.name.clone(), value.value.to_owned()));
            }
        }
        Known::Known(tags)
    }
}
