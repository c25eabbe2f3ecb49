//! `Principal` elements of trust and bucket policies (spec ram-policy-language 1.4, 7.4, 7.6, 8).

use std::fmt;

use super::{Arn, Case, Pattern, Written};

/// A caller as `Principal` elements may name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the parts of the ARNs in spec ram-policy-language 8")]
pub enum PrincipalNames<'a> {
    /// The account itself.
    Owner { account: &'a str },
    /// A RAM user.
    User { account: &'a str, name: &'a str, id: &'a str },
    /// A session of a role.
    RoleSession { account: &'a str, role: &'a str, session: &'a str },
    /// A user of the identity provider with this ARN.
    Federated { provider: &'a str },
    /// A service, as in `ecs.aliyuncs.com`.
    Service { name: &'a str },
}

/// Whom a statement is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrincipalClause {
    /// Of a trust policy.
    Trust {
        /// Under `RAM`.
        ram: Vec<RamPrincipal>,
        /// Under `Service`.
        service: Vec<Written>,
        /// Under `Federated`.
        federated: Vec<Written>,
    },
    /// Of a bucket policy.
    List(Vec<ListedPrincipal>),
}

/// An element under `RAM`, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RamPrincipal {
    /// `*`: every account.
    Anyone,
    /// `acs:ram::ACCOUNT:root`: every user and role of the account that its own policies allow.
    Account(Box<str>),
    /// `acs:ram::ACCOUNT:user/NAME`.
    User {
        /// The account.
        account: Box<str>,
        /// The user's name.
        name: Box<str>,
    },
    /// `acs:ram::ACCOUNT:role/NAME`: every session of it.
    Role {
        /// The account.
        account: Box<str>,
        /// The role's name.
        name: Box<str>,
    },
}

/// An element of a bucket policy's list, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListedPrincipal {
    /// `*`: without a condition everyone but the owner, with one everyone (spec ram-policy-language 7.6).
    Anyone,
    /// Digits: a user's id, or an account's for its owner.
    Id(Box<str>),
    /// `arn:sts::ACCOUNT:assumed-role/ROLE/SESSION`, where the session may be a pattern.
    Session(Pattern),
}

impl RamPrincipal {
    /// Reads an element; `None` where it has none of the forms. A wildcard within an ARN is none: the service
    /// takes names of principals that exist (spec ram-policy-language 1.4).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Anyone);
        }
        let (account, relative) = Arn::of_identity(text)?;
        if relative.contains(['*', '?']) {
            return None;
        }
        let name = |name: &str| (!name.is_empty() && !name.contains('/')).then(|| name.into());
        let account = account.into();
        match relative.split_once('/') {
            None if relative == "root" => Some(Self::Account(account)),
            Some(("user", user)) => Some(Self::User { account, name: name(user)? }),
            Some(("role", role)) => Some(Self::Role { account, name: name(role)? }),
            _ => None,
        }
    }

    fn matches(&self, names: &PrincipalNames<'_>) -> bool {
        match (self, names) {
            (_, PrincipalNames::Service { .. } | PrincipalNames::Federated { .. }) => false,
            (Self::Anyone, _) => true,
            (
                Self::Account(own),
                PrincipalNames::Owner { account }
                | PrincipalNames::User { account, .. }
                | PrincipalNames::RoleSession { account, .. },
            ) => **own == **account,
            (Self::User { account: own, name: wanted }, PrincipalNames::User { account, name, .. }) => {
                **own == **account && **wanted == **name
            }
            (Self::Role { account: own, name: wanted }, PrincipalNames::RoleSession { account, role, .. }) => {
                **own == **account && **wanted == **role
            }
            (Self::User { .. } | Self::Role { .. }, _) => false,
        }
    }
}

