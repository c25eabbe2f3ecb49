//! What a gate decides and forwards by, read once and never changed.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::candidate::{Candidate, Comparisons};
use super::config::{self, Config, CredentialSource, Limits, Shadow};
use super::credentials::{Credentials, SourceError};
use super::lookup::Lookups;
use super::rates::{Rates, Uptime};
use super::shadow::{self, Shadows};
use super::upstream::{Circuit, Upstream, UpstreamState};
use super::{context, tls};
use crate::authn::{Echo, KeyRing};
use crate::authz::{Authorizer, UnsuppliedKey};
use crate::catalog::{Catalog, Facts};
use crate::identity::{PolicyStore, Principal, SecretReference, World};
use crate::json::SourceText;
use crate::openapi;
use crate::policy::{Context, Dialect, Effect};
use crate::report::{Finding, Severity};
use crate::store;

/// World, catalogue, evaluator, keys and upstreams, as one consistent whole (spec gate-rules G17). A call is decided
/// and forwarded by one snapshot from end to end.
#[derive(Debug)]
pub struct Snapshot {
    pub(super) catalog: Catalog,
    pub(super) authorizer: Authorizer,
    pub(super) facts: Arc<Facts>,
    pub(super) lookups: Option<Lookups>,
    pub(super) keys: Arc<KeyRing>,
    pub(super) limits: Limits,
    pub(super) echo: Echo,
    pub(super) rates: Rates,
    pub(super) shadows: Shadows,
    pub(super) candidate: Option<Candidate>,
    /// How many snapshots were in force before it.
    pub(super) generation: u64,
    pub(super) world: World,
    upstreams: Vec<Arc<Upstream>>,
}

/// A snapshot, and what somebody should know of it although it works.
#[derive(Debug)]
pub struct Loaded {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// Warnings and notes; no error is among them.
    pub findings: Vec<Finding>,
    /// The files that secrets of the world were read from.
    pub(super) secret_files: Vec<PathBuf>,
}

impl Snapshot {
    /// Reads everything that `config` names: world, policies, catalogue files, secrets, certificates of authorities.
    ///
    /// # Errors
    /// Every mistake that was found, of the world, its policies, the catalogue and the configuration. A mistake of the
    /// world hides those that could only be found in a sound one.
    pub fn load(config: &Config) -> Result<Loaded, Vec<Finding>> {
        Self::load_after(config, None)
    }

    /// The same after `before`: policies that say what they said, and the lists of such, are taken over from it.
    pub(super) fn load_after(config: &Config, before: Option<&Self>) -> Result<Loaded, Vec<Finding>> {
        let none = PolicyStore::default();
        let policies = before.map_or(&none, |before| &before.world.policies);
        let world = store::load_after(&config.world, &Dialect::of(config.lenient), policies);
        Self::of_world_after(config, world.map_err(|errors| Finding::of_world(&errors)), before)
    }

