//! JSON text as a tree that remembers where everything stood.
//!
//! Policies are written by people and judged in front of people, so every element keeps its
//! [`Span`], and members that appear twice stay visible instead of the last one winning.

mod text;

pub use text::{Position, SourceText, Span};
