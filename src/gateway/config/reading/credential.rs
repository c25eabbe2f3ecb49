//! `credential` of an upstream, as it is written.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use toml::Spanned;

use super::Reading;
use crate::gateway::config::Endpoint;
use crate::gateway::config::credential::{
    AccessKey, CredentialSource, EcsRamRole, OidcRoleArn, RamRoleArn, Session, Sts,
};
use crate::identity::is_account_id;
use crate::json::Span;

/// Where the metadata of an ECS instance is, for every instance.
const METADATA: &str = "100.100.100.200";

/// The STS that serves every region.
const STS: &str = "sts.aliyuncs.com";

/// How long a session lasts where it is not said, in seconds; as long as STS itself takes it.
const DURATION: u64 = 3600;

/// What STS takes: a quarter of an hour, and the longest session that any role can allow.
const DURATIONS: std::ops::RangeInclusive<u64> = 900..=43_200;

/// `"caller"`, or a table.
pub(super) enum CredentialFile {
    Word(String),
    Table(Box<Table>),
}

/// What calls are signed with. Which keys go with which `type`, and what is renewed when: see
/// [credentials](gate.md#credentials).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    /// Where it comes from.
    ///
    /// - type: `"access_key"`, `"ecs_ram_role"`, `"ram_role_arn"`, `"oidc_role_arn"`
    /// - default: `"access_key"`
    #[serde(rename = "type")]
    kind: Option<Spanned<String>>,
    /// Id of an access key.
    id: Option<Spanned<String>>,
    /// Its secret; never the secret itself.
    ///
    /// - type: `"env:NAME"` or `"file:PATH"`
    secret: Option<Spanned<String>>,
    /// Its token, for a temporary key.
    ///
    /// - type: `"env:NAME"` or `"file:PATH"`
    token: Option<Spanned<String>>,
    /// The RAM role of the instance.
    ///
    /// - default: the role that the instance has
    role_name: Option<Spanned<String>>,
    /// Where the instance's metadata are.
    ///
    /// - type: URL
    /// - default: `http://100.100.100.200`
    metadata_endpoint: Option<Spanned<String>>,
    /// The role that is assumed.
    ///
    /// - type: ARN
    /// - default: `ALIBABA_CLOUD_ROLE_ARN` for `oidc_role_arn`, else required
    role_arn: Option<Spanned<String>>,
    /// What the session is called in the cloud's audit trail.
    ///
    /// - default: `ALIBABA_CLOUD_ROLE_SESSION_NAME`, and without it `ramgate`
    role_session_name: Option<Spanned<String>>,
    /// How long a session lasts, and no more than the role allows.
    ///
    /// - type: seconds, 900 to 43,200
    /// - default: 3,600
    duration_seconds: Option<Spanned<u64>>,
    /// What the role's trust policy may ask for.
    external_id: Option<Spanned<String>>,
    /// The provider of the token.
    ///
    /// - type: ARN
    /// - default: `ALIBABA_CLOUD_OIDC_PROVIDER_ARN`
    oidc_provider_arn: Option<Spanned<String>>,
    /// The file of the token.
    ///
    /// - type: path
    /// - default: `ALIBABA_CLOUD_OIDC_TOKEN_FILE`
    oidc_token_file: Option<Spanned<String>>,
    /// Which STS is asked; `http://` only together with `plain`.
    ///
    /// - type: URL
    /// - default: `https://sts.aliyuncs.com`
    sts_endpoint: Option<Spanned<String>>,
    /// PEM file of authorities that the STS may be of besides the web's.
    ///
    /// - type: path
    ca: Option<Spanned<String>>,
    /// Allows an `http://` endpoint.
    ///
    /// - default: `false`
    plain: Option<Spanned<bool>>,
    /// What a role is assumed with: a table like this one, which may be of any account.
    source: Option<Spanned<CredentialFile>>,
}

