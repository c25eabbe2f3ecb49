//! `meta/suppression-without-reason`.

use crate::lint::Check;
use crate::lint::rule::{ALL_KINDS, rule};

rule! {
    /// ## What it does
    /// Finds suppressions without a `reason`.
    ///
    /// ## Why is this bad?
    /// Nobody can tell later whether the finding was looked at, or only got in the way.
    ///
    /// ## Example
    /// ```toml
    /// [[suppress]]
    /// rule = "security/allow-notaction"
    /// path = "policies/break-glass.json"
    /// ```
    ///
    /// ## References
    /// - `ramgate lint --help`, on configuration, suppressions and baseline
    code: "RAM903",
    name: "meta/suppression-without-reason",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Linter,
}
