//! The configuration of a gate (`ramgate.toml`), read and checked.

mod admin;
mod audit;
mod circuit;
mod client_certificates;
mod credential;
mod lookup;
mod proxies;
mod reading;
mod shadow;
mod traces;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use audit::{Audit, AuditFile, OnFailure};
pub use circuit::Circuit;
pub use client_certificates::ClientCertificates;
pub use credential::{AccessKey, CredentialSource, EcsRamRole, OidcRoleArn, RamRoleArn, Session, Sts};
pub use lookup::Lookup;
pub use proxies::Proxies;
pub(super) use reading::{account_of_role, is_provider_arn, is_role_name, is_session_name};
pub use shadow::{Shadow, Shadowed};
pub use traces::{Parents, Traces};

use serde::{Serialize, Serializer};

pub use self::admin::{Admin, AdminPlace, AdminTls};
use crate::authn::Hosts;
use crate::json::SourceText;
use crate::report::{Finding, Severity};

/// Where calls come in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listener {
    /// Address to bind; port 0 lets the system choose.
    pub address: SocketAddr,
    /// Names, with the port where clients sign one, that a call may be signed for (spec gate-rules G12).
    /// Empty means the bound address itself.
    pub hosts: Vec<String>,
    /// Certificate chain and key; `None` is a plain listener, which has to be asked for (G18).
    pub tls: Option<TlsFiles>,
    /// What network its connections come from.
    pub network: Network,
    /// The proxies in front of it.
    pub proxies: Proxies,
}

impl Listener {
    /// A plain listener at `address` that is called by that address, and of which nothing else is said.
    #[must_use]
    pub fn plain(address: SocketAddr) -> Self {
        Self { address, hosts: Vec::new(), tls: None, network: Network::Unstated, proxies: Proxies::default() }
    }

    /// The names it is called by once it is bound to `address`.
    #[must_use]
    pub fn names(&self, address: SocketAddr) -> Hosts {
        if self.hosts.is_empty() { Hosts::of_address(address) } else { Hosts::new(&self.hosts) }
    }
}

/// What a TLS listener shows and offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TlsFiles {
    /// Certificate chain, the listener's own first.
    pub certificate: PathBuf,
    /// Private key.
    pub key: PathBuf,
    /// Whether HTTP/2 is offered besides HTTP/1.1.
    pub http2: bool,
    /// Whether clients show certificates, and whose.
    pub clients: Option<ClientCertificates>,
}

/// What is known of the network that a listener's connections come from; it feeds `acs:SourceVpc` and
/// `acs:VpcSourceIp` (spec ram-policy-language 5.1).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// Nothing was said: both keys are Unknown.
    #[default]
    Unstated,
    /// Not a VPC: both keys are absent.
    Public,
    /// The VPC of this id.
    Vpc(String),
}

/// Where allowed calls go: one product and version for one account.
#[derive(Debug, Clone, Serialize)]
pub struct Upstream {
    /// RAM code of the product, as in `polardb`.
    pub product: String,
    /// API version, as in `2017-08-01`.
    pub version: String,
    /// The account whose callers it serves and whose credential it is called with (G1).
    pub account: String,
    /// `https://host[:port]`, or `http://…` where `plain` was set.
    pub endpoint: Endpoint,
    /// PEM file of further certificate authorities to trust.
    pub ca: Option<PathBuf>,
    /// The one region it serves, where it serves exactly one (G3).
    pub region: Option<String>,
    /// What calls are signed with.
    pub credential: CredentialSource,
}

/// Scheme and authority of an upstream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Endpoint {
    /// Whether calls go over TLS.
    pub tls: bool,
    /// Host, and port where it is not the scheme's own.
    pub authority: String,
}

