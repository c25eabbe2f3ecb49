//! What is tried with every input: a function for each target, which panics where something does not hold.
//!
//! The fuzzer calls them with inputs that it makes up, and ramgate's own tests with those that it kept, in `corpus/`. Inputs are texts
//! that a person can read wherever that is possible; bytes that are no UTF-8 are replaced.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(clippy::duplicate_mod, reason = "ramgate's own tests load some of these files for themselves too")]

#[cfg(feature = "serving")]
mod calls;
mod deciding;
mod files;
#[cfg(test)]
mod kept;
mod language;

#[cfg(feature = "serving")]
pub use calls::call;
pub use deciding::{decision, request};
#[cfg(feature = "serving")]
pub use files::configuration;
pub use files::{document, format, lint, world};
pub use language::{address, arn, instant, json, number, pattern, policy};

use std::borrow::Cow;

use ramgate::json::{SourceText, Span};
use ramgate::policy;

// Readings of the plainest kind, by another way than ramgate's own.
#[path = "../../src/authz/reference/glob.rs"]
mod glob;
#[allow(dead_code, reason = "what is within a block is asked by its whole text only")]
#[path = "../../src/authz/reference/values.rs"]
mod values;

#[allow(dead_code, reason = "the example uses all of it")]
#[path = "../../examples/differential/compare.rs"]
mod compare;
#[path = "../../tests/lint/decisions.rs"]
mod decisions;
#[path = "../../examples/differential/worlds.rs"]
mod worlds;

/// A target and its name.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
#[must_use]
pub const fn targets() -> &'static [Target] {
    &[
        ("address", address),
        ("arn", arn),
        #[cfg(feature = "serving")]
        ("call", call),
        #[cfg(feature = "serving")]
        ("configuration", configuration),
        ("decision", decision),
        ("document", document),
        ("format", format),
        ("instant", instant),
        ("json", json),
        ("lint", lint),
        ("number", number),
        ("pattern", pattern),
        ("policy", policy),
        ("request", request),
        ("world", world),
    ]
}

const KINDS: [policy::PolicyKind; 5] = {
    use policy::PolicyKind::{Control, Identity, Resource, Session, Trust};
    [Identity, Control, Session, Trust, Resource]
};

fn text(data: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(data)
}

/// The lines of a text as so many parts, the last with all that is left.
fn parts<const COUNT: usize>(text: &str) -> Option<[&str; COUNT]> {
    text.splitn(COUNT, '\n').collect::<Vec<_>>().try_into().ok()
}

/// A place in a text is one that can be shown.
fn holds(source: &SourceText, span: Span) {
    let text = source.text();
    let whole = span.start <= span.end && text.is_char_boundary(span.start) && text.is_char_boundary(span.end);
    assert!(whole, "{span:?} is no place in a text of {} bytes: {text:?}", text.len());
}
