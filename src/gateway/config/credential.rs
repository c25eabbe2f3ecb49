//! What calls to an upstream are signed with, and where it comes from.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::Endpoint;
use crate::identity::SecretReference;

/// Where the credential of an upstream comes from. The kinds have the names that Alibaba Cloud's own credentials
/// libraries give them.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CredentialSource {
    /// A key that is named here.
    AccessKey(AccessKey),
    /// The RAM role of the ECS instance that the gate runs on.
    EcsRamRole(EcsRamRole),
    /// A RAM role that STS lets another credential assume.
    RamRoleArn(RamRoleArn),
    /// A RAM role that STS lets the holder of an OpenID Connect token assume.
    OidcRoleArn(OidcRoleArn),
    /// The key that the caller signed with.
    Caller,
}

impl CredentialSource {
    /// Its name in a configuration.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::AccessKey(_) => "access_key",
            Self::EcsRamRole(_) => "ecs_ram_role",
            Self::RamRoleArn(_) => "ram_role_arn",
            Self::OidcRoleArn(_) => "oidc_role_arn",
            Self::Caller => "caller",
        }
    }

    /// It and those that it stands on.
    pub fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |source| match source {
            Self::RamRoleArn(role) => Some(&*role.source),
            _ => None,
        })
    }

    /// Where its secrets are.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretReference> {
        self.chain()
            .flat_map(|source| match source {
                Self::AccessKey(AccessKey { secret, token, .. }) => [Some(secret), token.as_ref()],
                _ => [None, None],
            })
            .flatten()
    }

    /// The STS that it asks, where it asks one.
    pub(in crate::gateway) fn sts(&self) -> Option<&Sts> {
        match self {
            Self::RamRoleArn(RamRoleArn { sts, .. }) | Self::OidcRoleArn(OidcRoleArn { sts, .. }) => Some(sts),
            _ => None,
        }
    }
}

/// A key of the account.
#[derive(Debug, Clone, Serialize)]
pub struct AccessKey {
    /// Its id.
    #[serde(rename = "id")]
    pub access_key_id: String,
    /// Its secret.
    pub secret: SecretReference,
    /// Its security token, for a temporary one.
    pub token: Option<SecretReference>,
}

/// The RAM role of an ECS instance.
#[derive(Debug, Clone, Serialize)]
pub struct EcsRamRole {
    /// Its name; asked for where it is not given.
    pub role_name: Option<String>,
    /// Where the metadata of the instance is.
    pub metadata_endpoint: Endpoint,
}

/// A RAM role that is assumed by means of another credential.
#[derive(Debug, Clone, Serialize)]
pub struct RamRoleArn {
    /// Its ARN.
    pub role_arn: String,
    /// What the session is called, and how long it lasts.
    #[serde(flatten)]
    pub session: Session,
    /// What the role's trust policy may ask for.
    pub external_id: Option<String>,
    /// Who is asked.
    #[serde(flatten)]
    pub sts: Sts,
    /// The credential that assumes it.
    pub source: Box<CredentialSource>,
}

/// A RAM role that is assumed by means of an OpenID Connect token. What is not given is taken from the environment,
/// where Alibaba Cloud's container services put it.
#[derive(Debug, Clone, Serialize)]
pub struct OidcRoleArn {
    /// Its ARN; else `ALIBABA_CLOUD_ROLE_ARN`.
    pub role_arn: Option<String>,
    /// ARN of the provider of the token; else `ALIBABA_CLOUD_OIDC_PROVIDER_ARN`.
    pub oidc_provider_arn: Option<String>,
    /// The file that holds the token; else `ALIBABA_CLOUD_OIDC_TOKEN_FILE`.
    pub oidc_token_file: Option<PathBuf>,
    /// What the session is called, and how long it lasts.
    #[serde(flatten)]
    pub session: Session,
    /// Who is asked.
    #[serde(flatten)]
    pub sts: Sts,
}

/// A session of a role.
#[derive(Debug, Clone, Serialize)]
pub struct Session {
    /// Its name, which the cloud's audit trail shows; else `ALIBABA_CLOUD_ROLE_SESSION_NAME`, and else `ramgate`.
    pub role_session_name: Option<String>,
    /// How long it lasts.
    #[serde(serialize_with = "super::seconds")]
    pub duration_seconds: Duration,
}

/// A Security Token Service.
#[derive(Debug, Clone, Serialize)]
pub struct Sts {
    /// Where it is.
    pub sts_endpoint: Endpoint,
    /// PEM file of further certificate authorities to trust.
    pub ca: Option<PathBuf>,
}
