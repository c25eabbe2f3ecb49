//! Why a call cannot be resolved.

/// A call that is refused before any policy is read: it is not one that the catalogue and the inventory
/// can name every resource of.
///
/// [`code`](Self::code) and [`status`](Self::status) are what the API itself answers with in that case, where
/// it has an answer for it (spec openapi-wire 4.1, 5.3).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResolutionError {
    /// No product of that code is in the catalogue.
    #[error(
        "the catalogue has no product `{product}`: add a catalogue file with `product = \"{product}\"`, its version and \
         its operations"
    )]
    UnknownProduct {
        /// The product asked for.
        product: String,
    },
    /// The product is there, its version is not.
    #[error(
        "version `{version}` of `{product}` is not in the catalogue, which has {known}: correct the version, or add a \
         catalogue file for it"
    )]
    UnknownVersion {
        /// The product.
        product: String,
        /// The version asked for.
        version: String,
        /// The versions that are there, as text.
        known: String,
    },
    /// The operation is not in the catalogue (spec gate-rules G8).
    #[error(
        "operation `{operation}` of `{product}` {version} is not in the catalogue: add it to a catalogue file under \
         `[operations.{operation}]` with its parameters and its authorization"
    )]
    UnknownOperation {
        /// The product.
        product: String,
        /// Its version.
        version: String,
        /// The operation asked for.
        operation: String,
    },
    /// The operation's name differs from a known one only in letter case (spec openapi-wire T16).
    #[error("operation `{operation}` is not in the catalogue: it is spelt `{correct}`, and letter case counts")]
    MisspeltOperation {
        /// The operation asked for.
        operation: String,
        /// The name that is known.
        correct: String,
    },
    /// The operation does not declare this parameter (spec gate-rules G6).
    #[error(
        "operation `{operation}` does not declare parameter `{parameter}`: leave it out, or declare it in a catalogue \
         file with `parameters = [\"{declare}\"]` under `[operations.{operation}]`"
    )]
    UndeclaredParameter {
        /// The operation.
        operation: String,
        /// The parameter as the call names it.
        parameter: String,
        /// Its name without list indices.
        declare: String,
    },
    /// A required parameter is missing or empty.
    #[error("parameter `{parameter}` is mandatory for operation `{operation}` and is missing or empty: supply it")]
    MissingParameter {
        /// The operation.
        operation: String,
        /// The parameter.
        parameter: String,
        /// The API's code, `Missing` and the name.
        code: String,
    },
    /// A parameter's name or value is not what the operation declares.
    #[error("parameter `{parameter}` is not valid: {problem}")]
    InvalidParameter {
        /// The parameter as the call names it.
        parameter: String,
        /// What is wrong, and how to mend it.
        problem: String,
    },
    /// An owner parameter names another account than the caller's (spec gate-rules G1).
    #[error("parameter `{parameter}` does not name the caller's own account: leave it out")]
    ForeignOwner {
        /// The parameter.
        parameter: String,
        /// The API's code, `Invalid` and the name.
        code: String,
    },
    /// `OwnerId` and `OwnerAccount` stand together (spec openapi-wire 5.3).
    #[error("`OwnerId` and `OwnerAccount` may not be given together: leave one of them out")]
    BothOwners,
    /// Nothing is known of a cluster that the call names (spec gate-rules G3).
    #[error(
        "cluster `{cluster}`, named by {named_by}, is not in the inventory: add it to the resources of the world, with \
         its account and region"
    )]
    UnknownCluster {
        /// The cluster's id.
        cluster: String,
        /// Where the id comes from, as text.
        named_by: String,
    },
    /// A cluster belongs to another account (spec gate-rules G1).
    #[error(
        "cluster `{cluster}`, named by {named_by}, does not belong to the caller's account: call with a key of the \
         account that owns it"
    )]
    ForeignCluster {
        /// The cluster's id.
        cluster: String,
        /// Where the id comes from, as text.
        named_by: String,
    },
    /// It is not known in which region the call acts (spec gate-rules G3).
    #[error("it is not known in which region operation `{operation}` acts: {mend}")]
    UnknownRegion {
        /// The operation.
        operation: String,
        /// What would make it known.
        mend: String,
    },
    /// The request contradicts what is known of the resource (spec gate-rules G3).
    #[error("parameter `{parameter}` contradicts what is known: {problem}")]
    Contradiction {
        /// The parameter.
        parameter: String,
        /// Which fact it contradicts, and how to mend it.
        problem: String,
    },
}

impl ResolutionError {
    /// The error code for the caller, as in `MissingDBClusterId`.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::UnknownProduct { .. } => "InvalidProduct.NotFound",
            Self::UnknownVersion { .. } => "InvalidVersion",
            Self::UnknownOperation { .. } | Self::MisspeltOperation { .. } => "InvalidApi.NotFound",
            Self::MissingParameter { code, .. } | Self::ForeignOwner { code, .. } => code,
            Self::UndeclaredParameter { .. } | Self::InvalidParameter { .. } | Self::Contradiction { .. } => {
                "InvalidParameter"
            }
            Self::BothOwners => "InvalidOwner",
            // Not the API's `InvalidDBClusterId.NotFound`: a client that believed it would take the cluster for
            // deleted, and may create another.
            Self::UnknownCluster { .. } | Self::ForeignCluster { .. } | Self::UnknownRegion { .. } => "Forbidden",
        }
    }

    /// The HTTP status for the caller.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::UnknownProduct { .. } | Self::UnknownOperation { .. } | Self::MisspeltOperation { .. } => 404,
            Self::UnknownCluster { .. } | Self::ForeignCluster { .. } | Self::UnknownRegion { .. } => 403,
            _ => 400,
        }
    }
}
