//! What calls to upstreams are signed with: a key of the account, a temporary credential that is renewed in time, or
//! the caller's own key.

mod fetch;
mod source;

use std::sync::Arc;

use jiff::Timestamp;
use secrecy::SecretString;
use serde::Serialize;

pub(super) use self::fetch::SourceError;
pub(super) use self::source::Source;

use self::fetch::{Makings, Means};
use self::source::Good;
use super::config::CredentialSource;
use crate::authn::Caller;
use crate::openapi::CanonicalRequest;
use crate::openapi::sign::{Signer, SigningKey};

/// What the calls to one upstream are signed with.
#[derive(Debug)]
pub(super) enum Credentials {
    /// One key.
    Key(Box<SigningKey>),
    /// Temporary ones, one after the other.
    Renewed(Arc<Source>),
    /// That of whoever calls.
    Caller,
}

/// What one call is signed with.
#[derive(Debug)]
pub(super) enum Signing<'a> {
    Key(&'a SigningKey),
    Renewed(Arc<Good>),
    Caller(&'a Caller),
}

/// How a credential is, for whoever looks after the gate. Nothing of the credential itself is in it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct CredentialState {
    /// Where it comes from.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Whether calls can be signed with it.
    pub(super) usable: bool,
    /// When the last one ends, or ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires: Option<Timestamp>,
    /// When the last one was had.
    #[serde(skip_serializing_if = "Option::is_none")]
    renewed: Option<Timestamp>,
    /// Why the last attempt to renew it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    /// How many attempts succeeded, and how many failed.
    #[serde(skip)]
    pub(super) renewals: Option<[u64; 2]>,
}

impl Credentials {
    /// Those of an upstream for `account`, secrets read. Nobody is asked for any yet.
    pub(super) fn new(source: &CredentialSource, account: &str) -> Result<Self, SourceError> {
        if matches!(source, CredentialSource::Caller) {
            return Ok(Self::Caller);
        }
        let mut makings = Makings::default();
        makings.add(account);
        makings.add(&serde_json::to_string(source).unwrap_or_default());
        let environment = |name: &str| std::env::var(name).ok();
        Ok(match Means::new(source, Some(account), &environment, &mut makings)? {
            Means::Key(credential) => Self::Key(Box::new(SigningKey::new(credential))),
            Means::Fetched(fetcher) => Self::Renewed(Source::new(source.name(), account, *fetcher, makings)),
        })
    }

    /// Takes over the source, and what was had from it, of credentials that come from just the same.
    pub(super) fn succeed(&mut self, before: &Self) {
        if let (Self::Renewed(source), Self::Renewed(before)) = (&mut *self, before)
            && source.is_as(before)
        {
            *source = Arc::clone(before);
        }
    }

    /// The source that renews them.
    pub(super) fn source(&self) -> Option<&Arc<Source>> {
        match self {
            Self::Renewed(source) => Some(source),
            Self::Key(_) | Self::Caller => None,
        }
    }

    /// What a call is signed with at `now`: one of `caller`, or one of the gate's own.
    ///
    /// # Errors
    /// Why there is nothing.
    pub(super) fn signing<'a>(&'a self, caller: Option<&'a Caller>, now: Timestamp) -> Result<Signing<'a>, String> {
        match self {
            Self::Key(key) => Ok(Signing::Key(key)),
            Self::Renewed(source) => source.at(now).map(Signing::Renewed),
            Self::Caller => caller.map(Signing::Caller).ok_or_else(|| "it is called with callers' own keys".to_owned()),
        }
    }

    /// How they are.
    pub(super) fn state(&self, now: Timestamp) -> CredentialState {
        let state =
            |kind| CredentialState { kind, usable: true, expires: None, renewed: None, failure: None, renewals: None };
        match self {
            Self::Key(_) => state("access_key"),
            Self::Caller => state("caller"),
            Self::Renewed(source) => source.state(now),
        }
    }
}

impl Source {
    fn state(&self, now: Timestamp) -> CredentialState {
        let (renewed, failure) = self.told();
        CredentialState {
            kind: self.kind(),
            usable: self.at(now).is_ok(),
            expires: self.expires(),
            renewed,
            failure,
            renewals: Some(self.renewals()),
        }
    }
}

impl Signing<'_> {
    fn signer(&self) -> &dyn Signer {
        match self {
            Self::Key(key) => *key,
            Self::Renewed(good) => &good.key,
            Self::Caller(caller) => *caller,
        }
    }
}

impl Signer for Signing<'_> {
    fn access_key_id(&self) -> &str {
        self.signer().access_key_id()
    }

    fn security_token(&self) -> Option<&SecretString> {
        self.signer().security_token()
    }

    fn acs3_signature(&self, canonical: &CanonicalRequest<'_>) -> String {
        self.signer().acs3_signature(canonical)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::gateway::config::{AccessKey, Endpoint, RamRoleArn, Session, Sts};
    use crate::identity::SecretReference;

    fn of_role(role: &str, secret: &str) -> Credentials {
        let sts_endpoint = Endpoint { tls: true, authority: "sts.aliyuncs.com".to_owned() };
        let key = AccessKey {
            access_key_id: "LTAI".to_owned(),
            secret: SecretReference::Inline(SecretString::from(secret)),
            token: None,
        };
        let source = CredentialSource::RamRoleArn(RamRoleArn {
            role_arn: format!("acs:ram::1234567890123456:role/{role}"),
            session: Session { role_session_name: Some("gate".to_owned()), duration_seconds: Duration::from_secs(900) },
            external_id: None,
            sts: Sts { sts_endpoint, ca: None },
            source: Box::new(CredentialSource::AccessKey(key)),
        });
        Credentials::new(&source, "1234567890123456").unwrap()
    }

    #[test]
    fn a_source_is_taken_over_where_everything_of_it_stays_its_secrets_too() {
        let before = of_role("gate", "one");
        let takes_over = |mut credentials: Credentials| {
            credentials.succeed(&before);
            Arc::ptr_eq(credentials.source().unwrap(), before.source().unwrap())
        };
        assert!(takes_over(of_role("gate", "one")));
        assert!(!takes_over(of_role("gate", "two")));
        assert!(!takes_over(of_role("other", "one")));
    }

    #[test]
    fn no_debug_output_shows_a_secret() {
        let credentials = of_role("gate", "canary-secret");
        assert!(!format!("{credentials:?}").contains("canary"));
    }
}
