//! `meta/expired-suppression`.

use crate::lint::Check;
use crate::lint::rule::{ALL_KINDS, rule};

rule! {
    /// ## What it does
    /// Finds suppressions whose last day is past. What they suppressed is reported again.
    ///
    /// ## Why is this bad?
    /// Whoever answered for the finding did so until that day; it is to be looked at anew.
    ///
    /// ## Example
    /// ```toml
    /// [[suppress]]
    /// rule = "security/allow-notaction"
    /// path = "policies/break-glass.json"
    /// reason = "until the migration is done"
    /// expires = 2020-01-01
    /// ```
    ///
    /// ## References
    /// - `ramgate lint --help`, on configuration, suppressions and baseline
    code: "RAM902",
    name: "meta/expired-suppression",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Linter,
}