impl<'de> Deserialize<'de> for CredentialFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = CredentialFile;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table, or \"caller\"")
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<CredentialFile, E> {
                Ok(CredentialFile::Word(word.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<CredentialFile, A::Error> {
                Table::deserialize(MapAccessDeserializer::new(map)).map(|table| CredentialFile::Table(Box::new(table)))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl Table {
    /// The fields that are there, each with its place, beside those that every kind may have.
    fn fields(&self) -> impl Iterator<Item = (&'static str, Span)> {
        fn at<T>(name: &'static str, value: Option<&Spanned<T>>) -> Option<(&'static str, Span)> {
            value.map(|value| (name, Span::from(value.span())))
        }
        [
            at("id", self.id.as_ref()),
            at("secret", self.secret.as_ref()),
            at("token", self.token.as_ref()),
            at("role_name", self.role_name.as_ref()),
            at("metadata_endpoint", self.metadata_endpoint.as_ref()),
            at("role_arn", self.role_arn.as_ref()),
            at("role_session_name", self.role_session_name.as_ref()),
            at("duration_seconds", self.duration_seconds.as_ref()),
            at("external_id", self.external_id.as_ref()),
            at("oidc_provider_arn", self.oidc_provider_arn.as_ref()),
            at("oidc_token_file", self.oidc_token_file.as_ref()),
            at("sts_endpoint", self.sts_endpoint.as_ref()),
            at("ca", self.ca.as_ref()),
            at("plain", self.plain.as_ref()),
            at("source", self.source.as_ref()),
        ]
        .into_iter()
        .flatten()
    }
}

/// The kinds of credential with the fields that each has.
const KINDS: [(&str, &[&str]); 4] = [
    ("access_key", &["id", "secret", "token"]),
    ("ecs_ram_role", &["role_name", "metadata_endpoint"]),
    (
        "ram_role_arn",
        &["role_arn", "role_session_name", "duration_seconds", "external_id", "sts_endpoint", "ca", "plain", "source"],
    ),
    (
        "oidc_role_arn",
        &[
            "role_arn",
            "role_session_name",
            "duration_seconds",
            "oidc_provider_arn",
            "oidc_token_file",
            "sts_endpoint",
            "ca",
            "plain",
        ],
    ),
];

impl Reading<'_> {
    /// The credential of an upstream for `account`. What stands where a table should is told of at `upstream`, since it
    /// may be a secret, and findings show the lines they are about.
    pub(super) fn credential(
        &mut self,
        file: Spanned<CredentialFile>,
        account: &str,
        upstream: Span,
    ) -> Option<CredentialSource> {
        let span = Span::from(file.span());
        match file.into_inner() {
            CredentialFile::Word(word) if word == "caller" => Some(CredentialSource::Caller),
            CredentialFile::Word(_) => {
                let message = "a credential is a table, or \"caller\"".to_owned();
                let help = "write `{ id = \"…\", secret = \"env:NAME\" }`, or another kind with its `type`";
                self.refuse(upstream, "credential", message, Some(help));
                None
            }
            CredentialFile::Table(table) => self.credential_table(*table, span, Some(account), upstream),
        }
    }

    /// `account` is the one that a role has to be of; the credential that assumes it may be of any.
    fn credential_table(
        &mut self,
        table: Table,
        span: Span,
        account: Option<&str>,
        upstream: Span,
    ) -> Option<CredentialSource> {
        let kind = table.kind.as_ref().map_or("access_key", |kind| kind.get_ref());
        let Some((kind, fields)) = KINDS.into_iter().find(|(known, _)| *known == kind) else {
            let message = format!("`{kind}` is no kind of credential");
            let help = "write \"access_key\", \"ecs_ram_role\", \"ram_role_arn\" or \"oidc_role_arn\"";
            let at = table.kind.as_ref().map_or(span, |kind| kind.span().into());
            self.refuse(at, "credential", message, Some(help));
            return None;
        };
        let before = self.findings.len();
        for (field, at) in table.fields().filter(|(field, _)| !fields.contains(field)) {
            let message = format!("`{field}` says nothing of a credential of the type `{kind}`");
            let help = format!("leave it out; there are `{}`", fields.join("`, `"));
            self.refuse(at, "credential", message, Some(&help));
        }
        let read = match kind {
            "ecs_ram_role" => self.ecs_ram_role(&table),
            "ram_role_arn" => self.ram_role_arn(table, span, account, upstream),
            "oidc_role_arn" => self.oidc_role_arn(table, account),
            _ => self.access_key(&table, span),
        };
        read.filter(|_| self.findings.len() == before)
    }

    fn access_key(&mut self, table: &Table, span: Span) -> Option<CredentialSource> {
        let (Some(id), Some(secret)) = (&table.id, &table.secret) else {
            let message = "a key needs its `id` and its `secret`".to_owned();
            let help = "add them, or say with `type` that the credential is of another kind";
            self.refuse(span, "credential", message, Some(help));
            return None;
        };
        if id.get_ref().is_empty() {
            let message = "the credential has no access key id".to_owned();
            self.refuse(id.span().into(), "credential", message, None);
        }
        let secret = self.secret(secret);
        let token = match &table.token {
            Some(token) => Some(self.secret(token)?),
            None => None,
        };
        let access_key_id = id.get_ref().clone();
        Some(CredentialSource::AccessKey(AccessKey { access_key_id, secret: secret?, token }))
    }

    fn ecs_ram_role(&mut self, table: &Table) -> Option<CredentialSource> {
        if let Some(name) = table.role_name.as_ref().filter(|name| !is_role_name(name.get_ref())) {
            let message = format!("`{}` is no name of a RAM role", name.get_ref());
            let help = "write its name and not its ARN, or leave it out for the one that the instance has";
            self.refuse(name.span().into(), "credential-role", message, Some(help));
        }
        // The metadata of an instance are asked for in the clear: they are on a network of the machine alone.
        let metadata_endpoint = match &table.metadata_endpoint {
            Some(endpoint) => self.endpoint(endpoint, true)?,
            None => Endpoint { tls: false, authority: METADATA.to_owned() },
        };
        let role_name = table.role_name.as_ref().map(|name| name.get_ref().clone());
        Some(CredentialSource::EcsRamRole(EcsRamRole { role_name, metadata_endpoint }))
    }

    fn ram_role_arn(
        &mut self,
        table: Table,
        span: Span,
        account: Option<&str>,
        upstream: Span,
    ) -> Option<CredentialSource> {
        let role_arn = match &table.role_arn {
            Some(arn) => self.role_arn(arn, account),
            None => {
                let message = "it is not said which role is assumed".to_owned();
                let help = "add `role_arn = \"acs:ram::ACCOUNT:role/NAME\"`";
                self.refuse(span, "credential-role", message, Some(help));
                None
            }
        };
        let (session, sts) = (self.session(&table), self.sts(&table));
        if let Some(id) = table.external_id.as_ref().filter(|id| !(2..=1224).contains(&id.get_ref().len())) {
            let message = "`external_id` has from 2 to 1224 characters".to_owned();
            self.refuse(id.span().into(), "credential", message, None);
        }
        let source = match table.source {
            Some(source) => {
                let at = Span::from(source.span());
                match source.into_inner() {
                    CredentialFile::Table(table) => self.credential_table(*table, at, None, upstream),
                    CredentialFile::Word(_) => {
                        let message = "a role is assumed by a credential of the gate's own".to_owned();
                        self.refuse(upstream, "credential", message, Some("write `source` as a table"));
                        None
                    }
                }
            }
            None => {
                let message = "it is not said which credential assumes the role".to_owned();
                let help = "add `source = { id = \"…\", secret = \"env:NAME\" }`, or one of another `type`";
                self.refuse(span, "credential", message, Some(help));
                None
            }
        };
        Some(CredentialSource::RamRoleArn(RamRoleArn {
            role_arn: role_arn?,
            session: session?,
            external_id: table.external_id.map(Spanned::into_inner),
            sts: sts?,
            source: Box::new(source?),
        }))
    }

    fn oidc_role_arn(&mut self, table: Table, account: Option<&str>) -> Option<CredentialSource> {
        let role_arn = match &table.role_arn {
            Some(arn) => Some(self.role_arn(arn, account)?),
            None => None,
        };
        if let Some(arn) = table.oidc_provider_arn.as_ref().filter(|arn| !is_provider_arn(arn.get_ref())) {
            let message = format!("`{}` is no ARN of an OpenID Connect provider", arn.get_ref());
            let help = "write \"acs:ram::ACCOUNT:oidc-provider/NAME\"";
            self.refuse(arn.span().into(), "credential-role", message, Some(help));
        }
        let (session, sts) = (self.session(&table), self.sts(&table));
        Some(CredentialSource::OidcRoleArn(OidcRoleArn {
            role_arn,
            oidc_provider_arn: table.oidc_provider_arn.map(Spanned::into_inner),
            oidc_token_file: table.oidc_token_file.map(|path| self.path(path.get_ref())),
            session: session?,
            sts: sts?,
        }))
    }

    /// A role of `account`: a credential of another account would call for callers that are not its own (spec
    /// gate-rules G1).
    fn role_arn(&mut self, arn: &Spanned<String>, account: Option<&str>) -> Option<String> {
        let Some(of) = account_of_role(arn.get_ref()) else {
            let message = format!("`{}` is no ARN of a RAM role", arn.get_ref());
            let help = "write \"acs:ram::ACCOUNT:role/NAME\"";
            self.refuse(arn.span().into(), "credential-role", message, Some(help));
            return None;
        };
        if account.is_some_and(|account| account != of) {
            let message =
                format!("the upstream is for account {}, and the role is of {of}", account.unwrap_or_default());
            let help = "assume a role of the account whose callers the upstream serves";
            self.refuse(arn.span().into(), "credential-role", message, Some(help));
            return None;
        }
        Some(arn.get_ref().clone())
    }

    fn session(&mut self, table: &Table) -> Option<Session> {
        let before = self.findings.len();
        if let Some(name) = table.role_session_name.as_ref().filter(|name| !is_session_name(name.get_ref())) {
            let message = format!("`{}` is no name of a session", name.get_ref());
            let help = "write from 2 to 64 of `A-Z a-z 0-9 . @ - _`";
            self.refuse(name.span().into(), "credential", message, Some(help));
        }
        let seconds = table.duration_seconds.as_ref().map_or(DURATION, |seconds| *seconds.get_ref());
        if let Some(at) = table.duration_seconds.as_ref().filter(|_| !DURATIONS.contains(&seconds)) {
            let (least, most) = (DURATIONS.start(), DURATIONS.end());
            let message = format!("`duration_seconds` is a number from {least} to {most}");
            let help = "leave it out for 3600; a role allows no more than its own longest session";
            self.refuse(at.span().into(), "credential", message, Some(help));
        }
        let role_session_name = table.role_session_name.as_ref().map(|name| name.get_ref().clone());
        (self.findings.len() == before)
            .then_some(Session { role_session_name, duration_seconds: Duration::from_secs(seconds) })
    }

    fn sts(&mut self, table: &Table) -> Option<Sts> {
        let plain = table.plain.as_ref().is_some_and(|plain| *plain.get_ref());
        let sts_endpoint = match &table.sts_endpoint {
            Some(endpoint) => self.endpoint(endpoint, plain)?,
            None => Endpoint { tls: true, authority: STS.to_owned() },
        };
        Some(Sts { sts_endpoint, ca: table.ca.as_ref().map(|path| self.path(path.get_ref())) })
    }
}

/// Whether a name can be that of a RAM role, and stand in a path as it is.
pub(in crate::gateway) fn is_role_name(name: &str) -> bool {
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    (1..=64).contains(&name.len()) && name.bytes().all(of_name) && name.bytes().any(|byte| byte != b'.')
}

/// Whether a session can have this name.
pub(in crate::gateway) fn is_session_name(name: &str) -> bool {
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'@' | b'-' | b'_');
    (2..=64).contains(&name.len()) && name.bytes().all(of_name)
}

/// The account of the role with this ARN; `None` where it is none of a role.
pub(in crate::gateway) fn account_of_role(arn: &str) -> Option<&str> {
    let (account, name) = arn.strip_prefix("acs:ram::")?.split_once(":role/")?;
    (is_account_id(account) && is_role_name(name)).then_some(account)
}

/// Whether this is the ARN of an OpenID Connect provider.
pub(in crate::gateway) fn is_provider_arn(arn: &str) -> bool {
    let parts = arn.strip_prefix("acs:ram::").and_then(|rest| rest.split_once(":oidc-provider/"));
    parts.is_some_and(|(account, name)| is_account_id(account) && !name.is_empty())
}

#[cfg(test)]
mod tests;
