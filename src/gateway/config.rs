//! The configuration file of `serve` (`ramgate.toml`), read and checked.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use crate::identity::{SecretReference, is_account_id};
use crate::json::{SourceText, Span};
use crate::report::{Finding, Severity};
use crate::store::secret;

/// Where calls come in.
#[derive(Debug, Clone, PartialEq, Eq)]
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
}

/// PEM files of a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// Certificate chain, the listener's own first.
    pub certificate: PathBuf,
    /// Private key.
    pub key: PathBuf,
}

/// What is known of the network that a listener's connections come from; it feeds `acs:SourceVpc` and
/// `acs:VpcSourceIp` (spec ram-policy-language 5.1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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
#[derive(Debug, Clone)]
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
    /// Access key id of the account's own credential.
    pub access_key_id: String,
    /// Its secret.
    pub secret: SecretReference,
    /// Its security token, for a temporary credential.
    pub token: Option<SecretReference>,
}

/// Scheme and authority of an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Whether calls go over TLS.
    pub tls: bool,
    /// Host, and port where it is not the scheme's own.
    pub authority: String,
}

/// Bounds of what one call may take.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// How long a request head may take to arrive.
    pub header_timeout: Duration,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// How long a connection to an upstream may take.
    pub connect_timeout: Duration,
    /// How long a forwarded call may take in all (G16).
    pub forward_timeout: Duration,
    /// Bytes of an upstream's answer.
    pub answer_bytes: usize,
    /// How long what is in flight may take to finish after SIGTERM.
    pub drain_timeout: Duration,
    /// Nonces remembered for one key (G12).
    pub nonces_per_key: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_bytes: 32 * 1024,
            headers: 100,
            body_bytes: 1024 * 1024,
            parameters: 1000,
            connections: 4096,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(5),
            forward_timeout: Duration::from_secs(60),
            answer_bytes: 16 * 1024 * 1024,
            drain_timeout: Duration::from_secs(75),
            nonces_per_key: 100_000,
        }
    }
}

/// Everything `serve` is told.
#[derive(Debug, Clone)]
pub struct Config {
    /// The directory of the world (spec world).
    pub world: PathBuf,
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
    /// File that remembers nonces across a restart; without one a replay after a restart could pass.
    pub nonce_journal: Option<PathBuf>,
    /// Whether keys of account owners are accepted (G9).
    pub allow_root_keys: bool,
    /// Condition keys whose absence from this gate is accepted although a Deny uses them (G2).
    pub acknowledged_keys: BTreeSet<String>,
    /// Whether a failed signature is answered with the string-to-sign, as the cloud does.
    pub echo_string_to_sign: bool,
}

impl Config {
    /// A configuration for `world` with everything else at its default and nothing to listen on or forward to.
    #[must_use]
    pub fn new(world: impl Into<PathBuf>) -> Self {
        Self {
            world: world.into(),
            catalogue: Vec::new(),
            lenient: false,
            listeners: Vec::new(),
            upstreams: Vec::new(),
            limits: Limits::default(),
            nonce_journal: None,
            allow_root_keys: false,
            acknowledged_keys: BTreeSet::new(),
            echo_string_to_sign: false,
        }
    }

