//! Clusters in an embedded database: every change is one committed transaction that is on disk when it is answered.

use std::path::PathBuf;
use std::sync::Arc;

use redb::backends::InMemoryBackend;
use redb::{Database, Durability, ReadableDatabase, ReadableTable, TableDefinition};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::clock::Clock;
use super::error::{Failure, SandboxError, ServiceError};
use super::machine::{Cluster, Durations};

/// Cluster id to the cluster as JSON.
const CLUSTERS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("clusters");
/// Account and client token of a creation to what was created, as JSON.
const CREATIONS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("creations");
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const FORMAT: u64 = 1;

/// Where the state is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Location {
    /// In memory: gone with the process.
    #[default]
    Memory,
    /// In a file of one process, which is made where it is missing.
    File(PathBuf),
}

/// The clusters of all accounts.
///
/// Its methods read and write the database: call them where blocking is allowed.
pub struct State {
    database: Database,
    clock: Arc<dyn Clock>,
    durations: Durations,
    regions: Vec<String>,
}

/// What a client token was used for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Creation {
    /// The parameters it came with, by name.
    pub parameters: Vec<(String, String)>,
    /// Id of the cluster.
    pub cluster: String,
    /// The order's id.
    pub order: String,
    /// Its resource group.
    pub resource_group: String,
}

fn storage(error: impl Into<redb::Error>) -> SandboxError {
    SandboxError::Storage(error.into().to_string())
}

fn read<T: DeserializeOwned>(key: &str, record: &[u8]) -> Result<T, SandboxError> {
    serde_json::from_slice(record)
        .map_err(|error| SandboxError::Record { key: key.to_owned(), reason: error.to_string() })
}

fn write<T: Serialize>(key: &str, value: &T) -> Result<Vec<u8>, SandboxError> {
    serde_json::to_vec(value).map_err(|error| SandboxError::Record { key: key.to_owned(), reason: error.to_string() })
}

