//! JSON text as a tree that remembers where everything stood.
//!
//! Policies are written by people and judged in front of people, so every element keeps its
//! [`Span`], and members that appear twice stay visible instead of the last one winning.

mod excerpt;
mod mistakes;
mod parse;
mod text;
mod tree;

pub(crate) use excerpt::Excerpt;
pub use mistakes::mistakes;
pub use parse::{JsonError, JsonErrorKind, MAX_DEPTH, Syntax, parse};
pub use text::{Position, SourceText, Span};
pub use tree::{Kind, Member, Value};

#[cfg(test)]
mod tests;
