//! A gate in front of a sandbox, on loopback.

use std::fs::Permissions;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ramgate::authn::{KeyEntry, KeyRing};
use ramgate::gateway::config::{AccessKey, Config, CredentialSource, Endpoint, Listener, TlsFiles, Upstream};
use ramgate::gateway::{Drained, Gate, Opened, Snapshot, Watch};
use ramgate::identity::{KeyStatus, Principal, SecretReference, World};
use ramgate::json::SourceText;
use ramgate::openapi::WireRequest;
use ramgate::policy::Dialect;
use ramgate::report::Finding;
use ramgate::sandbox::{self, Cluster, Direction, Server, Stage, SystemClock};
use ramgate::store::{self, WorldSources};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::caller::{self, Answer, Key};
use super::client::Place;
use super::events::{self, LogId};

pub const ACCOUNT: &str = "1234567890123456";
pub const FIRST: &str = "pc-bp1demo00000001";
pub const SECOND: &str = "pc-bp1demo00000002";
pub const PROTECTED: &str = "pc-2zedemo00000003";

/// The real key of the account, which callers never see.
pub const UPSTREAM: Key =
    Key { id: "STS.UpstreamCredential", secret: "canary-upstream-secret", token: Some("canary-upstream-token") };

/// Names of every header of a forwarded call, in their order.
pub const FORWARDED_HEADERS: [&str; 11] = [
    "accept",
    "authorization",
    "content-length",
    "host",
    "x-acs-accesskey-id",
    "x-acs-action",
    "x-acs-content-sha256",
    "x-acs-date",
    "x-acs-security-token",
    "x-acs-signature-nonce",
    "x-acs-version",
];

/// A gate, the sandbox behind it, and what both stand on.
pub struct Stand {
    runtime: Runtime,
    pub sandbox: Server,
    gate: Gate,
    log_id: LogId,
    pub place: Place,
    pub address: SocketAddr,
    _directory: TempDir,
}

impl Stand {
    /// The example world behind plain HTTP.
    pub fn plain() -> Self {
        Self::of_demo(false)
    }

    /// The example world behind TLS.
    pub fn tls() -> Self {
        Self::of_demo(true)
    }

    fn of_demo(tls: bool) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let authority = Authority::new(directory.path());
        let world = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/demo");
        let world = store::load(&world, &Dialect::strict()).unwrap();
        Self::open(directory, world, |config| {
            if tls {
                config.listeners[0].tls = Some(authority.listener(&["127.0.0.1"]));
            }
        })
        .unwrap()
        .trusting(tls.then_some(authority.certificate))
    }

    /// A gate of `world`, with whatever else `change` makes of its configuration.
    pub fn of_world(world: World, change: impl FnOnce(&mut Config)) -> Result<Self, Vec<Finding>> {
        Self::open(tempfile::tempdir().unwrap(), world, change)
    }

    /// A gate that is opened from the files of `directory`, which `write` writes for an upstream.
    pub fn of_files(directory: TempDir, write: impl FnOnce(&Path, SocketAddr)) -> (Self, Watch) {
        let (runtime, sandbox) = behind();
        write(directory.path(), sandbox.local_addr());
        let Opened { config, snapshot, watch, .. } = Opened::read(&directory.path().join("ramgate.toml")).unwrap();
        (Self::serve(directory, runtime, sandbox, &config, snapshot), watch)
    }

    fn open(directory: TempDir, world: World, change: impl FnOnce(&mut Config)) -> Result<Self, Vec<Finding>> {
        let (runtime, sandbox) = behind();
        let mut config = config(sandbox.local_addr());
        change(&mut config);
        let snapshot = Snapshot::of_world(&config, Ok(world))?.snapshot;
        Ok(Self::serve(directory, runtime, sandbox, &config, snapshot))
    }

    fn serve(directory: TempDir, runtime: Runtime, sandbox: Server, config: &Config, snapshot: Snapshot) -> Self {
        let (log, log_id) = events::log(&config.audit);
        let gate = runtime.block_on(Gate::serve(config, snapshot, log)).unwrap();
        let address = gate.addresses()[0];
        let place = Place { endpoint: address.to_string(), ca: None };
        Self { runtime, sandbox, gate, log_id, place, address, _directory: directory }
    }

    fn trusting(mut self, ca: Option<PathBuf>) -> Self {
        self.place.ca = ca;
        self
    }

    /// Puts clusters into the sandbox, each in a migration that can be closed.
    pub fn migrate(&self, clusters: &[(&str, &str)]) {
        for (id, region) in clusters {
            self.migrate_of(ACCOUNT, id, region);
        }
    }

    fn migrate_of(&self, account: &str, id: &str, region: &str) {
        let state = self.sandbox.state();
        let stage = Stage::Syncing { direction: Direction::RdsToPolarDb };
        let cluster = Cluster::new(id, account, region, state.now());
        state.put(&cluster.migrating("rm-bp1demo", stage, state.durations())).unwrap();
    }

    /// Whether the cluster is still in the stage that [`migrate`](Self::migrate) put it in.
    pub fn migrating(&self, id: &str) -> bool {
        let migration = self.sandbox.state().cluster(id).unwrap().unwrap().migration;
        migration.is_some_and(|migration| matches!(migration.stage, Stage::Syncing { .. }))
    }

    /// The gate itself, and what its futures run on.
    pub fn gate(&self) -> (&Gate, &Runtime) {
        (&self.gate, &self.runtime)
    }

    /// What tells its records from those of other gates.
    pub fn log_id(&self) -> LogId {
        self.log_id
    }

    /// Signs and makes a call.
    pub fn call(&self, key: Key, operation: &str, pairs: &[(&str, &str)]) -> Answer {
        self.send(&caller::bytes(&caller::signed(&self.place.endpoint, key, operation, pairs)))
    }

    /// Sends bytes to the gate.
    pub fn send(&self, request: &[u8]) -> Answer {
        caller::exchange(self.address, request)
    }

    /// What the upstream was sent, oldest first.
    pub fn forwarded(&self) -> Vec<WireRequest> {
        self.sandbox.requests()
    }

    /// The gate and its runtime, for a test that goes on after its end.
    pub fn into_gate(self) -> (Gate, Runtime) {
        (self.gate, self.runtime)
    }

    /// Ends the gate; calls under way are seen through.
    pub fn shut(self) -> Drained {
        let Self { runtime, gate, .. } = self;
        runtime.block_on(gate.shutdown())
    }
}

