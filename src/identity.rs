//! Accounts, users, groups, roles, sessions, keys and attachments: data only.
//!
//! A [`World`] is everything that decides, checked and with every reference resolved; `store` reads
//! one from a directory (spec world).

mod inventory;
mod principal;
mod principal_pattern;
mod rate_limit;
mod secret;
mod world;

pub use inventory::{Inventory, Resource};
pub use principal::{InvalidPrincipal, Principal};
pub use principal_pattern::{InvalidPrincipalPattern, PrincipalPattern};
pub use rate_limit::{Rate, RateLimit};
pub use secret::SecretReference;
pub use world::{
    AccessKey, Account, Attachment, Attachments, DirectoryNode, FULL_ALIYUN_ACCESS, Group, KeyHolder, KeyStatus,
    PolicySource, PolicyStore, Role, Scope, Session, UnknownPrincipal, User, World, is_account_id,
};
