//! From the text of `ramgate.toml` to a [`Config`].

mod admin;
mod credential;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

pub(in crate::gateway) use self::credential::{account_of_role, is_provider_arn, is_role_name, is_session_name};

use self::admin::AdminFile;
use self::credential::CredentialFile;
use super::circuit::CircuitFile;
use super::client_certificates::ClientCertificatesFile;
use super::lookup::LookupFile;
use super::proxies::TrustedProxies;
use super::shadow::ShadowFile;
use super::traces::TracesFile;
use super::{Config, Endpoint, Limits, Listener, Network, TlsFiles, Upstream};
use crate::identity::{SecretReference, is_account_id};
use crate::json::{SourceText, Span};
use crate::report::{Finding, Severity};
use crate::store::secret;

/// Reads and checks `source`; see [`Config::parse`].
pub(super) fn parse(source: &SourceText, directory: &Path) -> Result<Config, Vec<Finding>> {
    let file: ConfigFile = toml::from_str(source.text()).map_err(|error| {
        let span = error.span().map_or(Span::new(0, 0), Span::from);
        vec![finding(&secret::masked(source), span, "config-syntax", error.message().to_owned(), None)]
    })?;
    // Findings show the lines they are about, and a secret may stand in any of them.
    Reading { source: &secret::masked(source), directory, findings: Vec::new() }.read(file)
}

fn finding(source: &SourceText, span: Span, code: &str, message: String, help: Option<&str>) -> Finding {
    Finding {
        severity: Severity::Error,
        code: code.to_owned(),
        message,
        help: help.map(str::to_owned),
        place: Some((source.clone(), span)),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigFile {
    /// Directory of the world: `world.toml`, `policies/`, and `limits.toml` for [rate
    /// limits](modes.md#rate-limits).
    ///
    /// - type: path
    /// - default: the directory of this file
    world: Option<String>,
    /// Directory of a [candidate world](modes.md#a-candidate-world): asked beside, never followed.
    ///
    /// - type: path
    candidate: Option<String>,
    /// Files that add to or correct the [catalogue](catalogue.md).
    ///
    /// - type: list of paths
    #[serde(default)]
    catalogue: Vec<String>,
    /// How policies are read; see [policies.md](policies.md).
    ///
    /// - type: `"strict"`, `"lenient"`
    /// - default: `"strict"`
    dialect: Option<Spanned<String>>,
    #[serde(default)]
    listeners: Vec<Spanned<ListenerFile>>,
    #[serde(default)]
    upstreams: Vec<Spanned<UpstreamFile>>,
    #[serde(default)]
    limits: LimitsFile,
    #[serde(default)]
    circuit: CircuitFile,
    #[serde(default)]
    gate: GateFile,
    lookup: Option<LookupFile>,
    #[serde(default)]
    shadow: Vec<Spanned<ShadowFile>>,
    admin: Option<Spanned<AdminFile>>,
    traces: Option<TracesFile>,
    #[serde(default)]
    audit: super::audit::Table,
    /// For [`ramgate lint`](lint.md), which reads it by itself.
    #[serde(default, rename = "lint")]
    _lint: Option<serde::de::IgnoredAny>,
}

/// Where calls come in. At least one. All of it takes a restart, but the files that are named are read anew by a
/// reload.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListenerFile {
    /// Where to listen; port 0 takes a free one.
    ///
    /// - type: `"IP:port"`
    /// - change: restart
    address: Spanned<String>,
    /// The [hosts](gate.md#hosts-and-signatures) that calls may be made to; required on `0.0.0.0` and `[::]`.
    ///
    /// - type: list of `name[:port]`
    /// - default: the bound address; for a loopback address `localhost:port` as well
    /// - change: restart
    #[serde(default)]
    hosts: Vec<Spanned<String>>,
    /// What is shown to clients; see [TLS and HTTP/2](gate.md#tls-and-http2).
    ///
    /// - change: restart
    tls: Option<TlsFile>,
    /// Takes calls in the clear; exactly one of `tls` and `plain = true` must be there.
    ///
    /// - change: restart
    #[serde(default)]
    plain: bool,
    /// Offers HTTP/2 besides HTTP/1.1; over TLS alone.
    ///
    /// - default: `true` with `tls`
    /// - change: restart
    http2: Option<Spanned<bool>>,
    /// PEM file of the authorities whose certificates clients show; see [client
    /// certificates](gate.md#client-certificates).
    ///
    /// - type: path
    /// - change: restart
    client_ca: Option<Spanned<String>>,
    /// Whether a client without one is turned away.
    ///
    /// - type: `"required"`, `"optional"`
    /// - default: `"required"` with `client_ca`
    /// - change: restart
    client_certificates: Option<Spanned<String>>,
    /// Where connections come from; see [what the network says](gate.md#what-the-network-says).
    ///
    /// - type: `"public"` or `"vpc-…"`
    /// - default: not stated
    /// - change: restart
    network: Option<Spanned<String>>,
    /// Every connection begins with a header of the PROXY protocol, version 2; see [proxies in
    /// front](gate.md#proxies-in-front).
    ///
    /// - change: restart
    #[serde(default)]
    proxy_protocol: bool,
    /// Whose word is taken for where calls come from; see [proxies in front](gate.md#proxies-in-front).
    ///
    /// - type: list of addresses and blocks, as in `"10.0.0.0/8"`
    /// - change: restart
    #[serde(default)]
    trusted_proxies: TrustedProxies,
}

/// PEM files. They are read anew by a reload.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TlsFile {
    /// The chain, the listener's own certificate first.
    ///
    /// - type: path
    /// - change: restart
    certificate: String,
    /// Its private key; nobody else may be able to read it.
    ///
    /// - type: path
    /// - change: restart
    key: String,
}

