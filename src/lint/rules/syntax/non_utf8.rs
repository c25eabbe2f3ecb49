//! `syntax/non-utf8`.

use crate::lint::Check;
use crate::lint::rule::{ALL_KINDS, rule};

rule! {
    /// ## What it does
    /// Finds policy files that are not UTF-8.
    ///
    /// ## Why is this bad?
    /// JSON is UTF-8, and no tool reads such a file as its author sees it. The usual reason is an editor that saves as
    /// UTF-16, or in the code page of the machine.
    ///
    /// ## Example
    /// ```text
    /// A file that a text editor saved as UTF-16: it begins with the bytes FF FE.
    /// ```
    ///
    /// ## References
    /// - [RFC 8259, the JSON format, section 8.1](https://www.rfc-editor.org/rfc/rfc8259#section-8.1)
    code: "RAM190",
    name: "syntax/non-utf8",
    severity: Error,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Linter,
}
