//! The gate: today its configuration, read and checked.

pub mod config;
