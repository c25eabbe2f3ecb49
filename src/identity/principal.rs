//! Who asks.

use std::fmt;
use std::str::FromStr;

use super::is_account_id;
use crate::policy::Arn;

/// What a session is called where only its role is named.
pub(super) const UNNAMED_SESSION: &str = "unnamed";

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

/// A text that names no principal by itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` names no principal: write `acs:ram::ACCOUNT:` and `root`, `user/NAME`, `role/NAME/SESSION`, \
     `saml-provider/NAME` or `oidc-provider/NAME`, where ACCOUNT is 16 digits, or a service as in `ecs.aliyuncs.com`"
)]
pub struct InvalidPrincipal {
    text: String,
}

/// Reads the whole name of a principal, as [`Display`](fmt::Display) writes it. A role may stand without a session.
///
/// The name of a user does not say its id, which is then empty: no bucket policy names such a user. That of a session
/// does not say whether it has a policy.
///
/// ```
/// use ramgate::identity::Principal;
///
/// let session: Principal = "acs:ram::1234567890123456:role/ops/ci-42".parse()?;
/// assert_eq!(session.to_string(), "acs:ram::1234567890123456:assumed-role/ops/ci-42");
/// # Ok::<(), ramgate::identity::InvalidPrincipal>(())
/// ```
impl FromStr for Principal {
    type Err = InvalidPrincipal;

    fn from_str(text: &str) -> Result<Self, InvalidPrincipal> {
        read(text).ok_or_else(|| InvalidPrincipal { text: text.to_owned() })
    }
}

fn read(text: &str) -> Option<Principal> {
    if text.strip_suffix(".aliyuncs.com").is_some_and(|name| !name.is_empty() && !name.contains([':', '/'])) {
        return Some(Principal::Service { name: text.to_owned() });
    }
    let arn = Arn::parse(text).filter(|arn| arn.service == "ram" && arn.region.is_empty())?;
    if !is_account_id(arn.account) || arn.relative.contains([':', '*', '?']) {
        return None;
    }
    let account = arn.account.to_owned();
    let name = |name: &str| (!name.is_empty() && !name.contains('/')).then(|| name.to_owned());
    match arn.relative.split_once('/') {
        None if arn.relative == "root" => Some(Principal::Owner { account }),
        Some(("user", user)) => Some(Principal::User { account, name: name(user)?, id: String::new() }),
        Some(("role" | "assumed-role", role)) => {
            let (role, session) = role.split_once('/').unwrap_or((role, UNNAMED_SESSION));
            Some(Principal::RoleSession { account, role: name(role)?, session: name(session)?, policy: None })
        }
        Some(("saml-provider" | "oidc-provider", provider)) => {
            name(provider)?;
            Some(Principal::Federated { provider: text.to_owned() })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_principal_is_read_from_the_name_it_is_shown_by() {
        for name in [
            "acs:ram::1234567890123456:root",
            "acs:ram::1234567890123456:user/alice@acme",
            "acs:ram::1234567890123456:assumed-role/ops/ci-42",
            "acs:ram::1234567890123456:saml-provider/corp",
            "acs:ram::1234567890123456:oidc-provider/ack",
            "ecs.aliyuncs.com",
        ] {
            assert_eq!(name.parse::<Principal>().unwrap().to_string(), name);
        }
        let role: Principal = "acs:ram::1234567890123456:role/ops".parse().unwrap();
        assert_eq!(role.arn(), "acs:ram::1234567890123456:role/ops");
    }

    #[test]
    fn what_names_nobody_is_refused_with_the_forms_there_are() {
        for name in [
            "",
            "alice",
            "user/alice",
            "acs:ram::1234567890123456:user/",
            "acs:ram::1234567890123456:user/*",
            "acs:ram::1234567890123456:group/dba",
            "acs:ram::1234567890123456:role/ops/a/b",
            "acs:ram::1234567890123456:role/ops/",
            "acs:ram::123:user/alice",
            "acs:ram:cn-hangzhou:1234567890123456:user/alice",
            "acs:sts::1234567890123456:assumed-role/ops/ci-42",
            ".aliyuncs.com",
        ] {
            let error = name.parse::<Principal>().unwrap_err().to_string();
            assert!(error.contains(name) && error.contains("role/NAME/SESSION"), "{error}");
        }
    }
}
