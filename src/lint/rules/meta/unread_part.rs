//! `meta/unread-part`.

use crate::lint::Check;
use crate::lint::rule::{ALL_KINDS, rule};

rule! {
    /// ## What it does
    /// Says what of a file could not be read: a policy that is put together by an expression, or a file of another
    /// tool that is not what its name says.
    ///
    /// ## Why is this bad?
    /// It is not checked. Nothing about it has been found to be right.
    ///
    /// ## Example
    /// ```text
    /// resource "alicloud_ram_policy" "p" {
    ///   policy_document = file(var.path)
    /// }
    /// ```
    ///
    /// ## References
    /// - `ramgate lint --help`, on the files that are read
    code: "RAM908",
    name: "meta/unread-part",
    severity: Note,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Linter,
}
