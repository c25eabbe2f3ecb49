//! The world: accounts and what is attached where.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::principal::UNNAMED_SESSION;
use super::{Inventory, Principal, RateLimit, SecretReference};
use crate::policy::{Document, PolicyKind};

/// Name of the control policy that every node of a resource directory has unless others are attached
/// (spec ram-policy-language 7.3).
pub const FULL_ALIYUN_ACCESS: &str = "FullAliyunAccess";

/// A key's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyStatus {
    /// Calls signed with it are accepted.
    #[default]
    Active,
    /// It is disabled.
    Inactive,
}

/// A permanent access key.
#[derive(Debug, Clone)]
pub struct AccessKey {
    /// `LTAI…`.
    pub id: String,
    /// Where its secret is.
    pub secret: SecretReference,
    /// Whether it may be used.
    pub status: KeyStatus,
    /// When it ends, if it does.
    pub not_after: Option<Timestamp>,
}

/// Where an attached identity policy counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// In the whole account.
    Account,
    /// For the resources of this resource group.
    ResourceGroup(String),
}

/// A policy attached to a user, group or role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attachment {
    /// The policy's name.
    pub policy: String,
    /// Whether it is one of Alibaba Cloud's own (`System`); told apart for display only.
    pub system: bool,
    /// Where it counts.
    pub scope: Scope,
}

/// The policies attached to a user, group or role. Those to whom the same ones are attached can share one list: a clone is the
/// same list.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attachments(Arc<[Attachment]>);

impl Attachments {
    /// Whether it is the same list, and not only one like it.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl std::ops::Deref for Attachments {
    type Target = [Attachment];

    fn deref(&self) -> &[Attachment] {
        &self.0
    }
}

impl From<Vec<Attachment>> for Attachments {
    fn from(attachments: Vec<Attachment>) -> Self {
        Self(attachments.into())
    }
}

impl FromIterator<Attachment> for Attachments {
    fn from_iter<T: IntoIterator<Item = Attachment>>(attachments: T) -> Self {
        Self(attachments.into_iter().collect())
    }
}

/// A RAM user.
#[derive(Debug, Clone)]
pub struct User {
    /// User id, digits.
    pub id: String,
    /// Names of the groups the user is in.
    pub groups: Vec<String>,
    /// Policies attached to the user itself.
    pub attachments: Attachments,
    /// The user's keys.
    pub keys: Vec<AccessKey>,
}

/// A RAM user group.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// Policies attached to it; they count as every member's own (spec ram-policy-language 7.2).
    pub attachments: Attachments,
}

/// A RAM role.
#[derive(Debug, Clone)]
pub struct Role {
    /// Name of its trust policy, where it has one here.
    pub trust: Option<String>,
    /// Policies attached to it.
    pub attachments: Attachments,
    /// Service-linked roles are exempt from control policies (spec ram-policy-language 7.3).
    pub service_linked: bool,
    /// Seconds that a session may last, 3600 to 43200.
    pub max_session_duration: u32,
}

/// A session of an assumed role, with its temporary key (spec gate-rules G11).
#[derive(Debug, Clone)]
pub struct Session {
    /// Name of the role.
    pub role: String,
    /// Session name.
    pub name: String,
    /// Name of the session policy, if one was given.
    pub policy: Option<String>,
    /// `STS.…`.
    pub key: String,
    /// Where the key's secret is.
    pub secret: SecretReference,
    /// Where the security token is.
    pub token: SecretReference,
    /// When it ends.
    pub expires: Timestamp,
}

/// An Alibaba Cloud account.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// Its login name.
    pub alias: Option<String>,
    /// Whether it is the management account of its resource directory.
    pub management: bool,
    /// The node of the resource directory it stands at, if it is a member.
    pub node: Option<String>,
    /// Keys of the owner itself (spec gate-rules G9).
    pub keys: Vec<AccessKey>,
    /// RAM users by name.
    pub users: BTreeMap<String, User>,
    /// Groups by name.
    pub groups: BTreeMap<String, Group>,
    /// Roles by name.
    pub roles: BTreeMap<String, Role>,
    /// Sessions of its roles.
    pub sessions: Vec<Session>,
}

