//! Getting a temporary credential from where the configuration says: instance metadata, or STS.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::io::AsyncReadExt;

use crate::catalog::Parameters;
use crate::gateway::config::{
    AccessKey, CredentialSource, EcsRamRole, OidcRoleArn, RamRoleArn, Session, Sts, account_of_role, is_provider_arn,
    is_role_name, is_session_name,
};
use crate::gateway::tls::TlsError;
use crate::gateway::upstream::{Answer, Bounds, Channel, METADATA_TOKEN, UpstreamError};
use crate::openapi::Format;
use crate::openapi::sign::{Credential, SignedRequest, SigningRequest, sign_acs3, unsigned};
use crate::store::secret::{self, SecretError};

/// The version of STS's API.
const STS_VERSION: &str = "2015-04-01";

/// How long the gate's own call to STS may take.
const OF_STS: Bounds = Bounds {
    connect: Duration::from_secs(5),
    first_byte: Duration::from_secs(10),
    total: Duration::from_secs(10),
    answer_bytes: 64 * 1024,
};

/// How long instance metadata may take, which are on the machine itself.
const OF_METADATA: Bounds = Bounds {
    connect: Duration::from_secs(2),
    first_byte: Duration::from_secs(5),
    total: Duration::from_secs(5),
    answer_bytes: 64 * 1024,
};

/// Where the roles of an instance are.
const ROLES: &str = "/latest/meta-data/ram/security-credentials/";

/// Seconds that a token for the metadata is good for: it is used at once.
const METADATA_TOKEN_SECONDS: &str = "60";

/// Bytes of an OpenID Connect token; STS takes 20,000.
const TOKEN_BYTES: u64 = 64 * 1024;

/// What the session of a role is called where nobody says.
const SESSION_NAME: &str = "ramgate";

/// Variables of the environment that stand in for what a configuration leaves out.
const ROLE_ARN: &str = "ALIBABA_CLOUD_ROLE_ARN";
const OIDC_PROVIDER_ARN: &str = "ALIBABA_CLOUD_OIDC_PROVIDER_ARN";
const OIDC_TOKEN_FILE: &str = "ALIBABA_CLOUD_OIDC_TOKEN_FILE";
const ROLE_SESSION_NAME: &str = "ALIBABA_CLOUD_ROLE_SESSION_NAME";

/// A source of credentials that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(in crate::gateway) enum SourceError {
    #[error("cannot be read: {0}")]
    Secret(#[from] SecretError),
    #[error("cannot be asked for: {0}")]
    Tls(#[from] TlsError),
    #[error(
        "cannot be asked for: neither `{field}` is given nor the environment variable `{variable}` set: give one of them"
    )]
    Missing { field: &'static str, variable: &'static str },
    #[error("cannot be asked for: the environment variable `{variable}` holds no {what}")]
    Environment { variable: &'static str, what: &'static str },
    #[error(
        "cannot be asked for: `{ROLE_ARN}` of the environment names a role of account {of}, and the upstream is for {account}"
    )]
    Account { of: String, account: String },
    #[error("cannot be asked for: callers' own keys assume no role")]
    Caller,
}