    /// Reads and checks `source`; relative paths in it are taken from `directory`.
    ///
    /// # Errors
    /// Every mistake of the file, each with its place. A file that is not TOML ends with the first.
    pub fn parse(source: &SourceText, directory: &Path) -> Result<Self, Vec<Finding>> {
        let file: ConfigFile = toml::from_str(source.text()).map_err(|error| {
            let span = error.span().map_or(Span::new(0, 0), Span::from);
            vec![finding(&secret::masked(source), span, "config-syntax", error.message().to_owned(), None)]
        })?;
        // Findings show the lines they are about, and a secret may stand in any of them.
        Reading { source: &secret::masked(source), directory, findings: Vec::new() }.read(file)
    }
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
    world: Option<String>,
    #[serde(default)]
    catalogue: Vec<String>,
    dialect: Option<Spanned<String>>,
    #[serde(default)]
    listeners: Vec<Spanned<ListenerFile>>,
    #[serde(default)]
    upstreams: Vec<Spanned<UpstreamFile>>,
    #[serde(default)]
    limits: LimitsFile,
    #[serde(default)]
    gate: GateFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListenerFile {
    address: Spanned<String>,
    #[serde(default)]
    hosts: Vec<Spanned<String>>,
    tls: Option<TlsFile>,
    #[serde(default)]
    plain: bool,
    network: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TlsFile {
    certificate: String,
    key: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UpstreamFile {
    product: String,
    version: String,
    account: Spanned<String>,
    endpoint: Spanned<String>,
    #[serde(default)]
    plain: bool,
    ca: Option<String>,
    region: Option<String>,
    credential: CredentialFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CredentialFile {
    id: Spanned<String>,
    secret: Spanned<String>,
    token: Option<Spanned<String>>,
}

/// Durations in seconds, sizes in bytes, each at least 1.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct LimitsFile {
    header_bytes: Option<Spanned<u64>>,
    headers: Option<Spanned<u64>>,
    body_bytes: Option<Spanned<u64>>,
    parameters: Option<Spanned<u64>>,
    connections: Option<Spanned<u64>>,
    header_timeout: Option<Spanned<u64>>,
    body_timeout: Option<Spanned<u64>>,
    connect_timeout: Option<Spanned<u64>>,
    forward_timeout: Option<Spanned<u64>>,
    answer_bytes: Option<Spanned<u64>>,
    drain_timeout: Option<Spanned<u64>>,
    nonces_per_key: Option<Spanned<u64>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct GateFile {
    nonce_journal: Option<String>,
    #[serde(default)]
    allow_root_keys: bool,
    #[serde(default)]
    acknowledge_unsupplied_keys: Vec<String>,
    #[serde(default)]
    echo_string_to_sign: bool,
}

struct Reading<'a> {
    source: &'a SourceText,
    directory: &'a Path,
    findings: Vec<Finding>,
}

impl Reading<'_> {
    fn read(mut self, file: ConfigFile) -> Result<Config, Vec<Finding>> {
        let mut config = Config::new(self.directory.join(file.world.as_deref().unwrap_or(".")));
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
        config.nonce_journal = file.gate.nonce_journal.map(|path| self.directory.join(path));
        config.allow_root_keys = file.gate.allow_root_keys;
        config.acknowledged_keys = file.gate.acknowledge_unsupplied_keys.into_iter().collect();
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

    fn refuse(&mut self, span: Span, code: &str, message: String, help: Option<&str>) {
        self.findings.push(finding(self.source, span, code, message, help));
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
        Some(Listener {
            address: address?,
            hosts: listener.hosts.into_iter().map(|host| host.into_inner().to_ascii_lowercase()).collect(),
            tls: listener.tls.map(|tls| TlsFiles {
                certificate: self.directory.join(tls.certificate),
                key: self.directory.join(tls.key),
            }),
            network,
        })
    }

    fn upstream(&mut self, upstream: Spanned<UpstreamFile>) -> Option<(Span, Upstream)> {
        let span = Span::from(upstream.span());
        let upstream = upstream.into_inner();
        if !is_account_id(upstream.account.get_ref()) {
            let message = format!("`{}` is no account id", upstream.account.get_ref());
            self.refuse(upstream.account.span().into(), "account-id", message, Some("an account id has 16 digits"));
        }
        if upstream.credential.id.get_ref().is_empty() {
            let message = "the credential has no access key id".to_owned();
            self.refuse(upstream.credential.id.span().into(), "credential", message, None);
        }
        let endpoint = self.endpoint(&upstream.endpoint, upstream.plain);
        let secret = self.secret(&upstream.credential.secret);
        let token = match &upstream.credential.token {
            Some(token) => Some(self.secret(token)?),
            None => None,
        };
        let upstream = Upstream {
            product: upstream.product.to_ascii_lowercase(),
            version: upstream.version,
            account: upstream.account.into_inner(),
            endpoint: endpoint?,
            ca: upstream.ca.map(|path| self.directory.join(path)),
            region: upstream.region,
            access_key_id: upstream.credential.id.into_inner(),
            secret: secret?,
            token,
        };
        Some((span, upstream))
    }

    fn refuse_second_upstream(&mut self, config: &Config, span: Span, upstream: &Upstream) {
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
        let mut size = |value: &Option<Spanned<u64>>, name: &str, field: &mut usize| {
            if let Some(value) = value {
                match usize::try_from(*value.get_ref()) {
                    Ok(number) if number > 0 => *field = number,
                    _ => {
                        let message = format!("`{name}` must be at least 1");
                        self.refuse(value.span().into(), "limit", message, None);
                    }
                }
            }
        };
        size(&file.header_bytes, "header_bytes", &mut limits.header_bytes);
        size(&file.headers, "headers", &mut limits.headers);
        size(&file.body_bytes, "body_bytes", &mut limits.body_bytes);
        size(&file.parameters, "parameters", &mut limits.parameters);
        size(&file.connections, "connections", &mut limits.connections);
        size(&file.answer_bytes, "answer_bytes", &mut limits.answer_bytes);
        size(&file.nonces_per_key, "nonces_per_key", &mut limits.nonces_per_key);
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
        seconds(&file.body_timeout, "body_timeout", &mut limits.body_timeout);
        seconds(&file.connect_timeout, "connect_timeout", &mut limits.connect_timeout);
        seconds(&file.forward_timeout, "forward_timeout", &mut limits.forward_timeout);
        seconds(&file.drain_timeout, "drain_timeout", &mut limits.drain_timeout);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Colour, text};

    fn parse(toml: &str) -> Result<Config, Vec<Finding>> {
        Config::parse(&SourceText::new("ramgate.toml", toml), Path::new("/etc/ramgate"))
    }

    const SOUND: &str = r#"
world = "world"
catalogue = ["more.toml"]

[[listeners]]
address = "127.0.0.1:8443"
hosts = ["Gate.Example:8443"]
tls = { certificate = "cert.pem", key = "key.pem" }
network = "public"

[[listeners]]
address = "[::1]:8080"
plain = true
network = "vpc-bp1example"

[[upstreams]]
product = "polardb"
version = "2017-08-01"
account = "1234567890123456"
endpoint = "https://polardb.aliyuncs.com/"
region = "cn-hangzhou"
credential = { id = "LTAI5tExample", secret = "file:secret", token = "env:TOKEN" }

[limits]
body_bytes = 4096
forward_timeout = 30

[gate]
nonce_journal = "nonces"
acknowledge_unsupplied_keys = ["acs:MFAPresent"]
"#;

    #[test]
    fn a_sound_configuration_is_read_whole_with_paths_from_its_directory() {
        let config = parse(SOUND).unwrap();
        assert_eq!(config.world, Path::new("/etc/ramgate/world"));
        assert_eq!(config.nonce_journal.as_deref(), Some(Path::new("/etc/ramgate/nonces")));
        assert_eq!(config.listeners.len(), 2);
        assert_eq!(config.listeners[0].hosts, ["gate.example:8443"]);
        assert_eq!(config.listeners[0].network, Network::Public);
        assert_eq!(config.listeners[1].network, Network::Vpc("vpc-bp1example".to_owned()));
        assert_eq!(config.upstreams[0].endpoint, Endpoint { tls: true, authority: "polardb.aliyuncs.com".to_owned() });
        assert_eq!(format!("{:?}", config.upstreams[0].secret), "file:/etc/ramgate/secret");
        assert_eq!(config.limits.body_bytes, 4096);
        assert_eq!(config.limits.forward_timeout, Duration::from_secs(30));
        assert_eq!(config.limits.headers, Limits::default().headers);
        assert!(config.acknowledged_keys.contains("acs:MFAPresent"));
    }

    #[test]
    fn every_mistake_is_told_with_its_place_and_its_mend() {
        let findings = parse(
            r#"
dialect = "loose"

[[listeners]]
address = "localhost"

[[listeners]]
address = "127.0.0.1:8443"
plain = true
tls = { certificate = "c", key = "k" }
hosts = ["a b"]
network = "office"

[[upstreams]]
product = "polardb"
version = "2017-08-01"
account = "123"
endpoint = "http://polardb.aliyuncs.com"
credential = { id = "", secret = "hunter2" }

[[upstreams]]
product = "polardb"
version = "2017-08-01"
account = "1234567890123456"
endpoint = "polardb.aliyuncs.com/path"
credential = { id = "LTAI", secret = "env:S" }

[limits]
body_bytes = 0
drain_timeout = 100000
header_bytes = 100
"#,
        )
        .unwrap_err();
        let shown = text(&findings, Colour::Off);
        assert!(!shown.contains("hunter2"));
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn a_gate_without_listener_or_upstream_is_refused() {
        let codes: Vec<String> = parse("").unwrap_err().into_iter().map(|finding| finding.code).collect();
        assert_eq!(codes, ["no-listener", "no-upstream"]);
    }

    #[test]
    fn an_unknown_field_is_refused_where_it_stands() {
        let findings = parse("[gate]\nallow_everything = true\n").unwrap_err();
        assert_eq!(findings[0].position().unwrap().1.to_string(), "2:1");
    }

    #[test]
    fn a_broken_file_does_not_show_the_secret_in_it() {
        let findings = parse("[[upstreams]]\ncredential = { id = 1, secret = \"hunter2\", x }\n").unwrap_err();
        assert!(!text(&findings, Colour::Off).contains("hunter2"));
    }

    #[test]
    fn two_upstreams_for_one_account_are_refused() {
        let upstream = SOUND.split("[[upstreams]]").nth(1).unwrap().split("[limits]").next().unwrap();
        let findings = parse(&format!("{SOUND}\n[[upstreams]]{upstream}")).unwrap_err();
        assert_eq!(findings[0].code, "upstream-repeated");
    }
}
