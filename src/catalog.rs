//! From an API call to what RAM is asked: operations, their actions, ARN templates and condition keys.

mod call;
mod checks;
mod error;
mod facts;
mod parameters;

pub use call::ApiCall;
pub use checks::{Check, Checks, Known, Requirement};
pub use error::ResolutionError;
pub use facts::{ClusterFacts, FactRequest, Facts};
pub use parameters::{DuplicateParameter, Parameters};
