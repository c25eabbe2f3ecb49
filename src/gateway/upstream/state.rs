//! How an upstream is, for whoever looks after the gate.

use jiff::Timestamp;
use serde::Serialize;

use super::{CircuitState, Upstream};
use crate::gateway::credentials::CredentialState;

/// How an upstream is.
#[derive(Debug, Clone, Serialize)]
pub(in crate::gateway) struct UpstreamState {
    /// Host and port.
    pub(in crate::gateway) upstream: String,
    pub(in crate::gateway) product: String,
    pub(in crate::gateway) version: String,
    pub(in crate::gateway) account: String,
    pub(in crate::gateway) credential: CredentialState,
    pub(in crate::gateway) circuit: CircuitState,
    /// How often the circuit opened.
    #[serde(skip)]
    pub(in crate::gateway) openings: u64,
}

impl Upstream {
    pub(in crate::gateway) fn state(&self, now: Timestamp) -> UpstreamState {
        UpstreamState {
            upstream: self.authority().to_owned(),
            product: self.product.clone(),
            version: self.version.clone(),
            account: self.account.clone(),
            credential: self.credentials.state(now),
            circuit: self.circuit.state(),
            openings: self.circuit.openings(),
        }
    }
}
