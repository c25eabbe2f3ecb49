//! Why the sandbox refuses a call, and why it cannot keep its state.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::openapi::error_record;

/// A call that the sandbox refuses as the service would (spec openapi-wire 4.1, 5.3).
///
/// Code, HTTP status and message are rows of `data/errors.toml`, or of the wire's own table; the message is what the
/// caller reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
#[non_exhaustive]
pub enum ServiceError {
    /// A mandatory parameter is not there.
    MissingParameter {
        /// Its name.
        parameter: String,
    },
    /// A parameter has a value that the operation does not take.
    InvalidParameter {
        /// Its name.
        parameter: String,
    },
    /// `DBClusterId` cannot be the id of a cluster.
    MalformedClusterId,
    /// The account has no such cluster.
    ClusterNotFound,
    /// The migration is in a stage that does not take the call.
    MigrationStatusNotSupported,
    /// The cluster is in no migration.
    MigrationDoesNotExist,
    /// The operation is disabled while a migration runs.
    DisabledInMigration,
    /// The cluster's status does not take the call.
    ClusterStatus,
    /// The cluster's deletion lock is on.
    DeletionLocked,
    /// Only pay-as-you-go clusters can be deleted.
    NotPayAsYouGo,
    /// `OwnerId` and `OwnerAccount` came together.
    OwnerGivenTwice,
    /// The client token was used before, with other parameters.
    ClientTokenReused,
    /// The caller belongs to no account.
    NoAccount,
    /// The sandbox has no such operation.
    UnknownOperation,
    /// The sandbox speaks another version.
    UnknownVersion,
    /// The request's body is larger than the configured bound.
    RequestTooLarge,
    /// The request broke off or is no HTTP that can be read.
    UnreadableRequest,
    /// More calls are under way than the sandbox takes at once.
    Overloaded,
    /// The sandbox itself failed; the reason stays with the operator.
    Internal,
}

#[derive(Deserialize)]
struct Row {
    code: String,
    status: Option<u16>,
    message: Option<String>,
    #[serde(rename = "source")]
    _source: Option<String>,
}

static TABLE: LazyLock<BTreeMap<String, Row>> =
    LazyLock::new(|| toml::from_str(include_str!("data/errors.toml")).unwrap_or_default());

impl ServiceError {
    pub(super) fn missing(parameter: &str) -> Self {
        Self::MissingParameter { parameter: parameter.to_owned() }
    }

    pub(super) fn invalid(parameter: &str) -> Self {
        Self::InvalidParameter { parameter: parameter.to_owned() }
    }

    /// What the API calls it, as in `InvalidDBClusterId.NotFound`.
    #[must_use]
    pub fn code(&self) -> String {
        self.row().map_or_else(|| "InternalError".to_owned(), |row| self.fill(&row.code))
    }

    /// The HTTP status of the answer.
    #[must_use]
    pub fn status(&self) -> u16 {
        let own = self.row().and_then(|row| row.status);
        own.or_else(|| Some(error_record(&self.code())?.status)).unwrap_or(500)
    }

    /// What the caller reads.
    #[must_use]
    pub fn message(&self) -> String {
        match self.row().and_then(|row| row.message.as_deref()) {
            Some(message) => self.fill(message),
            None => error_record(&self.code()).map_or_else(|| self.code(), |record| record.message(None)),
        }
    }

    fn row(&self) -> Option<&'static Row> {
        TABLE.get(self.name())
    }

    fn fill(&self, template: &str) -> String {
        match self {
            Self::MissingParameter { parameter } | Self::InvalidParameter { parameter } => {
                template.replace("{parameter}", parameter)
            }
            _ => template.to_owned(),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::MissingParameter { .. } => "missing-parameter",
            Self::InvalidParameter { .. } => "invalid-parameter",
            Self::MalformedClusterId => "malformed-cluster-id",
            Self::ClusterNotFound => "cluster-not-found",
            Self::MigrationStatusNotSupported => "migration-status-not-supported",
            Self::MigrationDoesNotExist => "migration-does-not-exist",
            Self::DisabledInMigration => "disabled-in-migration",
            Self::ClusterStatus => "cluster-status",
            Self::DeletionLocked => "deletion-locked",
            Self::NotPayAsYouGo => "not-pay-as-you-go",
            Self::OwnerGivenTwice => "owner-given-twice",
            Self::ClientTokenReused => "client-token-reused",
            Self::NoAccount => "no-account",
            Self::UnknownOperation => "unknown-operation",
            Self::UnknownVersion => "unknown-version",
            Self::RequestTooLarge => "request-too-large",
            Self::UnreadableRequest => "unreadable-request",
            Self::Overloaded => "overloaded",
            Self::Internal => "internal-error",
        }
    }
}