/// A folder, the root, or the place of a member in the resource directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryNode {
    /// The node above; `None` for the root.
    pub parent: Option<String>,
    /// Names of the control policies attached to it.
    pub attachments: Vec<String>,
}

/// A policy document and where it came from.
#[derive(Debug, Clone)]
pub struct PolicySource {
    /// The policy's name.
    pub name: String,
    /// The parsed document.
    pub document: Arc<Document>,
}

/// Every policy of a world, by kind and name. One document attached as two kinds stands here as each.
#[derive(Debug, Clone, Default)]
pub struct PolicyStore {
    policies: BTreeMap<PolicyKind, BTreeMap<String, Arc<PolicySource>>>,
}

impl PolicyStore {
    /// Adds a policy under the document's own kind.
    pub fn insert(&mut self, name: impl Into<String>, document: Document) {
        self.insert_shared(Arc::new(PolicySource { name: name.into(), document: Arc::new(document) }));
    }

    /// Adds a policy that another store may have, too.
    pub fn insert_shared(&mut self, policy: Arc<PolicySource>) {
        self.policies.entry(policy.document.kind()).or_default().insert(policy.name.clone(), policy);
    }

    /// The policy of this kind and name.
    #[must_use]
    pub fn get(&self, kind: PolicyKind, name: &str) -> Option<&Arc<PolicySource>> {
        self.policies.get(&kind)?.get(name)
    }

    /// Every policy, by kind and name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<PolicySource>> {
        self.policies.values().flat_map(BTreeMap::values)
    }
}

/// Whether `text` is an account id: 16 digits (spec world).
#[must_use]
pub fn is_account_id(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Everything that decides (spec world).
#[derive(Debug, Clone, Default)]
pub struct World {
    /// Accounts by id.
    pub accounts: BTreeMap<String, Account>,
    /// Nodes of the resource directory by id.
    pub directory: BTreeMap<String, DirectoryNode>,
    /// Policy documents.
    pub policies: PolicyStore,
    /// Names of resource policies (OSS bucket policies), which take part for OSS only.
    pub resource_policies: Vec<String>,
    /// Known resources.
    pub inventory: Inventory,
    /// How often principals may call.
    pub rate_limits: Vec<RateLimit>,
}

/// A key with everything that is needed to accept it.
#[derive(Debug, Clone)]
pub struct KeyHolder<'a> {
    /// The key's id.
    pub key_id: &'a str,
    /// Where its secret is.
    pub secret: &'a SecretReference,
    /// Whether it may be used.
    pub status: KeyStatus,
    /// When it ends.
    pub not_after: Option<Timestamp>,
    /// The token that must come with it, for a session's key.
    pub token: Option<&'a SecretReference>,
    /// Whose it is.
    pub principal: Principal,
}

/// No identity of the world answers to a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnknownPrincipal {
    /// Nothing of that name.
    #[error(
        "no identity is called `{name}`: write `user/NAME`, `role/NAME/SESSION` or `root`, or a whole ARN as in \
         `acs:ram::ACCOUNT:user/NAME`"
    )]
    NotFound {
        /// What was asked for.
        name: String,
    },
    /// More than one account has it.
    #[error("`{name}` is in more than one account ({}): write the whole ARN", accounts.join(", "))]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// The accounts that have it.
        accounts: Vec<String>,
    },
}

