//! The life of a cluster and its migration: a pure function of what is stored and the time
//! (spec openapi-wire 5.2).

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::error::{SandboxError, ServiceError};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the stages last that end by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Durations {
    /// A cluster is `Creating`.
    pub creating: Duration,
    /// The full copy, `RDS2POLARDB_CLONING`, after the cluster is there.
    pub cloning: Duration,
    /// `SWITCHING` and `ROLLBACK`.
    pub switching: Duration,
    /// `CLOSING_MIGRATION`.
    pub closing: Duration,
    /// A cluster is `Rebooting`.
    pub rebooting: Duration,
    /// A cluster is `Deleting`.
    pub deleting: Duration,
    /// From its start until the service closes a migration by itself (documented: 30 days).
    pub migration: Duration,
}

impl Default for Durations {
    /// Seconds rather than the hours of the service, except for the documented 30 days.
    fn default() -> Self {
        Self {
            creating: Duration::from_secs(10),
            cloning: Duration::from_secs(20),
            switching: Duration::from_secs(5),
            closing: Duration::from_secs(5),
            rebooting: Duration::from_secs(5),
            deleting: Duration::from_secs(5),
            migration: 30 * DAY,
        }
    }
}

impl Durations {
    /// # Errors
    /// [`SandboxError::Duration`] where one is longer than 365 days.
    pub(super) fn checked(self) -> Result<Self, SandboxError> {
        let all = [
            ("creating", self.creating),
            ("cloning", self.cloning),
            ("switching", self.switching),
            ("closing", self.closing),
            ("rebooting", self.rebooting),
            ("deleting", self.deleting),
            ("migration", self.migration),
        ];
        match all.into_iter().find(|(_, duration)| *duration > 365 * DAY) {
            Some((name, _)) => Err(SandboxError::Duration { name }),
            None => Ok(self),
        }
    }
}

/// `duration` after `instant`; the end of time where there is no such instant.
fn after(instant: Timestamp, duration: Duration) -> Timestamp {
    SignedDuration::try_from(duration)
        .ok()
        .and_then(|duration| instant.checked_add(duration).ok())
        .unwrap_or(Timestamp::MAX)
}

/// What a cluster as a whole is doing; `DBClusterStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// `Creating`
    Creating {
        /// When that ends.
        until: Timestamp,
    },
    /// `Running`
    Running,
    /// `Rebooting`
    Rebooting {
        /// When that ends.
        until: Timestamp,
    },
    /// `Deleting`; then the cluster is gone.
    Deleting {
        /// When that ends.
        until: Timestamp,
    },
}

impl Status {
    /// As `DBClusterStatus` spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Creating { .. } => "Creating",
            Self::Running => "Running",
            Self::Rebooting { .. } => "Rebooting",
            Self::Deleting { .. } => "Deleting",
        }
    }
}

/// Which side replicates to which; `Topologies`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// `RDS2POLARDB`: the cluster follows the RDS instance.
    RdsToPolarDb,
    /// `POLARDB2RDS`: the RDS instance follows the cluster.
    PolarDbToRds,
}

impl Direction {
    /// As `Topologies` spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RdsToPolarDb => "RDS2POLARDB",
            Self::PolarDbToRds => "POLARDB2RDS",
        }
    }
}

/// Where a migration stands; `MigrationStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// `RDS2POLARDB_CLONING`
    Cloning {
        /// When that ends.
        until: Timestamp,
    },
    /// `RDS2POLARDB_SYNCING` or `POLARDB2RDS_SYNCING`
    Syncing {
        /// Which of the two.
        direction: Direction,
    },
    /// `SWITCHING`
    Switching {
        /// When that ends, unless a fault holds it.
        until: Timestamp,
    },
    /// `ROLLBACK`
    RollingBack {
        /// When that ends, unless a fault holds it.
        until: Timestamp,
    },
    /// `CLOSING_MIGRATION`
    Closing {
        /// When that ends.
        until: Timestamp,
        /// The direction that replication had.
        direction: Direction,
    },
}

