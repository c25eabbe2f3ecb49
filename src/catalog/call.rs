//! A call as resolution sees it.

use super::Parameters;

/// One call that is to be resolved: the operation, its business parameters, and who makes it.
///
/// Common parameters of the wire (`Action`, `Version`, `Timestamp`, ...) are not among `parameters`.
#[derive(Debug, Clone, Copy)]
pub struct ApiCall<'a> {
    /// The product's RAM code, as in `polardb`; the listener or the upstream knows it.
    pub product: &'a str,
    /// The API version, as in `2017-08-01`.
    pub version: &'a str,
    /// The operation as the call spells it, as in `CloseDBClusterMigration`.
    pub operation: &'a str,
    /// The business parameters.
    pub parameters: &'a Parameters,
    /// Id of the caller's account, whose credential will sign the forwarded call (spec gate-rules G1).
    pub account: &'a str,
    /// Login name (alias) of that account, where it is known: what `OwnerAccount` may name.
    pub account_alias: Option<&'a str>,
    /// The one region that the upstream serves, where it is declared to serve exactly one (spec gate-rules G3).
    pub single_region: Option<&'a str>,
}