    /// As [`load`](Self::load), with a world that is at hand in place of the directory that `config` names.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn of_world(config: &Config, world: Result<World, Vec<Finding>>) -> Result<Loaded, Vec<Finding>> {
        Self::of_world_after(config, world, None)
    }

    fn of_world_after(
        config: &Config,
        world: Result<World, Vec<Finding>>,
        before: Option<&Self>,
    ) -> Result<Loaded, Vec<Finding>> {
        let mut findings = Vec::new();
        let ground = Ground::read(config, world, before, &mut findings);
        let keys = ground.as_ref().and_then(|ground| ground.keys(&mut findings));
        let upstreams = upstreams(config, &mut findings);
        match (ground, keys) {
            (Some(ground), Some(keys)) if sound(&findings) => {
                let secret_files = ground.secret_files();
                let snapshot = Self {
                    catalog: ground.catalog,
                    authorizer: ground.authorizer,
                    facts: Arc::new(ground.world.inventory.facts()),
                    lookups: config.lookup.map(Lookups::new),
                    keys: Arc::new(keys),
                    limits: config.limits.clone(),
                    rates: ground.rates,
                    shadows: ground.shadows,
                    candidate: ground.candidate,
                    echo: if config.echo_string_to_sign { Echo::Shown } else { Echo::Withheld },
                    generation: 0,
                    world: ground.world,
                    upstreams,
                };
                Ok(Loaded { snapshot, findings, secret_files })
            }
            _ => Err(findings),
        }
    }

    /// Takes over from `before` what goes on when a gate is reloaded, and gives the number of the new generation.
    pub(super) fn succeed(&mut self, before: &Self) -> u64 {
        self.rates.succeed(&before.rates);
        if let (Some(candidate), Some(before)) = (&mut self.candidate, &before.candidate) {
            candidate.succeed(before);
        }
        if let (Some(lookups), Some(before)) = (&mut self.lookups, &before.lookups) {
            lookups.succeed(before);
        }
        self.take_over(before);
        self.generation = before.generation + 1;
        for authorizer in self.candidate.iter_mut().map(Candidate::authorizer).chain([&mut self.authorizer]) {
            authorizer.set_generation(self.generation);
        }
        self.generation
    }

    /// Takes over what is known of upstreams from `before`: circuits, and credentials that were had from sources which
    /// are the same here.
    pub(super) fn take_over(&mut self, before: &Self) {
        for upstream in self.upstreams.iter_mut().filter_map(Arc::get_mut) {
            upstream.succeed(before.upstreams.iter().map(AsRef::as_ref));
        }
    }

    /// Begins to renew the credentials that are not renewed yet, and ends once each of their sources was asked for a first
    /// one, or after `within`. What it gives are those that none was had from, as findings.
    pub(super) async fn obtain_credentials(&self, within: Duration) -> Vec<Finding> {
        let renewed = self.upstreams.iter().filter_map(|upstream| Some((upstream, upstream.source()?)));
        let begun: Vec<_> = renewed.filter(|(_, source)| source.begin()).collect();
        let deadline = tokio::time::Instant::now() + within;
        let mut findings = Vec::new();
        for (upstream, source) in begun {
            let first = tokio::time::timeout_at(deadline, source.first()).await;
            if let Err(reason) = first.unwrap_or_else(|_| Err(format!("none came within {} s", within.as_secs()))) {
                let (account, product, version) = (upstream.account(), upstream.product(), upstream.version());
                let message = format!("there is no credential of account {account} for {product} {version}: {reason}");
                let help = "look at the rights of what it is had with, and at the trust policy of the role";
                findings.push(error_finding("upstream-credential", message).with_help(help));
            }
        }
        findings
    }

    /// The shadows that are not over at `now`; with any, the gate forwards what policies deny (spec gate-rules G15).
    pub fn shadowing(&self, now: Timestamp) -> impl Iterator<Item = &Shadow> {
        self.shadows.at(now)
    }

    /// How the candidate world compares with the one in force; `None` where there is no candidate.
    #[must_use]
    pub fn comparisons(&self) -> Option<Comparisons> {
        self.candidate.as_ref().map(Candidate::comparisons)
    }

    /// The bounds of one call as the wire has them.
    pub(super) fn wire_limits(&self) -> openapi::Limits {
        openapi::Limits {
            headers: self.limits.headers,
            header_bytes: self.limits.header_bytes,
            body_bytes: self.limits.body_bytes,
            parameters: self.limits.parameters,
            ..openapi::Limits::default()
        }
    }

    /// The RAM code of the product whose API has this version at this gate.
    pub(super) fn product(&self, version: &str) -> Option<&str> {
        self.catalog
            .products()
            .find(|known| known.version() == version && self.products().any(|product| product == known.code()))
            .map(|product| product.code())
    }

    /// The RAM codes of the products that there are upstreams for.
    pub(super) fn products(&self) -> impl Iterator<Item = &str> {
        self.upstreams.iter().map(|upstream| upstream.product())
    }

    /// Where upstreams are: host and port of each.
    pub(super) fn authorities(&self) -> impl Iterator<Item = &str> {
        self.upstreams.iter().map(|upstream| upstream.authority())
    }

    /// How upstreams are.
    pub(super) fn upstream_states(&self) -> Vec<UpstreamState> {
        let now = Timestamp::now();
        self.upstreams.iter().map(|upstream| upstream.state(now)).collect()
    }

    /// Where calls of this version go for callers of this account (spec gate-rules G1).
    pub(super) fn upstream(&self, account: &str, version: &str) -> Option<&Arc<Upstream>> {
        self.upstreams.iter().find(|upstream| upstream.serves(account, version))
    }

    /// The login name of an account.
    pub(super) fn alias(&self, account: &str) -> Option<&str> {
        self.world.accounts.get(account)?.alias.as_deref()
    }
}

