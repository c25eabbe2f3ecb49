//! The gate over real sockets: its rules, its callers, its process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(missing_docs)]

#[path = "gate/admin.rs"]
mod admin;
#[path = "gate/bypasses.rs"]
mod bypasses;
#[path = "gate/caller.rs"]
mod caller;
#[path = "gate/candidate.rs"]
mod candidate;
#[path = "gate/certificates.rs"]
mod certificates;
#[path = "gate/circuit.rs"]
mod circuit;
#[path = "gate/client.rs"]
mod client;
#[path = "gate/connections.rs"]
mod connections;
#[path = "gate/credentials.rs"]
mod credentials;
#[path = "gate/decide.rs"]
mod decide;
#[path = "gate/events.rs"]
mod events;
#[path = "gate/faults.rs"]
mod faults;
#[path = "gate/http2.rs"]
mod http2;
#[path = "gate/issuer.rs"]
mod issuer;
#[path = "gate/laws.rs"]
mod laws;
#[path = "gate/lookup.rs"]
mod lookup;
#[path = "gate/probes.rs"]
mod probes;
#[path = "gate/proxies.rs"]
mod proxies;
#[path = "gate/rates.rs"]
mod rates;
#[path = "gate/raw.rs"]
mod raw;
#[path = "gate/reload.rs"]
mod reload;
#[path = "gate/rules.rs"]
mod rules;
#[path = "gate/scripted.rs"]
mod scripted;
#[path = "gate/sdk.rs"]
mod sdk;
#[path = "gate/sequences.rs"]
mod sequences;
#[path = "gate/serving.rs"]
mod serving;
#[path = "gate/shadow.rs"]
mod shadow;
#[path = "gate/stand.rs"]
mod stand;
#[path = "gate/traces.rs"]
mod traces;
#[path = "gate/upstream.rs"]
mod upstream;