/// Where allowed calls go: one for each account, product and version. At least one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UpstreamFile {
    /// RAM code, as in `polardb`.
    product: String,
    /// Version of the API, as in `2017-08-01`.
    version: String,
    /// Whose callers it serves; the account must be in the world.
    ///
    /// - type: 16 digits
    account: Spanned<String>,
    /// Where calls go; `http://` only together with `plain`.
    ///
    /// - type: `https://host[:port]`
    endpoint: Spanned<String>,
    /// Allows an `http://` endpoint.
    #[serde(default)]
    plain: bool,
    /// PEM file of authorities to trust besides the web's.
    ///
    /// - type: path
    ca: Option<String>,
    /// The one region that it serves, where it serves exactly one.
    region: Option<String>,
    /// What calls are signed with, or `"caller"`; see [credentials](gate.md#credentials).
    ///
    /// - type: table, or `"caller"`
    credential: Spanned<CredentialFile>,
}

/// Whole numbers, each at least 1.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct LimitsFile {
    /// Names and values of a request's headers together, and the buffer that a head is read into.
    ///
    /// - type: bytes, at least 8,192
    /// - default: 32,768
    header_bytes: Option<Spanned<u64>>,
    /// Header lines of a request.
    ///
    /// - type: number
    /// - default: 100
    headers: Option<Spanned<u64>>,
    /// A request's body.
    ///
    /// - type: bytes
    /// - default: 262,144
    body_bytes: Option<Spanned<u64>>,
    /// Parameters of query and body together, flattened.
    ///
    /// - type: number
    /// - default: 1,000
    parameters: Option<Spanned<u64>>,
    /// Connections of all listeners at once; further ones wait in the system's queue.
    ///
    /// - type: number
    /// - default: 4,096
    /// - change: restart
    connections: Option<Spanned<u64>>,
    /// Connections of one client at once, by its address and for IPv6 by its /64; further ones are closed without
    /// an answer. Where a PROXY header tells the client it counts; connections of `trusted_proxies` are not
    /// counted.
    ///
    /// - type: number
    /// - default: 1,024
    connections_per_client: Option<Spanned<u64>>,
    /// Calls under way at once on one HTTP/2 connection; further ones are reset with `REFUSED_STREAM`.
    ///
    /// - type: number
    /// - default: 100
    streams: Option<Spanned<u64>>,
    /// Calls under way at once, those included whose callers hung up; further ones are turned away.
    ///
    /// - type: number
    /// - default: 1,024
    /// - change: restart
    calls: Option<Spanned<u64>>,
    /// The PROXY header and the TLS handshake; then the first request's head, and each further one from its first
    /// byte on.
    ///
    /// - type: seconds, 1 to 86,400
    /// - default: 10
    header_timeout: Option<Spanned<u64>>,
    /// A connection on which nothing is under way after a call: it is closed then.
    ///
    /// - type: seconds, 1 to 86,400
    /// - default: 75
    idle_timeout: Option<Spanned<u64>>,
    /// A request's body.
    ///
    /// - type: seconds, 1 to 86,400
    /// - default: 3
    body_timeout: Option<Spanned<u64>>,
    /// A client that takes nothing of its answer; its connection is closed then.
    ///
    /// - type: seconds, 1 to 86,400
    /// - default: 10
    write_timeout: Option<Spanned<u64>>,
    /// The connection to an upstream, name lookup and TLS handshake included.
    ///
    /// - type: seconds, 1 to 86,400
    /// - default: 2
    connect_timeout: Option<Spanned<u64>>,
    /// From the connection to the head of the upstream's answer.
    ///
    /// - type: seconds, 1 to 86,400
    /// - default: that of `forward_timeout`, and at most that
    first_byte_timeout: Option<Spanned<u64>>,
    /// A forwarded call in all: connection, TLS, request, whole answer.
    ///
    /// - type: seconds, 1 to 86,400
    /// - default: 60
    forward_timeout: Option<Spanned<u64>>,
    /// An upstream's answer.
    ///
    /// - type: bytes
    /// - default: 16,777,216
    answer_bytes: Option<Spanned<u64>>,
    /// What is under way after SIGTERM.
    ///
    /// - type: seconds, 1 to 86,400
    /// - default: 75
    /// - change: restart
    drain_timeout: Option<Spanned<u64>>,
    /// Nonces remembered for one key.
    ///
    /// - type: number
    /// - default: 100,000
    /// - change: restart
    nonces_per_key: Option<Spanned<u64>>,
}

