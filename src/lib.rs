//! ramgate decides what an Alibaba Cloud RAM policy allows, and enforces it.
//!
//! The crate is one house of rooms, listed here from top to bottom. A room imports only from rooms
//! below it (`tests/architecture.rs` holds it to that), so the lower half is a library of its own:
//! `default-features = false` leaves the evaluator and the checks, without an async runtime. In ten lines:
//!
//! ```
//! use ramgate::{authz, catalog::Known, identity, json::SourceText, policy};
//!
//! let text = r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "polardb:Close*", "Resource": "*"}]}"#;
//! let mut policies = authz::PolicySet::new(policy::Dialect::strict());
//! policies.add_identity("close", &SourceText::new("close.json", text), identity::Scope::Account)?;
//! let principal: identity::Principal = "acs:ram::1234567890123456:user/alice".parse()?;
//! let (action, resource) = ("polardb:DeleteDBCluster", "acs:polardb:cn-hangzhou:1234567890123456:dbcluster/pc-1");
//! let (group, context, mode) = (Known::Unknown, policy::Context::new(), authz::Mode::General);
//! let request = authz::Request { principal: &principal, action, resource, owner: None, resource_group: &group, context: &context, mode };
//! assert_eq!(policies.decide(&request).outcome, authz::Outcome::ImplicitDeny);
//! println!("{}", policies.near_misses(&request, authz::Search::default())); // what would have allowed it
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

// Examples name the crate from the outside, and some of their files are used by unit tests too.
#[cfg(test)]
extern crate self as ramgate;

// What fuzzing kept is tried by the very functions that a fuzzer calls.
#[cfg(test)]
#[path = "../fuzz/src/lib.rs"]
mod fuzz;

/// The examples of the README run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

// ── command line ────────────────────────────────────────────────────────────
#[cfg(feature = "serving")]
pub mod cli;

// ── serving (tokio, hyper) ──────────────────────────────────────────────────
#[cfg(feature = "serving")]
pub mod gateway;
#[cfg(feature = "serving")]
pub mod sandbox;

#[cfg(feature = "serving")]
pub mod authn;
#[cfg(feature = "serving")]
pub mod openapi;

// ── checking ────────────────────────────────────────────────────────────────
pub mod lint;

pub mod documents;
pub mod report;
pub mod store;

// ── deciding (no I/O) ───────────────────────────────────────────────────────
pub mod authz;
pub mod identity;

pub mod catalog;
pub mod policy;

pub mod json;
