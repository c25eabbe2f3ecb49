//! From an API call to what RAM is asked: operations, their actions, ARN templates and condition keys.

mod checks;
mod parameters;

pub use checks::{Check, Checks, Known, Requirement};
pub use parameters::{DuplicateParameter, Parameters};
