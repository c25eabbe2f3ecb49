//! Who asks.

use std::fmt;

/// The identity that a decision is about (spec ram-policy-language 8).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Principal {
    /// The account itself; identity policies do not bind it (spec ram-policy-language 7.5).
    Owner {
        /// Account id.
        account: String,
    },
    /// A RAM user.
    User {
        /// Account id.
        account: String,
        /// User name.
        name: String,
        /// User id, digits.
        id: String,
    },
    /// A session of an assumed role.
    RoleSession {
        /// Account id of the role.
        account: String,
        /// Role name.
        role: String,
        /// Session name.
        session: String,
        /// Name of the session policy that was given when the role was assumed, if one was.
        policy: Option<String>,
    },
    /// A user of a SAML or OIDC identity provider, before it has assumed a role.
    Federated {
        /// ARN of the provider, as in `acs:ram::1234567890123456:oidc-provider/ack`.
        provider: String,
    },
    /// An Alibaba Cloud service acting by itself.
    Service {
        /// Service principal, as in `ecs.aliyuncs.com`.
        name: String,
    },
}

impl Principal {
    /// The account that the principal belongs to; a service belongs to none.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Owner { account } | Self::User { account, .. } | Self::RoleSession { account, .. } => Some(account),
            Self::Federated { provider } => provider.split(':').nth(3).filter(|account| !account.is_empty()),
            Self::Service { .. } => None,
        }
    }

    /// The ARN that `acs:PrincipalARN` carries; a session's is its role's (spec ram-policy-language 5.1).
    #[must_use]
    pub fn arn(&self) -> String {
        match self {
            Self::Owner { account } => format!("acs:ram::{account}:root"),
            Self::User { account, name, .. } => format!("acs:ram::{account}:user/{name}"),
            Self::RoleSession { account, role, .. } => format!("acs:ram::{account}:role/{role}"),
            Self::Federated { provider } => provider.clone(),
            Self::Service { name } => name.clone(),
        }
    }

    /// `AuthPrincipalType` of an access-denied detail (spec ram-policy-language 7.8).
    #[must_use]
    pub fn principal_type(&self) -> &'static str {
        match self {
            Self::Owner { .. } => "RootUser",
            Self::User { .. } => "SubUser",
            Self::RoleSession { .. } => "AssumedRoleUser",
            Self::Federated { .. } => "Federated",
            Self::Service { .. } => "Service",
        }
    }

    /// `AuthPrincipalDisplayName` of an access-denied detail (spec ram-policy-language 7.8): a user's id,
    /// `role:session`, or the provider without its account.
    #[must_use]
    pub fn display_name(&self) -> String {
        match self {
            Self::Owner { account } => account.clone(),
            Self::User { id, .. } => id.clone(),
            Self::RoleSession { role, session, .. } => format!("{role}:{session}"),
            Self::Federated { provider } => {
                provider.rsplit_once(':').map_or(provider.as_str(), |(_, name)| name).to_owned()
            }
            Self::Service { name } => name.clone(),
        }
    }
}

/// The form people write: `user/alice`, `role/ops/ci-42`, `root`, with the account before it.
impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RoleSession { account, role, session, .. } => {
                write!(f, "acs:ram::{account}:assumed-role/{role}/{session}")
            }
            other => f.write_str(&other.arn()),
        }
    }
}