impl Stage {
    /// As `MigrationStatus` spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cloning { .. } => "RDS2POLARDB_CLONING",
            Self::Syncing { direction: Direction::RdsToPolarDb } => "RDS2POLARDB_SYNCING",
            Self::Syncing { direction: Direction::PolarDbToRds } => "POLARDB2RDS_SYNCING",
            Self::Switching { .. } => "SWITCHING",
            Self::RollingBack { .. } => "ROLLBACK",
            Self::Closing { .. } => "CLOSING_MIGRATION",
        }
    }

    /// The direction of replication; the one a switch or a rollback comes from while it is under way (inferred).
    #[must_use]
    pub fn direction(self) -> Direction {
        match self {
            Self::Cloning { .. } | Self::Switching { .. } => Direction::RdsToPolarDb,
            Self::RollingBack { .. } => Direction::PolarDbToRds,
            Self::Syncing { direction } | Self::Closing { direction, .. } => direction,
        }
    }

    /// `DBClusterReadWriteMode` and `RdsReadWriteMode`. While a switch or a rollback is under way neither side takes
    /// writes (inferred).
    #[must_use]
    pub fn read_write_modes(self) -> (&'static str, &'static str) {
        match (self, self.direction()) {
            (Self::Switching { .. } | Self::RollingBack { .. }, _) => ("ro", "ro"),
            (_, Direction::RdsToPolarDb) => ("ro", "rw"),
            (_, Direction::PolarDbToRds) => ("rw", "ro"),
        }
    }
}

/// What holds a switch or a rollback until `ContinueDBClusterMigration` (inferred: the documentation says only that
/// `ForceSwitch` skips the present error).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What `Comment` says.
    pub comment: String,
    /// Whether trying again meets it again; then only `ForceSwitch` goes on.
    pub persistent: bool,
}

/// A migration between an RDS instance and a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migration {
    /// Id of the RDS instance.
    pub source: String,
    /// Where it stands.
    pub stage: Stage,
    /// When the service closes it by itself; `ExpiredTime`.
    pub expires: Timestamp,
    /// What the next switch or rollback meets.
    pub fault: Option<Fault>,
    /// Whether the main addresses of the two sides have been exchanged.
    pub addresses_swapped: bool,
    /// Whether the switch or rollback under way exchanges them.
    pub swaps_addresses: bool,
}

impl Migration {
    /// The fault that holds the migration now, if one does.
    #[must_use]
    pub fn present_fault(&self) -> Option<&Fault> {
        match self.stage {
            Stage::Switching { .. } | Stage::RollingBack { .. } => self.fault.as_ref(),
            _ => None,
        }
    }
}

/// How a cluster is paid for; `PayType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PayType {
    /// Pay-as-you-go.
    Postpaid,
    /// Subscription.
    Prepaid,
}

impl PayType {
    /// As `PayType` spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Postpaid => "Postpaid",
            Self::Prepaid => "Prepaid",
        }
    }
}

/// A cluster as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    /// `DBClusterId`
    pub id: String,
    /// The account that owns it.
    pub account: String,
    /// `RegionId`
    pub region: String,
    /// `ZoneId`, `ZoneIds`
    pub zone: String,
    /// `DBClusterDescription`
    pub description: String,
    /// `DBType`
    pub db_type: String,
    /// `DBVersion`
    pub db_version: String,
    /// `PayType`
    pub pay_type: PayType,
    /// `ExpireTime` of a prepaid cluster.
    pub paid_until: Option<Timestamp>,
    /// `DBNodeClass`
    pub node_class: String,
    /// `VPCId`, `VpcId`
    pub vpc: String,
    /// `VSwitchId`, `VswitchId`
    pub vswitch: String,
    /// `ResourceGroupId`
    pub resource_group: String,
    /// `StorageType`
    pub storage_type: String,
    /// `Category`
    pub category: String,
    /// Tag keys and values.
    pub tags: BTreeMap<String, String>,
    /// `CreateTime`, `CreationTime`
    pub created: Timestamp,
    /// `DBClusterStatus`
    pub status: Status,
    /// `DeletionLock`
    pub deletion_lock: bool,
    /// Whether binary logging is on.
    pub binary_log: bool,
    /// The migration, while there is one.
    pub migration: Option<Migration>,
}

