//! What RAM is asked about one call.

/// A fact about a resource that the inventory may not hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Known<T> {
    /// The fact is known.
    Known(T),
    /// It is not: what depends on it fails closed (spec gate-rules G2).
    #[default]
    Unknown,
}

/// What the answer to a [`Check`] must be for the call to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Requirement {
    /// The decision must be Allow.
    Allowed,
    /// The decision must not be an explicit deny (spec gate-rules G4).
    NotExplicitlyDenied,
}

/// One question to RAM: may the caller do `action` on `resource`?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The RAM action, as in `polardb:CloseDBClusterMigration`.
    pub action: String,
    /// The ARN asked about, or `*` for an action without resource-level authorization.
    pub resource: String,
    /// What the answer must be.
    pub requirement: Requirement,
    /// Whether the cloud is believed not to ask this: shown as "stricter than the cloud" (G4).
    pub stricter_than_cloud: bool,
    /// The resource group of the target: `Known(None)` where it is known that none is reported.
    pub resource_group: Known<Option<String>>,
    /// Tags of the target, key to value.
    pub tags: Known<Vec<(String, String)>>,
}

/// Everything that must hold for one call. All of them must be allowed (spec ram-policy-language 2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checks {
    /// The operation, as in `CloseDBClusterMigration`.
    pub operation: String,
    /// Whether the call may change something; an unknown operation would be a write (G8).
    pub write: bool,
    /// The account that owns every resource of the call.
    pub owner: String,
    /// The region of the call's resources, where the call has one.
    pub region: Option<String>,
    /// The questions, in the order they are asked; never empty.
    pub checks: Vec<Check>,
    /// Tags passed in the call (`acs:RequestTag/<key>`).
    pub request_tags: Vec<(String, String)>,
}
