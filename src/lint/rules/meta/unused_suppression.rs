//! `meta/unused-suppression`.

use crate::lint::Check;
use crate::lint::rule::{ALL_KINDS, rule};

rule! {
    /// ## What it does
    /// Finds suppressions that suppress nothing: no file that was checked has such a finding, or the file is gone.
    ///
    /// ## Why is this bad?
    /// What it answered for has been mended, and the entry would hide the finding when it comes back.
    ///
    /// ## Example
    /// ```toml
    /// [[suppress]]
    /// rule = "security/allow-notaction"
    /// path = "policies/no-such-file.json"
    /// reason = "reviewed"
    /// ```
    ///
    /// ## References
    /// - `ramgate lint --help`, on configuration, suppressions and baseline
    code: "RAM901",
    name: "meta/unused-suppression",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Linter,
}