impl World {
    /// Every key of the world with its holder.
    pub fn keys(&self) -> impl Iterator<Item = KeyHolder<'_>> {
        self.accounts.iter().flat_map(|(id, account)| {
            let owner = account.keys.iter().map(move |key| holder(key, Principal::Owner { account: id.clone() }));
            let users = account.users.iter().flat_map(move |(name, user)| {
                user.keys.iter().map(move |key| holder(key, user_principal(id, name, user)))
            });
            let sessions = account.sessions.iter().map(move |session| KeyHolder {
                key_id: &session.key,
                secret: &session.secret,
                status: KeyStatus::Active,
                not_after: Some(session.expires),
                token: Some(&session.token),
                principal: session_principal(id, session),
            });
            owner.chain(users).chain(sessions)
        })
    }

    /// Every identity that can ask: owners, users, and the sessions that are on file.
    pub fn principals(&self) -> impl Iterator<Item = Principal> {
        self.accounts.iter().flat_map(|(id, account)| {
            std::iter::once(Principal::Owner { account: id.clone() })
                .chain(account.users.iter().map(move |(name, user)| user_principal(id, name, user)))
                .chain(account.sessions.iter().map(move |session| session_principal(id, session)))
        })
    }

    /// The identity that people call `name`: `acs:ram::ACCOUNT:user/alice`, or without the account where only one
    /// account has it: `user/alice`, `alice`, `role/ops/ci-42`, `root`. A role without a session stands for a
    /// session of it that was given no policy.
    ///
    /// # Errors
    /// [`UnknownPrincipal`] where none or several accounts have it.
    pub fn principal(&self, name: &str) -> Result<Principal, UnknownPrincipal> {
        let (account, relative) = match name.strip_prefix("acs:ram::").and_then(|rest| rest.split_once(':')) {
            Some((account, relative)) => (Some(account), relative),
            None => (None, name),
        };
        let mut found: Vec<Principal> = self
            .accounts
            .iter()
            .filter(|(id, _)| account.is_none_or(|account| account == id.as_str()))
            .filter_map(|(id, account)| account.principal(id, relative))
            .collect();
        match (found.pop(), found.is_empty()) {
            (Some(principal), true) => Ok(principal),
            (None, _) => Err(UnknownPrincipal::NotFound { name: name.to_owned() }),
            (Some(last), false) => Err(UnknownPrincipal::Ambiguous {
                name: name.to_owned(),
                accounts: found.iter().chain([&last]).filter_map(Principal::account).map(str::to_owned).collect(),
            }),
        }
    }
}

impl Account {
    fn principal(&self, id: &str, relative: &str) -> Option<Principal> {
        if relative == "root" {
            return Some(Principal::Owner { account: id.to_owned() });
        }
        let role = relative.strip_prefix("role/").or_else(|| relative.strip_prefix("assumed-role/"));
        if let Some(role) = role {
            let (role, session) = match role.split_once('/') {
                Some((role, session)) => (role, Some(session)),
                None => (role, None),
            };
            if !self.roles.contains_key(role) {
                return None;
            }
            return match session {
                Some(name) => self
                    .sessions
                    .iter()
                    .find(|session| session.role == role && session.name == name)
                    .map(|session| session_principal(id, session)),
                None => Some(Principal::RoleSession {
                    account: id.to_owned(),
                    role: role.to_owned(),
                    session: UNNAMED_SESSION.to_owned(),
                    policy: None,
                }),
            };
        }
        let name = relative.strip_prefix("user/").unwrap_or(relative);
        self.users.get(name).map(|user| user_principal(id, name, user))
    }
}

fn holder(key: &AccessKey, principal: Principal) -> KeyHolder<'_> {
    KeyHolder {
        key_id: &key.id,
        secret: &key.secret,
        status: key.status,
        not_after: key.not_after,
        token: None,
        principal,
    }
}

fn user_principal(account: &str, name: &str, user: &User) -> Principal {
    Principal::User { account: account.to_owned(), name: name.to_owned(), id: user.id.clone() }
}

fn session_principal(account: &str, session: &Session) -> Principal {
    Principal::RoleSession {
        account: account.to_owned(),
        role: session.role.clone(),
        session: session.name.clone(),
        policy: session.policy.clone(),
    }
}