/// Exactly one of `nonce_journal` and `nonces_in_memory = true`.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct GateFile {
    /// File that keeps [nonces](gate.md#hosts-and-signatures) across a restart.
    ///
    /// - type: path
    /// - change: restart
    nonce_journal: Option<String>,
    /// Accepts keys of an account's owner.
    #[serde(default)]
    allow_root_keys: bool,
    /// Condition keys that policies may use although the gate never knows them.
    #[serde(default)]
    acknowledge_unsupplied_keys: Vec<String>,
    /// Threads that serve connections; a connection stays with its thread.
    ///
    /// - type: number, 1 to 1,024
    /// - default: one of each processor
    /// - change: restart
    workers: Option<Spanned<u64>>,
    /// Keeps them in memory only: a call could be replayed right after a restart.
    ///
    /// - change: restart
    #[serde(default)]
    nonces_in_memory: bool,
    /// Answers a wrong signature with the text that should have been signed.
    #[serde(default)]
    echo_string_to_sign: bool,
}

pub(super) struct Reading<'a> {
    source: &'a SourceText,
    directory: &'a Path,
    findings: Vec<Finding>,
}

impl Reading<'_> {
    fn read(mut self, file: ConfigFile) -> Result<Config, Vec<Finding>> {
        let world = file.world.as_deref().map_or_else(|| self.directory.to_owned(), |path| self.directory.join(path));
        let mut config = Config::new(world);
        config.candidate = file.candidate.map(|path| self.directory.join(path));
        config.catalogue = file.catalogue.iter().map(|path| self.directory.join(path)).collect();
        config.lenient = self.lenient(file.dialect.as_ref());
        for listener in file.listeners {
            if let Some(listener) = self.listener(listener) {
                config.listeners.push(listener);
            }
        }
        for upstream in file.upstreams {
            if let Some((span, upstream)) = self.upstream(upstream) {
                self.refuse_second_upstream(&config, span, &upstream);
                config.upstreams.push(upstream);
            }
        }
        config.limits = self.limits(&file.limits);
        if let Some(connections) = &file.limits.connections
            && config.limits.connections < config.listeners.len()
        {
            let message = "`connections` is less than one for each listener".to_owned();
            self.refuse(connections.span().into(), "limit", message, None);
        }
        config.admin = file.admin.and_then(|admin| self.admin(admin, &config.listeners));
        config.traces = file.traces.and_then(|traces| self.traces(traces));
        let directory = self.directory;
        config.audit =
            file.audit.read(directory, |span, code, message, help| self.refuse(span, code, message, Some(help)));
        self.nonces(&file.gate);
        config.circuit = self.circuit(&file.circuit);
        config.workers = file.gate.workers.as_ref().and_then(|workers| self.workers(workers));
        config.nonce_journal = file.gate.nonce_journal.map(|path| self.directory.join(path));
        config.allow_root_keys = file.gate.allow_root_keys;
        config.acknowledged_keys = file.gate.acknowledge_unsupplied_keys.into_iter().collect();
        config.lookup = file.lookup.and_then(|lookup| self.lookup(&lookup));
        config.shadows = file.shadow.into_iter().filter_map(|shadow| self.shadow(shadow)).collect();
        config.echo_string_to_sign = file.gate.echo_string_to_sign;
        if self.findings.is_empty() {
            if config.listeners.is_empty() {
                let help = "add a [[listeners]] table with an `address`";
                self.refuse(Span::default(), "no-listener", "the gate has nothing to listen on".to_owned(), Some(help));
            }
            if config.upstreams.is_empty() {
                let help =
                    "add an [[upstreams]] table with `product`, `version`, `account`, `endpoint` and `credential`";
                self.refuse(
                    Span::default(),
                    "no-upstream",
                    "the gate has nothing to forward to".to_owned(),
                    Some(help),
                );
            }
        }
        if self.findings.is_empty() { Ok(config) } else { Err(self.findings) }
    }

    /// A path of the file, from its directory.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.directory.join(path)
    }

    pub(super) fn refuse(&mut self, span: Span, code: &str, message: String, help: Option<&str>) {
        self.findings.push(finding(self.source, span, code, message, help));
    }

    /// A gate that forgets its nonces takes every call of the last minutes a second time after a restart (spec
    /// gate-rules G12): never by oversight.
    fn nonces(&mut self, gate: &GateFile) {
        let message = match (gate.nonce_journal.is_some(), gate.nonces_in_memory) {
            (true, false) | (false, true) => return,
            (true, true) => "nonces are kept either in a journal or in memory, not both",
            (false, false) => "without a journal of nonces, a call could be replayed right after a restart",
        };
        let help = "name a file with `nonce_journal = \"…\"` under [gate], or accept it with `nonces_in_memory = true`";
        self.refuse(Span::default(), "nonce-journal", message.to_owned(), Some(help));
    }

    fn workers(&mut self, workers: &Spanned<u64>) -> Option<usize> {
        let count = usize::try_from(*workers.get_ref()).ok().filter(|count| (1..=1024).contains(count));
        if count.is_none() {
            let message = "`workers` is a number from 1 to 1024".to_owned();
            self.refuse(workers.span().into(), "limit", message, Some("leave it out for one of each processor"));
        }
        count
    }

    fn lenient(&mut self, dialect: Option<&Spanned<String>>) -> bool {
        let Some(dialect) = dialect else { return false };
        match dialect.get_ref().as_str() {
            "strict" => false,
            "lenient" => true,
            other => {
                let message = format!("`{other}` is no dialect of the policy language");
                self.refuse(dialect.span().into(), "dialect", message, Some("write \"strict\" or \"lenient\""));
                false
            }
        }
    }

    fn listener(&mut self, listener: Spanned<ListenerFile>) -> Option<Listener> {
        let span = Span::from(listener.span());
        let listener = listener.into_inner();
        let address = match listener.address.get_ref().parse::<SocketAddr>() {
            Ok(address) => Some(address),
            Err(_) => {
                let message = format!("`{}` is no address to listen on", listener.address.get_ref());
                let help = "write an IP address and a port, as in \"127.0.0.1:8443\" or \"[::]:8443\"";
                self.refuse(listener.address.span().into(), "listener-address", message, Some(help));
                None
            }
        };
        if listener.tls.is_some() == listener.plain {
            let message = if listener.plain {
                "a listener is either TLS or plain, not both"
            } else {
                "a listener without `tls` would take calls in the clear"
            };
            let help = "name `tls = { certificate = \"…\", key = \"…\" }`, or ask for it with `plain = true`";
            self.refuse(span, "listener-transport", message.to_owned(), Some(help));
        }
        for host in &listener.hosts {
            if !is_authority(host.get_ref()) {
                let message = format!("`{}` is no host that a call can be signed for", host.get_ref());
                let help = "write the host as clients sign it: a name or an address, and `:port` where they name one";
                self.refuse(host.span().into(), "listener-host", message, Some(help));
            }
        }
        if listener.hosts.is_empty() && address.is_some_and(|address| address.ip().is_unspecified()) {
            let message = "a listener on every address does not tell by which names it is called".to_owned();
            let help = "name them with `hosts = [\"gate.example.com:8443\"]`, as clients write them";
            self.refuse(listener.address.span().into(), "listener-host", message, Some(help));
        }
        let network = match listener.network {
            None => Network::Unstated,
            Some(network) if network.get_ref() == "public" => Network::Public,
            Some(network) if network.get_ref().starts_with("vpc-") => Network::Vpc(network.into_inner()),
            Some(network) => {
                let message = format!("`{}` is no network", network.get_ref());
                self.refuse(
                    network.span().into(),
                    "listener-network",
                    message,
                    Some("write \"public\" or the id of a VPC, as in \"vpc-bp1…\""),
                );
                Network::Unstated
            }
        };
        let http2 = listener.http2.as_ref().is_none_or(|http2| *http2.get_ref());
        if let Some(asked) = listener.http2.filter(|_| listener.plain && http2) {
            let message = "HTTP/2 is spoken over TLS alone".to_owned();
            self.refuse(asked.span().into(), "listener-http2", message, Some("leave `http2` out of a plain listener"));
        }
        let clients = ClientCertificatesFile { authorities: listener.client_ca, wanted: listener.client_certificates };
        let clients = self.client_certificates(clients, listener.tls.is_some());
        let proxies = self.proxies(listener.proxy_protocol, listener.trusted_proxies);
        Some(Listener {
            address: address?,
            hosts: listener.hosts.into_iter().map(|host| host.into_inner().to_ascii_lowercase()).collect(),
            tls: listener.tls.map(|tls| TlsFiles {
                certificate: self.directory.join(tls.certificate),
                key: self.directory.join(tls.key),
                http2,
                clients,
            }),
            network,
            proxies,
        })
    }

    fn upstream(&mut self, upstream: Spanned<UpstreamFile>) -> Option<(Span, Upstream)> {
        let span = Span::from(upstream.span());
        let upstream = upstream.into_inner();
        if !is_account_id(upstream.account.get_ref()) {
            let message = format!("`{}` is no account id", upstream.account.get_ref());
            self.refuse(upstream.account.span().into(), "account-id", message, Some("an account id has 16 digits"));
        }
        let endpoint = self.endpoint(&upstream.endpoint, upstream.plain);
        let credential = self.credential(upstream.credential, upstream.account.get_ref(), span);
        let upstream = Upstream {
            product: upstream.product.to_ascii_lowercase(),
            version: upstream.version,
            account: upstream.account.into_inner(),
            endpoint: endpoint?,
            ca: upstream.ca.map(|path| self.directory.join(path)),
            region: upstream.region,
            credential: credential?,
        };
        Some((span, upstream))
    }

    fn refuse_second_upstream(&mut self, config: &Config, span: Span, upstream: &Upstream) {
        let shares = |other: &&Upstream| other.version == upstream.version && other.product != upstream.product;
        if let Some(other) = config.upstreams.iter().find(shares) {
            let message = format!(
                "`{}` and `{}` share the version {}: a call names its version and not its product",
                other.product, upstream.product, upstream.version
            );
            self.refuse(span, "version-shared", message, Some("give each of them a gate of its own"));
        }
        let same = |other: &Upstream| {
            other.product == upstream.product && other.version == upstream.version && other.account == upstream.account
        };
        if config.upstreams.iter().any(same) {
            let message = format!(
                "account {} has a second upstream for {} {}",
                upstream.account, upstream.product, upstream.version
            );
            let help = "keep one; a call would not know which to go to";
            self.refuse(span, "upstream-repeated", message, Some(help));
        }
    }

    fn endpoint(&mut self, endpoint: &Spanned<String>, plain: bool) -> Option<Endpoint> {
        let text = endpoint.get_ref();
        let (tls, authority) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(authority), _) => (true, authority),
            (None, Some(authority)) => (false, authority),
            (None, None) => (true, ""),
        };
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        if !is_authority(authority) {
            let message = format!("`{text}` is no endpoint");
            let help = "write a scheme and a host, as in \"https://polardb.aliyuncs.com\", and no path";
            self.refuse(endpoint.span().into(), "upstream-endpoint", message, Some(help));
            return None;
        }
        if !tls && !plain {
            let message = format!("`{text}` would be called in the clear");
            let help = "use https, or ask for it with `plain = true`";
            self.refuse(endpoint.span().into(), "upstream-transport", message, Some(help));
            return None;
        }
        Some(Endpoint { tls, authority: authority.to_ascii_lowercase() })
    }

    fn secret(&mut self, secret: &Spanned<String>) -> Option<SecretReference> {
        match SecretReference::parse(secret.get_ref()) {
            Some(reference) => Some(reference.relative_to(self.directory)),
            None => {
                // The text is not repeated: it may be the secret itself.
                let message = "a secret must not stand in this file".to_owned();
                let help = "name where it is: \"env:NAME\" for an environment variable, \"file:PATH\" for a file";
                self.refuse(secret.span().into(), "inline-secret", message, Some(help));
                None
            }
        }
    }

    fn limits(&mut self, file: &LimitsFile) -> Limits {
        let mut limits = Limits::default();
        let mut size = |value: &Option<Spanned<u64>>, name: &str, most: usize, field: &mut usize| {
            if let Some(value) = value {
                match usize::try_from(*value.get_ref()) {
                    Ok(number) if (1..=most).contains(&number) => *field = number,
                    _ => {
                        let message = format!("`{name}` is a number from 1 to {most}");
                        self.refuse(value.span().into(), "limit", message, None);
                    }
                }
            }
        };
        size(&file.header_bytes, "header_bytes", 1 << 20, &mut limits.header_bytes);
        size(&file.headers, "headers", 10_000, &mut limits.headers);
        size(&file.body_bytes, "body_bytes", 1 << 30, &mut limits.body_bytes);
        size(&file.parameters, "parameters", 1 << 20, &mut limits.parameters);
        size(&file.connections, "connections", 1 << 20, &mut limits.connections);
        size(&file.connections_per_client, "connections_per_client", 1 << 20, &mut limits.connections_per_client);
        size(&file.streams, "streams", 10_000, &mut limits.streams);
        size(&file.calls, "calls", 1 << 20, &mut limits.calls);
        size(&file.answer_bytes, "answer_bytes", 1 << 30, &mut limits.answer_bytes);
        size(&file.nonces_per_key, "nonces_per_key", 1 << 30, &mut limits.nonces_per_key);
        let mut seconds = |value: &Option<Spanned<u64>>, name: &str, field: &mut Duration| {
            if let Some(value) = value {
                match *value.get_ref() {
                    number @ 1..=86_400 => *field = Duration::from_secs(number),
                    _ => {
                        let message = format!("`{name}` is a number of seconds from 1 to 86400");
                        self.refuse(value.span().into(), "limit", message, None);
                    }
                }
            }
        };
        seconds(&file.header_timeout, "header_timeout", &mut limits.header_timeout);
        seconds(&file.idle_timeout, "idle_timeout", &mut limits.idle_timeout);
        seconds(&file.body_timeout, "body_timeout", &mut limits.body_timeout);
        seconds(&file.write_timeout, "write_timeout", &mut limits.write_timeout);
        seconds(&file.connect_timeout, "connect_timeout", &mut limits.connect_timeout);
        seconds(&file.forward_timeout, "forward_timeout", &mut limits.forward_timeout);
        limits.first_byte_timeout = limits.forward_timeout;
        seconds(&file.first_byte_timeout, "first_byte_timeout", &mut limits.first_byte_timeout);
        seconds(&file.drain_timeout, "drain_timeout", &mut limits.drain_timeout);
        let longest = limits.forward_timeout;
        if let Some(value) = file.first_byte_timeout.as_ref().filter(|_| limits.first_byte_timeout > longest) {
            let message =
                format!("`first_byte_timeout` is longer than `forward_timeout`, which is {}", longest.as_secs());
            let help = "make it shorter, or leave it out for as long as `forward_timeout`";
            self.refuse(value.span().into(), "limit", message, Some(help));
        }
        // hyper asks for at least this much room.
        if let Some(value) = file.header_bytes.as_ref().filter(|_| limits.header_bytes < 8192) {
            let message = "`header_bytes` must be at least 8192".to_owned();
            self.refuse(value.span().into(), "limit", message, None);
        }
        limits
    }
}

/// A host name or address with an optional port: what may stand in a Host header.
fn is_authority(text: &str) -> bool {
    !text.is_empty()
        && !text.contains('@')
        && text.parse::<http::uri::Authority>().is_ok_and(|authority| !authority.host().is_empty())
}
