//! The gate, the sandbox behind it, and the clusters in it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use uuid::Uuid;

use super::events::Tap;
use super::example;
use crate::authn::{KeyEntry, KeyRing, KeyRingError};
use crate::catalog::Known;
use crate::gateway::audit::Log;
use crate::gateway::config::{AccessKey, Config, CredentialSource, Endpoint, Listener, Upstream};
use crate::gateway::{Gate, GatewayError, Snapshot};
use crate::identity::{KeyStatus, Principal, Resource, SecretReference, World};
use crate::report::Finding;
use crate::sandbox::{self, Cluster, Direction, SandboxError, Server, SettableClock, Stage};

/// How long calls under way may take to end.
const DRAIN: Duration = Duration::from_secs(5);

/// `MigrationStatus` of a cluster that is in no migration.
pub(super) const NO_MIGRATION: &str = "NO_MIGRATION";

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotOpened {
    #[error("the example world has mistakes")]
    Mistakes(Vec<Finding>),
    #[error("no thread to keep records with: {0}")]
    Log(#[source] std::io::Error),
    #[error(transparent)]
    Gate(#[from] GatewayError),
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    #[error("the key of the sandbox cannot be used: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Key(Vec<KeyRingError>),
    #[error("the example world has no account")]
    NoAccount,
}

/// A gate of the example world and the sandbox that it forwards to.
pub(super) struct Stand {
    pub(super) world: World,
    log: Log,
    gate: Gate,
    gate_address: SocketAddr,
    sandbox: Server,
    clock: Arc<SettableClock>,
}

impl Stand {
    /// Opens both, with the gate's records going to `tap`. The real key of the account is made up here, and only the gate and the sandbox ever have it.
    pub(super) async fn open(listen: SocketAddr, tap: Tap) -> Result<Self, NotOpened> {
        let world = example::world().map_err(|errors| NotOpened::Mistakes(Finding::of_world(&errors)))?;
        let account = world.accounts.keys().next().ok_or(NotOpened::NoAccount)?.clone();
        let id = format!("LTAI5t{}", &Uuid::new_v4().simple());
        let secret = SecretString::from(format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()));
        let key = KeyEntry {
            id: id.clone(),
            secret: secret.clone(),
            status: KeyStatus::Active,
            not_after: None,
            principal: Principal::Owner { account: account.clone() },
            session: None,
        };
        let keys = KeyRing::new([key]).map_err(NotOpened::Key)?;
        let clock = Arc::new(SettableClock::new(Timestamp::now()));
        let sandbox = Server::bind(sandbox::Config::default(), keys, Arc::clone(&clock) as Arc<_>).await?;
        let mut config = Config::new(PathBuf::from(example::DIRECTORY));
        config.limits.drain_timeout = DRAIN;
        config.listeners.push(Listener::plain(listen));
        config.upstreams.push(Upstream {
            product: "polardb".to_owned(),
            version: sandbox::VERSION.to_owned(),
            account,
            endpoint: Endpoint { tls: false, authority: sandbox.local_addr().to_string() },
            ca: None,
            region: None,
            credential: CredentialSource::AccessKey(AccessKey {
                access_key_id: id,
                secret: SecretReference::Inline(secret),
                token: None,
            }),
        });
        let snapshot = Snapshot::of_world(&config, Ok(world.clone())).map_err(NotOpened::Mistakes)?.snapshot;
        let log = Log::to(tap, &config.audit).map_err(NotOpened::Log)?;
        let gate = Gate::serve(&config, snapshot, log.clone()).await?;
        let gate_address = gate.addresses().first().copied().unwrap_or(listen);
        let stand = Self { world, log, gate, gate_address, sandbox, clock };
        stand.migrate()?;
        Ok(stand)
    }

    /// Puts every cluster of the world into the sandbox, in a migration whose switch is done: to close it completes it.
    fn migrate(&self) -> Result<(), SandboxError> {
        let state = self.sandbox.state();
        for resource in self.world.inventory.iter().filter(|resource| resource.kind == "dbcluster") {
            let Resource { id, account, region, resource_group, tags, .. } = resource;
            let mut cluster = Cluster::new(id, account, region, state.now());
            if let Known::Known(Some(group)) = resource_group {
                cluster.resource_group.clone_from(group);
            }
            if let Known::Known(tags) = tags {
                cluster.tags.extend(tags.iter().cloned());
            }
            let source = id.replacen("pc-", "rm-", 1);
            let stage = Stage::Syncing { direction: Direction::PolarDbToRds };
            state.put(&cluster.migrating(&source, stage, state.durations()))?;
        }
        Ok(())
    }

    /// `MigrationStatus` of a cluster, asked of the sandbox itself.
    pub(super) fn migration_status(&self, cluster: &str) -> Result<&'static str, SandboxError> {
        let migration = self.sandbox.state().cluster(cluster)?.and_then(|cluster| cluster.migration);
        Ok(migration.map_or(NO_MIGRATION, |migration| migration.stage.name()))
    }

    /// How long a migration takes to close.
    pub(super) fn closing(&self) -> Duration {
        self.sandbox.state().durations().closing
    }

    /// Moves the sandbox's clock on.
    pub(super) fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    /// Where the gate listens.
    pub(super) fn gate(&self) -> SocketAddr {
        self.gate_address
    }

    /// Where the sandbox listens.
    pub(super) fn sandbox(&self) -> SocketAddr {
        self.sandbox.local_addr()
    }

    /// Takes no more calls, and lets those under way end.
    pub(super) async fn shutdown(self) {
        self.gate.shutdown().await;
        self.log.close();
        self.sandbox.shutdown().await;
    }
}