/// What stands behind a gate.
fn behind() -> (Runtime, Server) {
    events::begin();
    let runtime = Runtime::new().unwrap();
    let sandbox = runtime.block_on(upstream());
    (runtime, sandbox)
}

/// A sandbox that takes the account's real key.
async fn upstream() -> Server {
    let token = ramgate::authn::SessionToken {
        token: SecretString::from(UPSTREAM.token.unwrap()),
        expires: "2099-01-01T00:00:00Z".parse().unwrap(),
    };
    let key = KeyEntry {
        id: UPSTREAM.id.to_owned(),
        secret: SecretString::from(UPSTREAM.secret),
        status: KeyStatus::Active,
        not_after: None,
        principal: Principal::Owner { account: ACCOUNT.to_owned() },
        session: Some(token),
    };
    let config = sandbox::Config { remembered_requests: 1000, ..sandbox::Config::default() };
    Server::bind(config, KeyRing::new([key]).unwrap(), Arc::new(SystemClock)).await.unwrap()
}

/// A plain listener on a free port, and the upstream at `address`.
pub fn config(address: SocketAddr) -> Config {
    let mut config = Config::new("the world of a test");
    config.listeners.push(Listener::plain(SocketAddr::from(([127, 0, 0, 1], 0))));
    config.upstreams.push(Upstream {
        product: "polardb".to_owned(),
        version: "2017-08-01".to_owned(),
        account: ACCOUNT.to_owned(),
        endpoint: Endpoint { tls: false, authority: address.to_string() },
        ca: None,
        region: None,
        credential: credential(UPSTREAM),
    });
    config
}

/// A key as an upstream's own.
pub fn credential(key: Key) -> CredentialSource {
    CredentialSource::AccessKey(AccessKey {
        access_key_id: key.id.to_owned(),
        secret: SecretReference::Inline(SecretString::from(key.secret)),
        token: key.token.map(|token| SecretReference::Inline(SecretString::from(token))),
    })
}

/// The world that these texts make.
pub fn world(toml: &str, policies: &[(&str, &str)]) -> World {
    limited_world(toml, policies, None)
}

/// The world that these texts make, with rate limits.
pub fn limited_world(toml: &str, policies: &[(&str, &str)], limits: Option<&str>) -> World {
    let policies = policies.iter().map(|(name, text)| {
        let path = format!("{name}.json");
        (path.clone(), SourceText::new(path, *text))
    });
    let sources = WorldSources {
        world: SourceText::new("world.toml", toml),
        policies: policies.collect(),
        limits: limits.map(|text| SourceText::new("limits.toml", text)),
        base: PathBuf::from("."),
    };
    store::load_sources(&sources, &Dialect::strict()).unwrap_or_else(|errors| panic!("{:?}", errors.mistakes))
}

/// A certificate authority of a test.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: PathBuf,
    /// Its certificate, as PEM.
    pub certificate: PathBuf,
}

impl Authority {
    pub fn new(directory: &Path) -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // A name of its own: clients take a certificate whose issuer has its own name for self-signed.
        parameters.distinguished_name.push(DnType::CommonName, "authority of a test");
        let issuer = CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap();
        let certificate = directory.join("authority.pem");
        std::fs::write(&certificate, issuer.pem()).unwrap();
        Self { issuer, directory: directory.to_owned(), certificate }
    }

    /// Certificate and key of a client, as PEM, with these URIs for names.
    pub fn client(&self, uris: &[&str], change: impl FnOnce(&mut CertificateParams)) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(vec!["client.example".to_owned()]).unwrap();
        let uris = uris.iter().map(|uri| SanType::URI((*uri).try_into().unwrap()));
        parameters.subject_alt_names.extend(uris);
        change(&mut parameters);
        (parameters.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }

    /// Certificate and key of a listener by these names.
    pub fn listener(&self, names: &[&str]) -> TlsFiles {
        let names = names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &self.issuer).unwrap();
        let files = TlsFiles {
            certificate: self.directory.join("listener.pem"),
            key: self.directory.join("listener.key"),
            http2: true,
            clients: None,
        };
        std::fs::write(&files.certificate, certificate.pem()).unwrap();
        std::fs::write(&files.key, key.serialize_pem()).unwrap();
        std::fs::set_permissions(&files.key, Permissions::from_mode(0o600)).unwrap();
        files
    }
}