/// Bounds of what one call may take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// Bytes of request head.
    pub header_bytes: usize,
    /// Number of header fields.
    pub headers: usize,
    /// Bytes of body.
    pub body_bytes: usize,
    /// Number of parameters.
    pub parameters: usize,
    /// Connections served at once; further ones wait in the system's queue.
    pub connections: usize,
    /// Connections of one client at once; further ones are closed. Those of trusted proxies are not counted.
    pub connections_per_client: usize,
    /// Calls under way at once on one HTTP/2 connection.
    pub streams: usize,
    /// Calls under way at once, those included whose callers have hung up; further ones are turned away.
    pub calls: usize,
    /// How long a request head may take to arrive, and what precedes the first one.
    #[serde(serialize_with = "seconds")]
    pub header_timeout: Duration,
    /// How long a connection is kept on which nothing is under way after a call.
    #[serde(serialize_with = "seconds")]
    pub idle_timeout: Duration,
    /// How long a body may take to arrive.
    #[serde(serialize_with = "seconds")]
    pub body_timeout: Duration,
    /// How long a client may take nothing of its answer.
    pub write_timeout: Duration,
    /// How long a connection to an upstream may take.
    #[serde(serialize_with = "seconds")]
    pub connect_timeout: Duration,
    /// How long the head of an upstream's answer may take once there is a connection.
    #[serde(serialize_with = "seconds")]
    pub first_byte_timeout: Duration,
    /// How long a forwarded call may take in all (G16).
    #[serde(serialize_with = "seconds")]
    pub forward_timeout: Duration,
    /// Bytes of an upstream's answer.
    pub answer_bytes: usize,
    /// How long what is in flight may take to finish after SIGTERM.
    #[serde(serialize_with = "seconds")]
    pub drain_timeout: Duration,
    /// Nonces remembered for one key (G12).
    pub nonces_per_key: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_bytes: 32 * 1024,
            headers: 100,
            body_bytes: 256 * 1024,
            parameters: 1000,
            connections: 4096,
            connections_per_client: 1024,
            streams: 100,
            calls: 1024,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            body_timeout: Duration::from_secs(3),
            write_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(2),
            first_byte_timeout: Duration::from_secs(60),
            forward_timeout: Duration::from_secs(60),
            answer_bytes: 16 * 1024 * 1024,
            drain_timeout: Duration::from_secs(75),
            nonces_per_key: 100_000,
        }
    }
}

/// Everything `serve` is told. Serialised, it shows where secrets are and none of them.
#[derive(Debug, Clone, Serialize)]
pub struct Config {
    /// The directory of the world (spec world).
    pub world: PathBuf,
    /// The directory of a world whose policies are asked beside, and never followed.
    pub candidate: Option<PathBuf>,
    /// Catalogue files that add to or override the embedded one.
    pub catalogue: Vec<PathBuf>,
    /// Whether policies are read leniently (see [`crate::policy::Dialect`]).
    pub lenient: bool,
    /// At least one.
    pub listeners: Vec<Listener>,
    /// At least one.
    pub upstreams: Vec<Upstream>,
    /// Bounds.
    pub limits: Limits,
    /// When an upstream that fails is left alone.
    pub circuit: Circuit,
    /// Where calls are put on record.
    pub audit: Audit,
    /// Threads that serve connections; as many as there are processors where it is not said.
    pub workers: Option<usize>,
    /// File that remembers nonces across a restart; without one a replay after a restart could pass, which a
    /// configuration file has to ask for.
    pub nonce_journal: Option<PathBuf>,
    /// Whether keys of account owners are accepted (G9).
    pub allow_root_keys: bool,
    /// Condition keys whose absence from this gate is accepted although a Deny uses them (G2).
    pub acknowledged_keys: BTreeSet<String>,
    /// Whether and how clusters that the inventory does not have are looked up.
    pub lookup: Option<Lookup>,
    /// What is denied by policy and forwarded all the same (G15).
    pub shadows: Vec<Shadow>,
    /// Whether a failed signature is answered with the string-to-sign, as the cloud does.
    pub echo_string_to_sign: bool,
    /// Where it is looked after, if anywhere.
    pub admin: Option<Admin>,
    /// Where spans of calls are sent, if anywhere.
    pub traces: Option<Traces>,
}

impl Config {
    /// A configuration for `world` with everything else at its default and nothing to listen on or forward to.
    #[must_use]
    pub fn new(world: impl Into<PathBuf>) -> Self {
        Self {
            world: world.into(),
            candidate: None,
            catalogue: Vec::new(),
            lenient: false,
            listeners: Vec::new(),
            upstreams: Vec::new(),
            limits: Limits::default(),
            circuit: Circuit::default(),
            audit: Audit::default(),
            workers: None,
            nonce_journal: None,
            allow_root_keys: false,
            acknowledged_keys: BTreeSet::new(),
            lookup: None,
            shadows: Vec::new(),
            echo_string_to_sign: false,
            admin: None,
            traces: None,
        }
    }

    /// Reads and checks the file at `path`; relative paths in it are taken from its directory.
    ///
    /// # Errors
    /// Every mistake of the file, each with its place.
    pub fn read(path: &Path) -> Result<Self, Vec<Finding>> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            vec![Finding::nowhere(
                Severity::Error,
                "config-unreadable",
                format!("the configuration `{}` cannot be read: {error}", path.display()),
            )]
        })?;
        let directory = path.parent().unwrap_or(Path::new(""));
        Self::parse(&SourceText::new(path.display().to_string(), text), directory)
    }

    /// Reads and checks `source`; relative paths in it are taken from `directory`.
    ///
    /// # Errors
    /// Every mistake of the file, each with its place. A file that is not TOML ends with the first.
    pub fn parse(source: &SourceText, directory: &Path) -> Result<Self, Vec<Finding>> {
        reading::parse(source, directory)
    }
}

/// Durations are told as they are configured.
fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(duration.as_secs())
}

#[cfg(test)]
mod tests;
