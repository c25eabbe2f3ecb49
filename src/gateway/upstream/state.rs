//! How an upstream is, for whoever looks after the gate.

use serde::Serialize;

use super::{CircuitState, Upstream};

/// How an upstream is.
#[derive(Debug, Clone, Serialize)]
pub(in crate::gateway) struct UpstreamState {
    /// Host and port.
    pub(in crate::gateway) upstream: String,
    pub(in crate::gateway) product: String,
    pub(in crate::gateway) version: String,
    pub(in crate::gateway) account: String,
    pub(in crate::gateway) circuit: CircuitState,
    /// How often the circuit opened.
    #[serde(skip)]
    pub(in crate::gateway) openings: u64,
}

impl Upstream {
    pub(in crate::gateway) fn state(&self) -> UpstreamState {
        UpstreamState {
            upstream: self.authority().to_owned(),
            product: self.product.clone(),
            version: self.version.clone(),
            account: self.account.clone(),
            circuit: self.circuit.state(),
            openings: self.circuit.openings(),
        }
    }
}