/// Finds every mistake of `config` and of what it names, and everything else worth knowing, without opening a socket.
/// With `secrets` not asked for, what is kept in environment variables and secret files is left alone, so that a
/// configuration can be checked where its secrets are not.
#[must_use]
pub fn check(config: &Config, secrets: bool) -> Vec<Finding> {
    let world = store::load(&config.world, &Dialect::of(config.lenient)).map_err(|errors| Finding::of_world(&errors));
    let mut findings = Vec::new();
    let ground = Ground::read(config, world, None, &mut findings);
    for upstream in &config.upstreams {
        let of_sts = upstream.credential.chain().filter_map(CredentialSource::sts).map(|sts| sts.ca.as_deref());
        for ca in std::iter::once(upstream.ca.as_deref()).chain(of_sts) {
            if let Err(error) = tls::client(ca) {
                findings.push(error_finding("tls", error));
            }
        }
    }
    if secrets {
        if let Some(ground) = &ground {
            ground.keys(&mut findings);
        }
        for upstream in &config.upstreams {
            credentials(upstream, &mut findings);
        }
        for listener in &config.listeners {
            if let Some(Err(error)) = listener.tls.as_ref().map(tls::server) {
                findings.push(error_finding("tls", error));
            }
        }
        let mutual = config.admin.as_ref().and_then(|admin| admin.tls.as_ref());
        if let Some(Err(error)) = mutual.map(|tls| tls::server(&tls.files())) {
            findings.push(error_finding("tls", error));
        }
    }
    findings
}

/// What is known without any secret.
struct Ground {
    world: World,
    catalog: Catalog,
    authorizer: Authorizer,
    rates: Rates,
    shadows: Shadows,
    candidate: Option<Candidate>,
}

impl Ground {
    fn read(
        config: &Config,
        world: Result<World, Vec<Finding>>,
        before: Option<&Snapshot>,
        findings: &mut Vec<Finding>,
    ) -> Option<Self> {
        let catalog = catalogue(&config.catalogue, findings);
        let world = world.map_err(|errors| findings.extend(errors)).ok()?;
        let authorizer = match before {
            None => Authorizer::new(&world),
            Some(before) => Authorizer::after(&world, &before.authorizer),
        };
        let authorizer = authorizer.map_err(|error| findings.push(error_finding("world", error))).ok()?;
        root_keys(config, &world, findings);
        unsupplied_keys(config, &authorizer, findings);
        routes(config, &world, &catalog, findings);
        lookups(config, &catalog, findings);
        let rates = Rates::new(&world, &Uptime::default(), findings);
        shadow::findings(&config.shadows, &world, Timestamp::now(), findings);
        let shadows = Shadows::new(&config.shadows, &world);
        let shadows = shadows.map_err(|error| findings.push(error_finding("world", error))).ok()?;
        let candidate = config.candidate.as_deref().and_then(|path| {
            let before = before.and_then(|before| before.candidate.as_ref());
            Candidate::load(path, &Dialect::of(config.lenient), before, findings)
        });
        Some(Self { world, catalog, authorizer, rates, shadows, candidate })
    }

    fn secret_files(&self) -> Vec<PathBuf> {
        let references = self.world.keys().flat_map(|holder| [Some(holder.secret), holder.token]).flatten();
        references.filter_map(SecretReference::file).map(Path::to_owned).collect()
    }

