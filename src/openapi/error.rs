//! Refusals: why a call cannot be read, and what the caller is told.

mod body;
mod records;
mod wire;

pub use body::{AccessDeniedDetail, ErrorBody, RenderedBody};
pub use records::{ErrorRecord, error_record, error_records};
pub use wire::WireError;
