//! `meta/invalid-policy`.

use crate::lint::Check;
use crate::lint::rule::{ALL_KINDS, rule};

rule! {
    /// ## What it does
    /// Gives a name to mistakes of a document that no other rule is about, so that none is ever passed over.
    ///
    /// ## Why is this bad?
    /// RAM, or the gate, refuses the document.
    ///
    /// ## Example
    /// ```text
    /// Any mistake that `ramgate check` reports, and for which there is no page of its own.
    /// ```
    ///
    /// ## References
    /// - RAM, [policy structure and syntax](https://www.alibabacloud.com/help/en/ram/policy-structure-and-syntax)
    code: "RAM999",
    name: "meta/invalid-policy",
    severity: Error,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Linter,
}