impl ListedPrincipal {
    /// Reads an element; `None` where it has none of the forms.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Anyone);
        }
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Self::Id(text.into()));
        }
        let (account, relative) = text.strip_prefix("arn:sts::")?.split_once(':')?;
        let (role, session) = relative.strip_prefix("assumed-role/")?.split_once('/')?;
        let digits = !account.is_empty() && account.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || role.is_empty() || role.contains(['*', '?']) || session.is_empty() {
            return None;
        }
        Some(Self::Session(Pattern::new(text, Case::Exact)))
    }

    fn matches(&self, names: &PrincipalNames<'_>, conditional: bool) -> bool {
        match (self, names) {
            (Self::Anyone, PrincipalNames::Owner { .. }) => conditional,
            (Self::Anyone, _) => true,
            (Self::Id(own), PrincipalNames::User { id, .. }) => **own == **id,
            (Self::Id(own), PrincipalNames::Owner { account }) => **own == **account,
            (Self::Session(pattern), PrincipalNames::RoleSession { account, role, session }) => {
                pattern.matches(&format!("arn:sts::{account}:assumed-role/{role}/{session}"))
            }
            (Self::Id(_) | Self::Session(_), _) => false,
        }
    }
}

impl fmt::Display for RamPrincipal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anyone => f.write_str("*"),
            Self::Account(account) => write!(f, "acs:ram::{account}:root"),
            Self::User { account, name } => write!(f, "acs:ram::{account}:user/{name}"),
            Self::Role { account, name } => write!(f, "acs:ram::{account}:role/{name}"),
        }
    }
}

impl fmt::Display for ListedPrincipal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anyone => f.write_str("*"),
            Self::Id(id) => f.write_str(id),
            Self::Session(pattern) => f.write_str(pattern.as_str()),
        }
    }
}

impl PrincipalClause {
    /// Every principal that it names, as a policy writes it, and whether it is one of `names`; `conditional` as for
    /// [`matches`](Self::matches).
    pub(crate) fn entries(&self, names: &PrincipalNames<'_>, conditional: bool) -> Vec<(String, bool)> {
        match self {
            Self::Trust { ram, service, federated } => {
                let service = service.iter().map(|written| {
                    (&written.text, matches!(names, PrincipalNames::Service { name } if **name == *written.text))
                });
                let federated = federated.iter().map(|written| {
                    (
                        &written.text,
                        matches!(names, PrincipalNames::Federated { provider } if **provider == *written.text),
                    )
                });
                let others = service.chain(federated).map(|(text, named)| (text.to_string(), named));
                ram.iter().map(|principal| (principal.to_string(), principal.matches(names))).chain(others).collect()
            }
            Self::List(listed) => {
                listed.iter().map(|listed| (listed.to_string(), listed.matches(names, conditional))).collect()
            }
        }
    }