    fn keys(&self, findings: &mut Vec<Finding>) -> Option<KeyRing> {
        let keys = KeyRing::of_world(&self.world);
        keys.map_err(|errors| findings.extend(errors.iter().map(|error| error_finding("access-key", error)))).ok()
    }
}

fn sound(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.severity != Severity::Error)
}

fn error_finding(code: &str, message: impl Display) -> Finding {
    Finding::nowhere(Severity::Error, code, message.to_string())
}

fn catalogue(paths: &[impl AsRef<Path>], findings: &mut Vec<Finding>) -> Catalog {
    let mut catalog = Catalog::embedded();
    for path in paths {
        let name = path.as_ref().display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => {
                let source = SourceText::new(name, text);
                if let Err(error) = catalog.extend(&source) {
                    findings.extend(Finding::of_catalogue(&source, &error));
                }
            }
            Err(error) => {
                let message = format!("the catalogue file `{name}` cannot be read: {error}");
                findings.push(error_finding("catalogue", message));
            }
        }
    }
    catalog
}

/// A key of an account's owner may do everything (spec gate-rules G9).
fn root_keys(config: &Config, world: &World, findings: &mut Vec<Finding>) {
    for holder in world.keys() {
        let Principal::Owner { account } = &holder.principal else { continue };
        let key = holder.key_id;
        let message = format!("access key `{key}` belongs to the owner of account {account}, whom no policy binds");
        let severity = if config.allow_root_keys { Severity::Warning } else { Severity::Error };
        let help = "use the key of a user or role, or accept it with `allow_root_keys = true`";
        findings.push(Finding::nowhere(severity, "root-key", message).with_help(help));
    }
}

/// Tests of condition keys that this gate can say nothing of (spec gate-rules G2).
fn unsupplied_keys(config: &Config, authorizer: &Authorizer, findings: &mut Vec<Finding>) {
    let acknowledged: BTreeSet<String> = config.acknowledged_keys.iter().map(|key| Context::normalize(key)).collect();
    for unsupplied in authorizer.unsupplied_keys(&context::supply(&config.listeners)) {
        let denies = unsupplied.effect() == Effect::Deny;
        let accepted = acknowledged.contains(&Context::normalize(&unsupplied.key));
        let UnsuppliedKey { key, place, .. } = unsupplied;
        let (what, help) = match denies {
            true => {
                ("this Deny applies as if the test were met", "under [gate], so that the Deny may apply to every call")
            }
            false => ("this Allow never applies", "under [gate]"),
        };
        findings.push(Finding {
            severity: match (denies, accepted) {
                (true, false) => Severity::Error,
                (false, false) => Severity::Warning,
                (_, true) => Severity::Note,
            },
            code: "unsupplied-key".to_owned(),
            message: format!("`{key}` is never known at this gate: {what}"),
            help: Some(format!(
                "leave the test out, or accept it with `acknowledge_unsupplied_keys = [\"{key}\"]` {help}"
            )),
            place: Some(place),
        });
    }
}

/// Upstreams whose clusters cannot be looked up although lookups are asked for.
fn lookups(config: &Config, catalog: &Catalog, findings: &mut Vec<Finding>) {
    for upstream in config.upstreams.iter().filter(|_| config.lookup.is_some()) {
        let config::Upstream { product, version, account, .. } = upstream;
        if matches!(upstream.credential, CredentialSource::Caller) {
            let message =
                format!("clusters of account {account} are not looked up: it is called with callers' own keys");
            let help = "give the upstream a credential of its own, or put its clusters into the inventory";
            findings.push(Finding::nowhere(Severity::Warning, "lookup-caller", message).with_help(help));
        }
        if catalog.product(product, version).is_some_and(|known| known.lookup().is_none()) {
            let message = format!("the catalogue does not say how clusters of `{product}` {version} are looked up");
            let help = "add a [lookup] table to a catalogue file for it";
            findings.push(Finding::nowhere(Severity::Warning, "lookup-unknown", message).with_help(help));
        }
    }
}