/// Why no credential was had. No message holds any of one.
#[derive(Debug, thiserror::Error)]
pub(in crate::gateway) enum FetchError {
    #[error(transparent)]
    Exchange(#[from] UpstreamError),
    #[error("`{authority}` gives no {what}: it answers {status}{code}")]
    Refused { authority: String, what: &'static str, status: u16, code: String },
    #[error("`{authority}` gives no {what} that can be read")]
    Unreadable { authority: String, what: &'static str },
    #[error("the credential that `{authority}` gives ended at {ended}: look at the clocks")]
    Ended { authority: String, ended: Timestamp },
    #[error("the token file `{}` cannot be read: {reason}", path.display())]
    TokenFile { path: PathBuf, reason: String },
}

/// Gets one credential after the other from a source.
pub(super) enum Fetcher {
    Metadata {
        channel: Channel,
        role: Option<String>,
    },
    AssumeRole {
        channel: Channel,
        parameters: Parameters,
        source: Box<Means>,
    },
    Oidc {
        channel: Channel,
        /// All but the token.
        parameters: Vec<(&'static str, String)>,
        token_file: PathBuf,
    },
}

/// By what a role is assumed.
pub(super) enum Means {
    Key(Credential),
    Fetched(Box<Fetcher>),
}

/// What a source is made of, to tell whether another is the same: its secrets are in it.
#[derive(Default)]
pub(super) struct Makings(Zeroizing<String>);

impl Makings {
    pub(super) fn add(&mut self, part: &str) {
        self.0.push_str(part);
        self.0.push('\0');
    }

    pub(super) fn into_secret(self) -> SecretString {
        SecretString::from(self.0.as_str())
    }
}

/// What the environment holds under a name.
pub(super) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Means {
    /// The means that `source` has, its secrets read; nobody is asked yet. What it gives is for `account`, where that is
    /// not left to what it assumes.
    pub(super) fn new(
        source: &CredentialSource,
        account: Option<&str>,
        environment: Environment<'_>,
        makings: &mut Makings,
    ) -> Result<Self, SourceError> {
        Ok(Self::Fetched(Box::new(match source {
            CredentialSource::Caller => return Err(SourceError::Caller),
            CredentialSource::AccessKey(key) => {
                let credential = read_key(key)?;
                makings.add(credential.secret.expose_secret());
                makings.add(credential.security_token.as_ref().map_or("", |token| token.expose_secret()));
                return Ok(Self::Key(credential));
            }
            CredentialSource::EcsRamRole(EcsRamRole { role_name, metadata_endpoint }) => Fetcher::Metadata {
                channel: Channel::new(metadata_endpoint, None, OF_METADATA)?,
                role: role_name.clone(),
            },
            CredentialSource::RamRoleArn(role) => Fetcher::of_role(role, environment, makings)?,
            CredentialSource::OidcRoleArn(role) => Fetcher::of_oidc(role, account, environment, makings)?,
        })))
    }

    async fn credential(&self) -> Result<Credential, FetchError> {
        match self {
            Self::Key(credential) => Ok(credential.clone()),
            Self::Fetched(fetcher) => Ok(Box::pin(fetcher.fetch()).await?.0),
        }
    }
}

impl Fetcher {
    fn of_role(role: &RamRoleArn, environment: Environment<'_>, makings: &mut Makings) -> Result<Self, SourceError> {
        let RamRoleArn { role_arn, session, external_id, sts, source } = role;
        let mut pairs = session_of(role_arn.clone(), session, environment)?;
        pairs.extend(external_id.clone().map(|id| ("ExternalId", id)));
        let mut parameters = Parameters::new();
        for (name, value) in pairs {
            makings.add(&value);
            // Names that stand once.
            drop(parameters.insert(name, value));
        }
        let source = Box::new(Means::new(source, None, environment, makings)?);
        Ok(Self::AssumeRole { channel: of_sts(sts)?, parameters, source })
    }

    fn of_oidc(
        role: &OidcRoleArn,
        account: Option<&str>,
        environment: Environment<'_>,
        makings: &mut Makings,
    ) -> Result<Self, SourceError> {
        let OidcRoleArn { role_arn, oidc_provider_arn, oidc_token_file, session, sts } = role;
        let role_arn = match role_arn {
            Some(arn) => arn.clone(),
            None => role_of_environment(account, environment)?,
        };
        let provider = match oidc_provider_arn {
            Some(arn) => arn.clone(),
            None => Some(variable(environment, "oidc_provider_arn", OIDC_PROVIDER_ARN)?)
                .filter(|arn| is_provider_arn(arn))
                .ok_or(SourceError::Environment { variable: OIDC_PROVIDER_ARN, what: "ARN of a provider" })?,
        };
        let token_file = match oidc_token_file {
            Some(path) => path.clone(),
            None => variable(environment, "oidc_token_file", OIDC_TOKEN_FILE)?.into(),
        };
        let mut parameters = session_of(role_arn, session, environment)?;
        parameters.push(("OIDCProviderArn", provider));
        parameters.iter().for_each(|(_, value)| makings.add(value));
        makings.add(&token_file.display().to_string());
        Ok(Self::Oidc { channel: of_sts(sts)?, parameters, token_file })
    }

    /// A credential, and when it ends.
    pub(super) async fn fetch(&self) -> Result<(Credential, Timestamp), FetchError> {
        match self {
            Self::Metadata { channel, role } => of_metadata(channel, role.as_deref()).await,
            Self::AssumeRole { channel, parameters, source } => {
                let credential = source.credential().await?;
                let request = sign_acs3(&SigningRequest {
                    host: &channel.endpoint().authority,
                    action: "AssumeRole",
                    version: STS_VERSION,
                    parameters,
                    credential: &credential,
                    date: Timestamp::now(),
                    nonce: &uuid::Uuid::new_v4().to_string(),
                    format: Format::Json,
                });
                of_answer(channel, channel.send_once(request).await?)
            }
            Self::Oidc { channel, parameters, token_file } => {
                // Read each time: whoever issues tokens puts a new one there before the old one ends.
                let token = read_token(token_file).await?;
                let mut all = Parameters::new();
                let pairs = parameters.iter().map(|(name, value)| (*name, value.as_str()));
                for (name, value) in pairs.chain([("OIDCToken", token.expose_secret())]) {
                    drop(all.insert(name, value));
                }
                let host = &channel.endpoint().authority;
                let request = unsigned(host, "AssumeRoleWithOIDC", STS_VERSION, &all, Timestamp::now());
                of_answer(channel, channel.send_once(request).await?)
            }
        }
    }
}

/// The key of an `access_key` credential.
pub(super) fn read_key(key: &AccessKey) -> Result<Credential, SecretError> {
    Ok(Credential {
        access_key_id: key.access_key_id.clone(),
        secret: secret::read(&key.secret)?,
        security_token: key.token.as_ref().map(secret::read).transpose()?,
    })
}

fn of_sts(sts: &Sts) -> Result<Channel, TlsError> {
    Channel::new(&sts.sts_endpoint, sts.ca.as_deref(), OF_STS)
}

fn variable(environment: Environment<'_>, field: &'static str, variable: &'static str) -> Result<String, SourceError> {
    environment(variable).filter(|value| !value.is_empty()).ok_or(SourceError::Missing { field, variable })
}

/// The role that the environment names: one of `account`, as if it stood in the configuration (spec gate-rules G1).
fn role_of_environment(account: Option<&str>, environment: Environment<'_>) -> Result<String, SourceError> {
    let arn = variable(environment, "role_arn", ROLE_ARN)?;
    let Some(of) = account_of_role(&arn) else {
        return Err(SourceError::Environment { variable: ROLE_ARN, what: "ARN of a role" });
    };
    match account {
        Some(account) if account != of => Err(SourceError::Account { of: of.to_owned(), account: account.to_owned() }),
        _ => Ok(arn),
    }
}

fn session_of(
    role_arn: String,
    session: &Session,
    environment: Environment<'_>,
) -> Result<Vec<(&'static str, String)>, SourceError> {
    let of_environment = || environment(ROLE_SESSION_NAME).filter(|name| !name.is_empty());
    let name = session.role_session_name.clone().or_else(of_environment).unwrap_or_else(|| SESSION_NAME.to_owned());
    if !is_session_name(&name) {
        return Err(SourceError::Environment { variable: ROLE_SESSION_NAME, what: "name of a session" });
    }
    let seconds = session.duration_seconds.as_secs().to_string();
    Ok(vec![("RoleArn", role_arn), ("RoleSessionName", name), ("DurationSeconds", seconds)])
}

async fn read_token(path: &Path) -> Result<SecretString, FetchError> {
    let unreadable = |reason: String| FetchError::TokenFile { path: path.to_owned(), reason };
    let file = tokio::fs::File::open(path).await.map_err(|error| unreadable(error.to_string()))?;
    let mut text = Zeroizing::new(String::new());
    file.take(TOKEN_BYTES).read_to_string(&mut text).await.map_err(|error| unreadable(error.to_string()))?;
    match text.trim() {
        "" => Err(unreadable("it is empty".to_owned())),
        token => Ok(SecretString::from(token)),
    }
}

/// The credential of the instance's role. A token is asked for first, which no request that somebody else can steer the
/// gate to would do; there is no way without.
async fn of_metadata(channel: &Channel, role: Option<&str>) -> Result<(Credential, Timestamp), FetchError> {
    let seconds = [("x-aliyun-ecs-metadata-token-ttl-seconds", METADATA_TOKEN_SECONDS)];
    let token = metadata(channel, "PUT", "/latest/api/token", &seconds, "token for its metadata").await?;
    let token = [(METADATA_TOKEN, token.as_str())];
    let role = match role {
        Some(role) => role.to_owned(),
        None => {
            let what = "name of a RAM role";
            let name = metadata(channel, "GET", ROLES, &token, what).await?;
            let unreadable = || FetchError::Unreadable { authority: channel.endpoint().authority.clone(), what };
            Some(name.trim()).filter(|name| is_role_name(name)).ok_or_else(unreadable)?.to_owned()
        }
    };
    let what = "credential of the instance's role";
    let text = metadata(channel, "GET", &format!("{ROLES}{role}"), &token, what).await?;
    let unreadable = || FetchError::Unreadable { authority: channel.endpoint().authority.clone(), what };
    let answer: OfMetadata = serde_json::from_str(&text).map_err(|_| unreadable())?;
    if answer.code != "Success" {
        return Err(refused(channel, what, 200, &answer.code));
    }
    answer.keys.ok_or_else(unreadable)?.credential(channel)
}

async fn metadata(
    channel: &Channel,
    method: &'static str,
    path: &str,
    headers: &[(&'static str, &str)],
    what: &'static str,
) -> Result<String, FetchError> {
    let authority = channel.endpoint().authority.as_str();
    let headers = headers.iter().copied().chain([("host", authority)]);
    let request = SignedRequest {
        method,
        target: path.to_owned(),
        headers: headers.map(|(name, value)| (name.into(), value.to_owned())).collect(),
        body: bytes::Bytes::new(),
    };
    let answer = channel.send_once(request).await?;
    if !answer.status.is_success() {
        return Err(refused(channel, what, answer.status.as_u16(), ""));
    }
    String::from_utf8(answer.body.to_vec())
        .map_err(|_| FetchError::Unreadable { authority: authority.to_owned(), what })
}

fn refused(channel: &Channel, what: &'static str, status: u16, code: &str) -> FetchError {
    // The code alone: a message may repeat what was sent.
    let code: String = code.chars().filter(|letter| letter.is_ascii_graphic()).take(128).collect();
    let code = if code.is_empty() { code } else { format!(" with code `{code}`") };
    FetchError::Refused { authority: channel.endpoint().authority.clone(), what, status, code }
}

/// What STS answers.
fn of_answer(channel: &Channel, answer: Answer) -> Result<(Credential, Timestamp), FetchError> {
    let what = "credential of the role";
    if !answer.status.is_success() {
        let code = serde_json::from_slice::<OfError>(&answer.body).map(|error| error.code).unwrap_or_default();
        return Err(refused(channel, what, answer.status.as_u16(), &code));
    }
    let unreadable = |_| FetchError::Unreadable { authority: channel.endpoint().authority.clone(), what };
    let answer: OfSts = serde_json::from_slice(&answer.body).map_err(unreadable)?;
    answer.credentials.credential(channel)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OfError {
    code: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OfSts {
    credentials: Keys,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OfMetadata {
    code: String,
    #[serde(flatten)]
    keys: Option<Keys>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Keys {
    access_key_id: String,
    access_key_secret: String,
    security_token: String,
    expiration: Timestamp,
}

impl Keys {
    fn credential(self, channel: &Channel) -> Result<(Credential, Timestamp), FetchError> {
        let authority = || channel.endpoint().authority.clone();
        let (secret, token) = (SecretString::from(self.access_key_secret), SecretString::from(self.security_token));
        if [self.access_key_id.as_str(), secret.expose_secret(), token.expose_secret()].contains(&"") {
            return Err(FetchError::Unreadable { authority: authority(), what: "whole credential" });
        }
        if self.expiration <= Timestamp::now() {
            return Err(FetchError::Ended { authority: authority(), ended: self.expiration });
        }
        let credential = Credential { access_key_id: self.access_key_id, secret, security_token: Some(token) };
        Ok((credential, self.expiration))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::config::Endpoint;

    fn oidc(environment: Environment<'_>) -> Result<Vec<(&'static str, String)>, String> {
        let sts_endpoint = Endpoint { tls: true, authority: "sts.aliyuncs.com".to_owned() };
        let source = CredentialSource::OidcRoleArn(OidcRoleArn {
            role_arn: None,
            oidc_provider_arn: None,
            oidc_token_file: None,
            session: Session { role_session_name: None, duration_seconds: Duration::from_secs(900) },
            sts: Sts { sts_endpoint, ca: None },
        });
        let means = Means::new(&source, Some("1234567890123456"), environment, &mut Makings::default());
        match means.map_err(|error| error.to_string())? {
            Means::Fetched(fetcher) => match *fetcher {
                Fetcher::Oidc { mut parameters, token_file, .. } => {
                    parameters.push(("file", token_file.display().to_string()));
                    Ok(parameters)
                }
                _ => panic!("another kind"),
            },
            Means::Key(_) => panic!("another kind"),
        }
    }

    #[test]
    fn what_a_configuration_leaves_out_is_taken_from_the_environment_and_held_to_the_same() {
        let role = "acs:ram::1234567890123456:role/gate";
        let provider = "acs:ram::1234567890123456:oidc-provider/ack";
        let good = [(ROLE_ARN, role), (OIDC_PROVIDER_ARN, provider), (OIDC_TOKEN_FILE, "/run/token")];
        let of = |pairs: &[(&str, &str)]| {
            let pairs: Vec<(String, String)> =
                pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            oidc(&move |name| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()))
        };
        let parameters = of(&good).unwrap();
        let expected = [
            ("RoleArn", role),
            ("RoleSessionName", "ramgate"),
            ("DurationSeconds", "900"),
            ("OIDCProviderArn", provider),
            ("file", "/run/token"),
        ];
        assert_eq!(parameters, expected.map(|(name, value)| (name, value.to_owned())));
        for (index, (name, _)) in good.into_iter().enumerate() {
            let mut pairs = good;
            pairs[index].1 = "";
            assert!(of(&pairs).unwrap_err().contains(name), "{name}");
        }
        for (name, wrong) in [
            (ROLE_ARN, "gate"),
            (ROLE_ARN, "acs:ram::6543210987654321:role/gate"),
            (OIDC_PROVIDER_ARN, role),
            (ROLE_SESSION_NAME, "a b"),
        ] {
            let pairs: Vec<_> = good.into_iter().filter(|(known, _)| *known != name).chain([(name, wrong)]).collect();
            assert!(of(&pairs).unwrap_err().contains(name), "{name} {wrong}");
        }
    }
}