impl Cluster {
    /// A running pay-as-you-go MySQL 8.0 cluster in no migration, for setting the sandbox up.
    #[must_use]
    pub fn new(id: &str, account: &str, region: &str, created: Timestamp) -> Self {
        Self {
            id: id.to_owned(),
            account: account.to_owned(),
            region: region.to_owned(),
            zone: format!("{region}-a"),
            description: id.to_owned(),
            db_type: "MySQL".to_owned(),
            db_version: "8.0".to_owned(),
            pay_type: PayType::Postpaid,
            paid_until: None,
            node_class: "polar.mysql.x4.medium".to_owned(),
            vpc: String::new(),
            vswitch: String::new(),
            resource_group: String::new(),
            storage_type: "PSL5".to_owned(),
            category: "Normal".to_owned(),
            tags: BTreeMap::new(),
            created,
            status: Status::Running,
            deletion_lock: false,
            binary_log: true,
            migration: None,
        }
    }

    /// The same cluster in a migration from the RDS instance `source` that started when the cluster was created and
    /// now stands at `stage`.
    #[must_use]
    pub fn migrating(mut self, source: &str, stage: Stage, durations: &Durations) -> Self {
        self.migration = Some(Migration {
            source: source.to_owned(),
            stage,
            expires: after(self.created, durations.migration),
            fault: None,
            addresses_swapped: false,
            swaps_addresses: false,
        });
        self
    }

    /// The cluster just created at `created`, with a migration from `source` where one is given.
    pub(super) fn begin(&mut self, source: Option<&str>, durations: &Durations) {
        let there = after(self.created, durations.creating);
        self.status = Status::Creating { until: there };
        if let Some(source) = source {
            let stage = Stage::Cloning { until: after(there, durations.cloning) };
            *self = self.clone().migrating(source, stage, durations);
        }
    }

    /// The cluster as it is at `now`: every stage that ended by then has passed. `None` once it is deleted.
    #[must_use]
    pub fn at(mut self, now: Timestamp, durations: &Durations) -> Option<Self> {
        match self.status {
            Status::Deleting { until } if until <= now => return None,
            Status::Creating { until } | Status::Rebooting { until } if until <= now => self.status = Status::Running,
            _ => {}
        }
        while let Some(migration) = self.migration.take() {
            match migration.step(now, durations) {
                Step::Stays(migration) => {
                    self.migration = Some(migration);
                    break;
                }
                Step::Moves(migration) => self.migration = Some(migration),
                Step::Ends => break,
            }
        }
        Some(self)
    }

    /// `CloseDBClusterMigration`: cancels a migration before the switch, completes it after.
    ///
    /// # Errors
    /// [`ServiceError::MigrationDoesNotExist`] and [`ServiceError::MigrationStatusNotSupported`].
    pub(super) fn close(
        &mut self,
        keep_binary_log: bool,
        now: Timestamp,
        durations: &Durations,
    ) -> Result<(), ServiceError> {
        let migration = self.migration.as_mut().ok_or(ServiceError::MigrationDoesNotExist)?;
        let Stage::Syncing { direction } = migration.stage else {
            return Err(ServiceError::MigrationStatusNotSupported);
        };
        migration.stage = Stage::Closing { until: after(now, durations.closing), direction };
        if !keep_binary_log {
            self.binary_log = false;
            self.status = Status::Rebooting { until: after(now, durations.rebooting) };
        }
        Ok(())
    }

