//! Which principals something is for.

use std::fmt;

use super::Principal;
use crate::policy::{Case, Pattern};

/// A pattern of RAM over the names of principals: `user/ci*`, `role/ops`, `role/ops/ci-42`, `root`, `*`, or any of them
/// with the account before it, as in `acs:ram::1234567890123456:user/*`.
///
/// ```
/// use ramgate::identity::{Principal, PrincipalPattern};
///
/// let alice: Principal = "acs:ram::1234567890123456:user/alice".parse()?;
/// assert!(PrincipalPattern::parse("user/a*")?.matches(&alice));
/// assert!(PrincipalPattern::parse("acs:ram::1234567890123456:*")?.matches(&alice));
/// assert!(!PrincipalPattern::parse("role/*")?.matches(&alice));
/// assert!(PrincipalPattern::parse("alice").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalPattern(Pattern);

/// A text that is the pattern of no principal's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` matches no principal: write `user/NAME`, `role/NAME`, `role/NAME/SESSION` or `root`, where `*` and `?` may \
     stand for anything, `*` alone for everyone, and `acs:ram::ACCOUNT:` may come before it"
)]
pub struct InvalidPrincipalPattern {
    text: String,
}

/// What the part of a name after the account can begin with.
const KINDS: [&str; 3] = ["user/", "role/", "assumed-role/"];
const OWNER: &str = "root";
const ANY_ACCOUNT: &str = "acs:ram::";

impl PrincipalPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`InvalidPrincipalPattern`] where no principal has a name like it.
    pub fn parse(text: &str) -> Result<Self, InvalidPrincipalPattern> {
        let relative = match text.strip_prefix(ANY_ACCOUNT) {
            Some(rest) => rest.split_once(':').map_or(rest, |(_, relative)| relative),
            None => text,
        };
        // A wildcard may stand for any part of the beginning.
        let literal = relative.split(['*', '?']).next().unwrap_or_default();
        let wild = literal.len() < relative.len();
        let known = KINDS.iter().any(|kind| {
            literal.strip_prefix(kind).is_some_and(|name| wild || !name.is_empty())
                || (wild && kind.starts_with(literal))
        });
        let owner = if wild { OWNER.starts_with(literal) } else { literal == OWNER };
        if known || owner {
            Ok(Self(Pattern::new(text, Case::Exact)))
        } else {
            Err(InvalidPrincipalPattern { text: text.to_owned() })
        }
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether one of the names of `principal` matches. A session has its own name and that of its role.
    #[must_use]
    pub fn matches(&self, principal: &Principal) -> bool {
        let matches = |account: &str, name: &str| {
            let name = format!("{ANY_ACCOUNT}{account}:{name}");
            let relative = name.get(ANY_ACCOUNT.len() + account.len() + 1..);
            self.0.matches(&name) || relative.is_some_and(|relative| self.0.matches(relative))
        };
        match principal {
            Principal::Owner { account } => matches(account, OWNER),
            Principal::User { account, name, .. } => matches(account, &format!("user/{name}")),
            Principal::RoleSession { account, role, session, .. } => {
                matches(account, &format!("role/{role}"))
                    || matches(account, &format!("assumed-role/{role}"))
                    || matches(account, &format!("role/{role}/{session}"))
                    || matches(account, &format!("assumed-role/{role}/{session}"))
            }
            // Neither makes calls of its own that are decided by account.
            Principal::Federated { .. } | Principal::Service { .. } => false,
        }
    }
}

impl fmt::Display for PrincipalPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_the_names_that_people_write_for_a_principal() {
        let alice: Principal = "acs:ram::1234567890123456:user/alice".parse().unwrap();
        let session: Principal = "acs:ram::1234567890123456:assumed-role/ops/ci-42".parse().unwrap();
        let owner: Principal = "acs:ram::1234567890123456:root".parse().unwrap();
        for (pattern, of_alice, of_session, of_owner) in [
            ("*", true, true, true),
            ("user/alice", true, false, false),
            ("user/*", true, false, false),
            ("user/Alice", false, false, false),
            ("us*", true, false, false),
            ("role/ops", false, true, false),
            ("role/ops/ci-*", false, true, false),
            ("assumed-role/ops/ci-42", false, true, false),
            ("assumed-role/ops", false, true, false),
            ("role/op", false, false, false),
            ("root", false, false, true),
            ("acs:ram::1234567890123456:*", true, true, true),
            ("acs:ram::6543210987654321:*", false, false, false),
            ("acs:ram::*:user/?lice", true, false, false),
        ] {
            let pattern = PrincipalPattern::parse(pattern).unwrap();
            let found = [&alice, &session, &owner].map(|principal| pattern.matches(principal));
            assert_eq!(found, [of_alice, of_session, of_owner], "{pattern}");
        }
    }

    #[test]
    fn what_no_principal_is_called_is_refused() {
        for text in
            ["", "alice", "users/alice", "user", "user/", "ci*", "acs:ram::1:group/dba", "acs:polardb:*", "group/*"]
        {
            assert!(PrincipalPattern::parse(text).is_err(), "{text}");
        }
    }
}