/// The sandbox cannot start, or cannot read or keep its state.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The data file cannot be opened.
    #[error("the sandbox's data file `{}` cannot be opened: {reason}; name another file, or end the process that holds it", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the database says.
        reason: String,
    },
    /// The data file was written in a form that this version does not read.
    #[error("the sandbox's data has format `{found}` and this version reads `{known}`: start with a new data file")]
    Format {
        /// The format found.
        found: u64,
        /// The format that is read.
        known: u64,
    },
    /// Reading or committing failed.
    #[error("the sandbox's data cannot be read or written: {0}")]
    Storage(String),
    /// A stored record cannot be read.
    #[error("record `{key}` of the sandbox's data cannot be read: {reason}; start with a new data file")]
    Record {
        /// Key of the record.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The address cannot be listened on.
    #[error("the sandbox cannot listen on `{address}`: {reason}")]
    Listen {
        /// The address.
        address: String,
        /// What the system says.
        reason: String,
    },
    /// A configured duration is negative or longer than a stage may last.
    #[error("duration `{name}` of the sandbox must be from 0 s to 365 days")]
    Duration {
        /// Name of the duration.
        name: &'static str,
    },
}

/// Either kind, inside the room.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The call is refused as the service would refuse it.
    #[error(transparent)]
    Refused(#[from] ServiceError),
    /// The sandbox failed.
    #[error(transparent)]
    Broken(#[from] SandboxError),
}

#[cfg(test)]
mod tests {
    use super::{ServiceError, TABLE, error_record};

    #[test]
    fn every_refusal_has_its_row_and_every_row_its_refusal() {
        let all = [
            ServiceError::missing("A"),
            ServiceError::invalid("A"),
            ServiceError::MalformedClusterId,
            ServiceError::ClusterNotFound,
            ServiceError::MigrationStatusNotSupported,
            ServiceError::MigrationDoesNotExist,
            ServiceError::DisabledInMigration,
            ServiceError::ClusterStatus,
            ServiceError::DeletionLocked,
            ServiceError::NotPayAsYouGo,
            ServiceError::OwnerGivenTwice,
            ServiceError::ClientTokenReused,
            ServiceError::NoAccount,
            ServiceError::UnknownOperation,
            ServiceError::UnknownVersion,
            ServiceError::RequestTooLarge,
            ServiceError::UnreadableRequest,
            ServiceError::Overloaded,
            ServiceError::Internal,
        ];
        let named: std::collections::BTreeSet<_> = all.iter().map(|error| error.name().to_owned()).collect();
        assert_eq!(named, TABLE.keys().cloned().collect());
        for error in all {
            let own = error.row().is_some_and(|row| row.message.is_some() && row.status.is_some());
            assert!(own || error_record(&error.code()).is_some(), "{}", error.name());
            assert!((400..600).contains(&error.status()), "{}", error.name());
        }
    }

    #[test]
    fn the_documented_errors_are_spelt_as_documented() {
        let written = |error: ServiceError| (error.code(), error.status(), error.message());
        assert_eq!(
            written(ServiceError::MigrationStatusNotSupported),
            (
                "EngineMigrationStatus.NotSurpport".to_owned(),
                400,
                "Specified engine migration status does not support.".to_owned()
            )
        );
        assert_eq!(
            written(ServiceError::MigrationDoesNotExist),
            ("EngineMigration.NotExist".to_owned(), 400, "Specified engine migration does not exist.".to_owned())
        );
        assert_eq!(
            written(ServiceError::ClusterNotFound),
            (
                "InvalidDBClusterId.NotFound".to_owned(),
                404,
                "The DBClusterId provided does not exist in our records.".to_owned()
            )
        );
        assert_eq!(
            written(ServiceError::missing("DBClusterId")),
            ("MissingDBClusterId".to_owned(), 400, "DBClusterId is mandatory for this action.".to_owned())
        );
    }
}
