//! How upstreams are, as the text that Prometheus reads.

use std::collections::BTreeMap;
use std::fmt;

use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;

use super::super::upstream::{CircuitState, UpstreamState};
use super::exposition::family;

/// Circuits, one series for each endpoint, and credentials, one for each upstream.
pub(super) fn encode(encoder: &mut DescriptorEncoder<'_>, upstreams: &[UpstreamState]) -> fmt::Result {
    let circuits: BTreeMap<&str, &UpstreamState> =
        upstreams.iter().map(|state| (state.upstream.as_str(), state)).collect();
    let help = "Whether calls to an upstream go through: 0, one is tried: 1, none does: 2";
    let mut states = family(encoder, "ramgate_upstream_circuit_state", help, MetricType::Gauge)?;
    for (upstream, UpstreamState { circuit, .. }) in &circuits {
        let state = match circuit {
            CircuitState::Closed => 0,
            CircuitState::HalfOpen => 1,
            CircuitState::Open => 2,
        };
        states.gauge(&[("upstream", upstream)], state)?;
    }
    let help = "How often an upstream came to be left alone";
    let mut openings = family(encoder, "ramgate_upstream_circuit_openings", help, MetricType::Counter)?;
    for (upstream, state) in &circuits {
        openings.counter(&[("upstream", upstream)], state.openings)?;
    }
    credentials(encoder, upstreams)
}

fn credentials(encoder: &mut DescriptorEncoder<'_>, upstreams: &[UpstreamState]) -> fmt::Result {
    let help = "Whether calls can be signed";
    let mut usable = family(encoder, "ramgate_upstream_credential_usable", help, MetricType::Gauge)?;
    for state in upstreams {
        usable.gauge(&labels(state), i64::from(state.credential.usable))?;
    }
    let help = "When a temporary credential ends";
    let name = "ramgate_upstream_credential_expiry_timestamp_seconds";
    let mut expiry = family(encoder, name, help, MetricType::Gauge)?;
    for (state, expires) in upstreams.iter().filter_map(|state| Some((state, state.credential.expires?))) {
        expiry.gauge(&labels(state), expires.as_second())?;
    }
    let help = "Attempts to renew a temporary credential";
    let mut renewals = family(encoder, "ramgate_upstream_credential_renewals", help, MetricType::Counter)?;
    for (state, counts) in upstreams.iter().filter_map(|state| Some((state, state.credential.renewals?))) {
        let [account, product, version] = labels(state);
        for (outcome, count) in ["succeeded", "failed"].into_iter().zip(counts) {
            renewals.counter(&[account, product, version, ("outcome", outcome)], count)?;
        }
    }
    Ok(())
}

/// What an upstream is for: there is one for each.
fn labels(state: &UpstreamState) -> [(&'static str, &str); 3] {
    [("account", &state.account), ("product", &state.product), ("version", &state.version)]
}
