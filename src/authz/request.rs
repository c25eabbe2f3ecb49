//! The question.

use crate::catalog::Known;
use crate::identity::Principal;
use crate::policy::Context;

/// What kind of access is asked for; it decides which policies take part (spec ram-policy-language 7.2, 7.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Any call but the two below.
    #[default]
    General,
    /// `sts:AssumeRole`: the caller's own policies and the role's trust policy must both allow.
    AssumeRole,
    /// Role SSO by SAML or OIDC: control policies, then the trust policy alone.
    Sso,
}

impl Mode {
    /// The mode of a call for `action`: assuming a role asks the role's trust policy too
    /// (spec ram-policy-language 7.4).
    #[must_use]
    pub fn of_action(action: &str) -> Self {
        if action.eq_ignore_ascii_case("sts:AssumeRole") { Self::AssumeRole } else { Self::General }
    }
}

/// May `principal` do `action` on `resource`?
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Who asks.
    pub principal: &'a Principal,
    /// As in `polardb:CloseDBClusterMigration`.
    pub action: &'a str,
    /// An ARN, or `*` for an action without resource-level authorization.
    pub resource: &'a str,
    /// The account that owns the resource; where it is not given, the account segment of the ARN.
    pub owner: Option<&'a str>,
    /// The resource group of the resource.
    pub resource_group: &'a Known<Option<String>>,
    /// Condition keys.
    pub context: &'a Context,
    /// What kind of access.
    pub mode: Mode,
}

impl<'a> Request<'a> {
    /// The account whose resource it is, as far as the request says: named, or from the ARN, or the caller's own.
    /// What is no account id in an ARN (`system`, `*`, nothing) names no account.
    #[must_use]
    pub fn owner_account(&self) -> Option<&'a str> {
        let in_arn = || self.resource.split(':').nth(3).filter(|account| is_account(account));
        self.owner.or_else(in_arn).or_else(|| self.principal.account())
    }
}

fn is_account(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_assumes_a_role_is_asked_for_as_such() {
        for (action, expected) in [
            ("sts:AssumeRole", Mode::AssumeRole),
            ("STS:assumerole", Mode::AssumeRole),
            ("sts:AssumeRoleWithOIDC", Mode::General),
            ("ram:AssumeRole", Mode::General),
        ] {
            assert_eq!(Mode::of_action(action), expected, "{action}");
        }
    }

    #[test]
    fn the_owner_is_the_one_named_or_that_of_the_arn_or_the_caller() {
        let principal = Principal::User { account: "1".into(), name: "alice".into(), id: "2".into() };
        for (owner, resource, expected) in [
            (Some("3"), "acs:polardb:r:4:x", "3"),
            (None, "acs:polardb:r:4:x", "4"),
            (None, "acs:polardb:r:system:x", "1"),
            (None, "acs:polardb:r:4a:x", "1"),
            (None, "acs:polardb:r:*:x", "1"),
            (None, "acs:polardb:r::x", "1"),
            (None, "*", "1"),
        ] {
            let request = Request {
                principal: &principal,
                action: "polardb:CloseX",
                resource,
                owner,
                resource_group: &Known::Unknown,
                context: &Context::new(),
                mode: Mode::General,
            };
            assert_eq!(request.owner_account(), Some(expected), "{owner:?} {resource}");
        }
    }
}
