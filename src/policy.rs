//! The RAM policy language: documents, statements, patterns, ARNs and conditions.

mod context;

pub use context::{Context, ContextValue};
