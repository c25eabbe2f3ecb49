//! `meta/conflicting-config`.

use crate::lint::Check;
use crate::lint::rule::{ALL_KINDS, rule};

rule! {
    /// ## What it does
    /// Finds settings of the configuration that contradict each other: the same word selected and ignored, or a
    /// severity for a rule that is not asked.
    ///
    /// ## Why is this bad?
    /// One of them has no effect, and a reader cannot tell which one was meant.
    ///
    /// ## Example
    /// ```toml
    /// select = ["security"]
    /// ignore = ["security"]
    /// ```
    ///
    /// ## References
    /// - `ramgate lint --help`, on configuration, suppressions and baseline
    code: "RAM905",
    name: "meta/conflicting-config",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Linter,
}
