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
    /// Use instead:
    /// ```toml
    /// # Nothing: the entry goes, and the rest of the file stays as it is.
    /// ```
    ///
    /// ## Limits
    /// The fix is safe where it is sure that no finding is left that the entry answers for: its file is gone, or it names
    /// one file, and that was checked by every rule that the entry names. For a pattern or a folder there may be files
    /// that were not looked at this time.
    ///
    /// ## References
    /// - `ramgate lint --help`, on configuration, suppressions and baseline
    code: "RAM901",
    name: "meta/unused-suppression",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: Unsafe,
    since: "0.2.0",
    check: Check::Linter,
}