impl State {
    /// Opens the state at `location`, or begins it there. `regions` are those in which clusters can be created.
    ///
    /// # Errors
    /// [`SandboxError`] where the file cannot be opened or read, or a duration is out of bounds.
    pub fn open(
        location: &Location,
        durations: Durations,
        regions: Vec<String>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SandboxError> {
        let database = match location {
            Location::Memory => Database::builder().create_with_backend(InMemoryBackend::new()).map_err(storage)?,
            Location::File(path) => Database::create(path)
                .map_err(|error| SandboxError::Open { path: path.clone(), reason: error.to_string() })?,
        };
        let state = Self { database, clock, durations: durations.checked()?, regions };
        state.begin()?;
        Ok(state)
    }

    fn begin(&self) -> Result<(), SandboxError> {
        self.transact(|transaction| {
            let mut meta = transaction.open_table(META).map_err(storage)?;
            let found = meta.get("format").map_err(storage)?.map(|format| format.value());
            match found {
                Some(FORMAT) => {}
                Some(found) => return Err(SandboxError::Format { found, known: FORMAT }),
                None => {
                    meta.insert("format", FORMAT).map_err(storage)?;
                }
            }
            transaction.open_table(CLUSTERS).map_err(storage)?;
            transaction.open_table(CREATIONS).map_err(storage)?;
            Ok(())
        })
    }

    /// Runs `work` in one transaction: committed where it gives a value, undone where it gives an error.
    fn transact<T, E: From<SandboxError>>(
        &self,
        work: impl FnOnce(&redb::WriteTransaction) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut transaction = self.database.begin_write().map_err(storage)?;
        // The default today; said here because answers rest on it.
        transaction.set_durability(Durability::Immediate).map_err(storage)?;
        let value = work(&transaction)?;
        transaction.commit().map_err(storage)?;
        Ok(value)
    }

    /// The present instant by the sandbox's clock.
    #[must_use]
    pub fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    /// How long stages last.
    #[must_use]
    pub fn durations(&self) -> &Durations {
        &self.durations
    }

    pub(super) fn has_region(&self, region: &str) -> bool {
        self.regions.iter().any(|known| known == region)
    }

    /// The cluster as it is now, whichever account it belongs to; `None` where there is none or it is deleted.
    ///
    /// # Errors
    /// [`SandboxError`] where the state cannot be read.
    pub fn cluster(&self, id: &str) -> Result<Option<Cluster>, SandboxError> {
        let transaction = self.database.begin_read().map_err(storage)?;
        let table = transaction.open_table(CLUSTERS).map_err(storage)?;
        match table.get(id).map_err(storage)? {
            Some(record) => Ok(read::<Cluster>(id, record.value())?.at(self.now(), &self.durations)),
            None => Ok(None),
        }
    }

    /// Every cluster as it is now, by id.
    ///
    /// # Errors
    /// [`SandboxError`] where the state cannot be read.
    pub fn clusters(&self) -> Result<Vec<Cluster>, SandboxError> {
        let now = self.now();
        let transaction = self.database.begin_read().map_err(storage)?;
        let table = transaction.open_table(CLUSTERS).map_err(storage)?;
        let mut clusters = Vec::new();
        for entry in table.iter().map_err(storage)? {
            let (id, record) = entry.map_err(storage)?;
            clusters.extend(read::<Cluster>(id.value(), record.value())?.at(now, &self.durations));
        }
        Ok(clusters)
    }

    /// Puts a cluster there as it is given, over one of the same id: for setting the sandbox up.
    ///
    /// # Errors
    /// [`SandboxError`] where the state cannot be written.
    pub fn put(&self, cluster: &Cluster) -> Result<(), SandboxError> {
        self.transact(|transaction| Self::insert(transaction, cluster))
    }

    fn insert(transaction: &redb::WriteTransaction, cluster: &Cluster) -> Result<(), SandboxError> {
        let record = write(&cluster.id, cluster)?;
        let mut table = transaction.open_table(CLUSTERS).map_err(storage)?;
        table.insert(cluster.id.as_str(), record.as_slice()).map_err(storage)?;
        Ok(())
    }

    /// Changes the account's cluster `id` by `change`, in one transaction.
    ///
    /// # Errors
    /// [`ServiceError::ClusterNotFound`], what `change` refuses with, or [`SandboxError`].
    pub(super) fn change(
        &self,
        account: &str,
        id: &str,
        change: impl FnOnce(&mut Cluster, jiff::Timestamp, &Durations) -> Result<(), ServiceError>,
    ) -> Result<(), Failure> {
        self.transact(|transaction| {
            let stored: Option<Cluster> = {
                let table = transaction.open_table(CLUSTERS).map_err(storage)?;
                let record = table.get(id).map_err(storage)?;
                record.map(|record| read(id, record.value())).transpose()?
            };
            // Read inside the transaction, so that changes are in the order of their times.
            let now = self.now();
            let mut cluster = stored
                .filter(|cluster| cluster.account == account)
                .and_then(|cluster| cluster.at(now, &self.durations))
                .ok_or(ServiceError::ClusterNotFound)?;
            change(&mut cluster, now, &self.durations)?;
            Ok(Self::insert(transaction, &cluster)?)
        })
    }

    /// Adds a cluster; under a client token that the account has used before, gives what was created then.
    ///
    /// # Errors
    /// [`ServiceError::ClientTokenReused`] where that came with other parameters, or [`SandboxError`].
    pub(super) fn create(
        &self,
        cluster: &Cluster,
        token: Option<&str>,
        creation: Creation,
    ) -> Result<Creation, Failure> {
        self.transact(|transaction| {
            if let Some(token) = token {
                // An account id is digits, so the first slash ends it.
                let key = format!("{}/{token}", cluster.account);
                let mut table = transaction.open_table(CREATIONS).map_err(storage)?;
                let earlier: Option<Creation> = {
                    let record = table.get(key.as_str()).map_err(storage)?;
                    record.map(|record| read(&key, record.value())).transpose()?
                };
                match earlier {
                    Some(earlier) if earlier.parameters == creation.parameters => return Ok(earlier),
                    Some(_) => return Err(ServiceError::ClientTokenReused.into()),
                    None => {
                        let record = write(&key, &creation)?;
                        table.insert(key.as_str(), record.as_slice()).map_err(storage)?;
                    }
                }
            }
            Self::insert(transaction, cluster)?;
            Ok(creation)
        })
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("durations", &self.durations)
            .field("regions", &self.regions)
            .finish_non_exhaustive()
    }
}
