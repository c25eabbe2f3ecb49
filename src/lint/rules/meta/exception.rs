//! `meta/exception`.

use crate::lint::Check;
use crate::lint::rule::{ALL_KINDS, rule};

rule! {
    /// ## What it does
    /// Says that a rule failed on a document, which is a fault of ramgate's own; the command then ends with exit
    /// status 3.
    ///
    /// ## Why is this bad?
    /// The document has not been checked whole, so that nothing follows from the absence of findings.
    ///
    /// ## Example
    /// ```text
    /// None is known. Report it with the document, if that can be shared.
    /// ```
    ///
    /// ## References
    /// - The exit statuses in `ramgate --help`
    code: "RAM998",
    name: "meta/exception",
    severity: Error,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Linter,
}
