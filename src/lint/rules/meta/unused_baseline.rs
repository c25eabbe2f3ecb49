//! `meta/unused-baseline`.

use crate::lint::Check;
use crate::lint::rule::{ALL_KINDS, rule};

rule! {
    /// ## What it does
    /// Finds entries of the baseline whose findings are gone from files that were checked.
    ///
    /// ## Why is this bad?
    /// An entry that stays lets the same finding come back unseen.
    ///
    /// ## Example
    /// ```text
    /// A baseline that was written before a finding was mended.
    /// ```
    ///
    /// ## References
    /// - `ramgate lint --help`, on configuration, suppressions and baseline
    code: "RAM906",
    name: "meta/unused-baseline",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Linter,
}