    /// `ModifyDBClusterMigration`: switches over to the cluster, or back to the RDS instance.
    ///
    /// # Errors
    /// As [`Cluster::close`]; [`ServiceError::InvalidParameter`] where an id names neither side.
    pub(super) fn switch(
        &mut self,
        source: &str,
        new_master: &str,
        swap: bool,
        now: Timestamp,
        durations: &Durations,
    ) -> Result<(), ServiceError> {
        let migration = self.migration.as_mut().ok_or(ServiceError::MigrationDoesNotExist)?;
        if source != migration.source {
            return Err(ServiceError::invalid("SourceRDSDBInstanceId"));
        }
        let wanted = if new_master == self.id {
            Direction::PolarDbToRds
        } else if new_master == migration.source {
            Direction::RdsToPolarDb
        } else {
            return Err(ServiceError::invalid("NewMasterInstanceId"));
        };
        let until = after(now, durations.switching);
        migration.stage = match (migration.stage, wanted) {
            (Stage::Syncing { direction: Direction::RdsToPolarDb }, Direction::PolarDbToRds) => {
                Stage::Switching { until }
            }
            (Stage::Syncing { direction: Direction::PolarDbToRds }, Direction::RdsToPolarDb) => {
                Stage::RollingBack { until }
            }
            _ => return Err(ServiceError::MigrationStatusNotSupported),
        };
        migration.swaps_addresses = swap;
        Ok(())
    }

    /// `ContinueDBClusterMigration`: tries a switch or rollback again that a fault holds; `force` skips the fault.
    ///
    /// # Errors
    /// As [`Cluster::close`]; a migration that nothing holds cannot be continued.
    pub(super) fn resume(&mut self, force: bool, now: Timestamp, durations: &Durations) -> Result<(), ServiceError> {
        let migration = self.migration.as_mut().ok_or(ServiceError::MigrationDoesNotExist)?;
        let skipped = match migration.present_fault() {
            Some(fault) => force || !fault.persistent,
            None => return Err(ServiceError::MigrationStatusNotSupported),
        };
        if skipped {
            migration.fault = None;
            let again = after(now, durations.switching);
            match &mut migration.stage {
                Stage::Switching { until } | Stage::RollingBack { until } => *until = again,
                _ => {}
            }
        }
        Ok(())
    }

    /// `DeleteDBCluster`.
    ///
    /// # Errors
    /// [`ServiceError::DeletionLocked`], [`ServiceError::NotPayAsYouGo`], [`ServiceError::DisabledInMigration`],
    /// [`ServiceError::ClusterStatus`].
    pub(super) fn delete(&mut self, now: Timestamp, durations: &Durations) -> Result<(), ServiceError> {
        if self.deletion_lock {
            return Err(ServiceError::DeletionLocked);
        }
        if self.pay_type != PayType::Postpaid {
            return Err(ServiceError::NotPayAsYouGo);
        }
        if self.migration.is_some() {
            return Err(ServiceError::DisabledInMigration);
        }
        if self.status != Status::Running {
            return Err(ServiceError::ClusterStatus);
        }
        self.status = Status::Deleting { until: after(now, durations.deleting) };
        Ok(())
    }
}

enum Step {
    Stays(Migration),
    Moves(Migration),
    Ends,
}

impl Migration {
    /// The earliest change of stage that is due by `now`, if one is.
    fn step(mut self, now: Timestamp, durations: &Durations) -> Step {
        let held = self.present_fault().is_some();
        let (due, next) = match self.stage {
            Stage::Cloning { until } => (Some(until), Stage::Syncing { direction: Direction::RdsToPolarDb }),
            Stage::Switching { until } => {
                (Some(until).filter(|_| !held), Stage::Syncing { direction: Direction::PolarDbToRds })
            }
            Stage::RollingBack { until } => {
                (Some(until).filter(|_| !held), Stage::Syncing { direction: Direction::RdsToPolarDb })
            }
            Stage::Closing { until, .. } if until <= now => return Step::Ends,
            Stage::Closing { .. } => return Step::Stays(self),
            stage @ Stage::Syncing { .. } => (None, stage),
        };
        match due {
            Some(due) if due <= now && due < self.expires => {
                if std::mem::take(&mut self.swaps_addresses) {
                    self.addresses_swapped = !self.addresses_swapped;
                }
                self.stage = next;
                Step::Moves(self)
            }
            _ if self.expires <= now => {
                let until = after(self.expires, durations.closing);
                self.stage = Stage::Closing { until, direction: self.stage.direction() };
                Step::Moves(self)
            }
            _ => Step::Stays(self),
        }
    }
}

#[cfg(test)]
mod tests;
