//! `meta/unknown-rule-in-config`.

use crate::lint::Check;
use crate::lint::rule::{ALL_KINDS, rule};

rule! {
    /// ## What it does
    /// Finds words in `select`, `ignore` and `severity` that name no rule.
    ///
    /// ## Why is this bad?
    /// What they were meant for does not happen: a rule is asked that should not be, or the other way about.
    ///
    /// ## Example
    /// ```toml
    /// ignore = ["security/alow-notaction"]
    /// ```
    ///
    /// ## References
    /// - `ramgate lint --help`, on configuration, suppressions and baseline
    code: "RAM904",
    name: "meta/unknown-rule-in-config",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Linter,
}
