//! From bytes to caller through the public interface: the rules about who asks (spec gate-rules G10 to G12), what the
//! gate writes itself, and laws of reading, signing and verifying. The traps of the format, one by one, are with the
//! rooms `openapi` and `authn`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "wire/answers.rs"]
mod answers;
#[path = "wire/client.rs"]
mod client;
#[path = "wire/laws.rs"]
mod laws;
#[path = "wire/rules.rs"]
mod rules;