/// Whether upstreams and accounts go together (spec gate-rules G1), and what goes in the clear (G18).
fn routes(config: &Config, world: &World, catalog: &Catalog, findings: &mut Vec<Finding>) {
    for upstream in &config.upstreams {
        let config::Upstream { product, version, account, .. } = upstream;
        if catalog.product(product, version).is_none() {
            let message = format!("the catalogue has no version {version} of `{product}`, which an upstream is for");
            let help = "correct the upstream, or add a catalogue file for it";
            findings.push(error_finding("upstream-product", message).with_help(help));
        }
        if !world.accounts.contains_key(account) {
            let message = format!("an upstream is for account {account}, which is not in the world");
            let help = "correct its `account`, or add the account to the world";
            findings.push(error_finding("upstream-account", message).with_help(help));
        }
        let asked = upstream.credential.chain().filter_map(CredentialSource::sts).map(|sts| &sts.sts_endpoint);
        for endpoint in std::iter::once(&upstream.endpoint).chain(asked).filter(|endpoint| !endpoint.tls) {
            let message = format!("calls to `{}` go in the clear", endpoint.authority);
            findings.push(Finding::nowhere(Severity::Warning, "plain-upstream", message));
        }
    }
    for listener in config.listeners.iter().filter(|listener| listener.tls.is_none()) {
        let told = if listener.proxies.trusted.is_empty() { "false" } else { "what trusted proxies say" };
        let message = format!("calls to {} come in the clear: `acs:SecureTransport` is {told}", listener.address);
        findings.push(Finding::nowhere(Severity::Warning, "plain-listener", message));
    }
    if let Some(traces) = config.traces.as_ref().filter(|traces| traces.exposed()) {
        let message = format!("spans of calls go to `{}` in the clear", traces.endpoint);
        findings.push(Finding::nowhere(Severity::Warning, "plain-collector", message));
    }
    let anyones = |listener: &&config::Listener| listener.proxies.protocol && listener.proxies.trusted.is_empty();
    for listener in config.listeners.iter().filter(anyones) {
        let message = format!("whoever reaches {} tells by its PROXY header where calls come from", listener.address);
        let help = "name those that may send it in `trusted_proxies`";
        findings.push(Finding::nowhere(Severity::Warning, "proxy-header-of-anyone", message).with_help(help));
    }
    let callers: BTreeSet<String> =
        world.keys().filter_map(|holder| holder.principal.account().map(str::to_owned)).collect();
    for account in callers {
        if config.upstreams.iter().all(|upstream| upstream.account != account) {
            let message = format!("account {account} has keys and no upstream: every call of it will be refused");
            findings.push(Finding::nowhere(Severity::Warning, "account-without-upstream", message));
        }
    }
}

fn upstreams(config: &Config, findings: &mut Vec<Finding>) -> Vec<Arc<Upstream>> {
    let mut upstreams: Vec<Arc<Upstream>> = Vec::new();
    for upstream in &config.upstreams {
        let Some(mut credentials) = credentials(upstream, findings) else { continue };
        // Upstreams whose credentials come from just the same have one source.
        upstreams.iter().for_each(|other| other.share(&mut credentials));
        let circuit = Circuit::new(&upstream.endpoint, config.circuit);
        let shared = upstreams.iter().map(|other| other.circuit()).find(|other| other.is_as(&circuit));
        let circuit = shared.map_or(circuit, Arc::clone);
        match Upstream::new(upstream, credentials, &config.limits, circuit) {
            Ok(upstream) => upstreams.push(Arc::new(upstream)),
            Err(error) => findings.push(error_finding("tls", error)),
        }
    }
    upstreams
}

/// What its calls are signed with, secrets read.
fn credentials(upstream: &config::Upstream, findings: &mut Vec<Finding>) -> Option<Credentials> {
    let config::Upstream { product, version, account, credential, .. } = upstream;
    let refuse = |error: SourceError| {
        let message = format!("the credential of account {account} for {product} {version} {error}");
        findings.push(error_finding("upstream-credential", message));
    };
    Credentials::new(credential, account).map_err(refuse).ok()
}