    /// Whether the statement is about `names`; `conditional` says whether it has a condition, which in a bucket
    /// policy changes whom `*` reaches.
    #[must_use]
    pub fn matches(&self, names: &PrincipalNames<'_>, conditional: bool) -> bool {
        match self {
            Self::Trust { ram, service, federated } => match names {
                PrincipalNames::Service { name } => service.iter().any(|written| *written.text == **name),
                PrincipalNames::Federated { provider } => federated.iter().any(|written| *written.text == **provider),
                _ => ram.iter().any(|principal| principal.matches(names)),
            },
            Self::List(listed) => listed.iter().any(|principal| principal.matches(names, conditional)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "1234567890123456";
    const OTHER: &str = "6543210987654321";
    const OWNER: PrincipalNames<'_> = PrincipalNames::Owner { account: ACCOUNT };
    const ALICE: PrincipalNames<'_> = PrincipalNames::User { account: ACCOUNT, name: "alice", id: "2234567890123456" };
    const SESSION: PrincipalNames<'_> = PrincipalNames::RoleSession { account: ACCOUNT, role: "ops", session: "s1" };
    const ECS: PrincipalNames<'_> = PrincipalNames::Service { name: "ecs.aliyuncs.com" };
    const OIDC: PrincipalNames<'_> =
        PrincipalNames::Federated { provider: "acs:ram::1234567890123456:oidc-provider/ack" };

    fn names_of(matches: impl Fn(&PrincipalNames<'_>) -> bool) -> Vec<&'static str> {
        let all = [("owner", OWNER), ("alice", ALICE), ("session", SESSION), ("ecs", ECS), ("oidc", OIDC)];
        all.iter().filter(|(_, names)| matches(names)).map(|(name, _)| *name).collect()
    }

    fn trust(ram: &[&str], service: &[&str], federated: &[&str]) -> PrincipalClause {
        let written = |texts: &[&str]| {
            texts.iter().map(|text| Written { text: (*text).into(), span: crate::json::Span::default() }).collect()
        };
        PrincipalClause::Trust {
            ram: ram.iter().map(|text| RamPrincipal::parse(text).unwrap()).collect(),
            service: written(service),
            federated: written(federated),
        }
    }

    #[test]
    fn a_trust_policy_trusts_whom_it_names() {
        for (text, trusted) in [
            ("acs:ram::1234567890123456:root", &["owner", "alice", "session"][..]),
            ("acs:ram::1234567890123456:user/alice", &["alice"]),
            ("acs:ram::1234567890123456:user/carol", &[]),
            ("acs:ram::1234567890123456:user/Alice", &[]),
            ("acs:ram::1234567890123456:role/ops", &["session"]),
            ("acs:ram::1234567890123456:role/dev", &[]),
            ("acs:ram::6543210987654321:role/ops", &[]),
            ("acs:ram::6543210987654321:root", &[]),
            ("acs:ram::6543210987654321:user/alice", &[]),
            ("*", &["owner", "alice", "session"]),
        ] {
            assert_eq!(names_of(|names| trust(&[text], &[], &[]).matches(names, false)), trusted, "{text}");
        }
        let service = trust(&[], &["rds.aliyuncs.com", "ecs.aliyuncs.com"], &[]);
        assert_eq!(names_of(|names| service.matches(names, false)), ["ecs"]);
        let federated = trust(&[], &[], &["acs:ram::1234567890123456:oidc-provider/ack"]);
        assert_eq!(names_of(|names| federated.matches(names, true)), ["oidc"]);
        let two = trust(&["acs:ram::6543210987654321:root"], &["ecs.aliyuncs.com"], &[]);
        let foreign = PrincipalNames::User { account: OTHER, name: "bob", id: "2543210987654321" };
        assert!(two.matches(&foreign, false) && two.matches(&ECS, false) && !two.matches(&ALICE, false));
    }

    #[test]
    fn a_bucket_policy_is_about_whom_it_lists() {
        for (text, conditional, listed) in [
            ("*", false, &["alice", "session", "ecs", "oidc"][..]),
            ("*", true, &["owner", "alice", "session", "ecs", "oidc"]),
            ("2234567890123456", false, &["alice"]),
            ("1234567890123456", false, &["owner"]),
            ("223456789012345", false, &[]),
            ("arn:sts::1234567890123456:assumed-role/ops/*", false, &["session"]),
            ("arn:sts::1234567890123456:assumed-role/ops/s1", false, &["session"]),
            ("arn:sts::1234567890123456:assumed-role/ops/s?", false, &["session"]),
            ("arn:sts::1234567890123456:assumed-role/ops/s2", false, &[]),
            ("arn:sts::1234567890123456:assumed-role/dev/*", false, &[]),
            ("arn:sts::6543210987654321:assumed-role/ops/*", false, &[]),
        ] {
            let clause = PrincipalClause::List(vec![ListedPrincipal::parse(text).unwrap()]);
            assert_eq!(names_of(|names| clause.matches(names, conditional)), listed, "{text} {conditional}");
        }
    }

    #[test]
    fn what_names_nobody_is_not_read() {
        for text in [
            "",
            "alice",
            "acs:ram::1234567890123456:user/*",
            "acs:ram::1234567890123456:user/",
            "acs:ram::1234567890123456:role/ops/s1",
            "acs:ram::1234567890123456:group/dba",
            "acs:ram::*:root",
            "acs:oss::1234567890123456:root",
            "acs:ram::acme:root",
            "acs:ram:1234567890123456:root",
            "ACS:RAM::1234567890123456:root",
            "1234567890123456",
        ] {
            assert_eq!(RamPrincipal::parse(text), None, "{text}");
        }
        for text in [
            "",
            "alice",
            "22*",
            "acs:ram::1234567890123456:user/alice",
            "acs:sts::1234567890123456:assumed-role/ops/*",
            "arn:sts::1234567890123456:assumed-role/ops",
            "arn:sts::1234567890123456:assumed-role/ops/",
            "arn:sts::1234567890123456:assumed-role/*/*",
            "arn:sts::1234567890123456:assumed-role//s1",
            "arn:sts::*:assumed-role/ops/*",
            "arn:sts::1234567890123456:role/ops/s1",
        ] {
            assert_eq!(ListedPrincipal::parse(text), None, "{text}");
        }
    }
}
