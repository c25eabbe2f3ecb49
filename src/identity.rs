//! Accounts, users, groups, roles, sessions, keys and attachments: data only.

mod principal;

pub use principal::Principal;
