//! ramgate decides what an Alibaba Cloud RAM policy allows, and enforces it.
//!
//! The crate is one house of rooms, listed here from top to bottom. A room imports only from rooms
//! below it (`tests/architecture.rs` holds it to that), so the lower half is a library of its own:
//! `default-features = false` leaves the evaluator and the checks, without an async runtime.
#![forbid(unsafe_code)]

// Examples name the crate from the outside, and some of their files are used by unit tests too.
#[cfg(test)]
extern crate self as ramgate;

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
