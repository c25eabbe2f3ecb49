//! `syntax/bom`.

use crate::json::Span;
use crate::lint::linter::relabel;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::{self, Code};

rule! {
    /// ## What it does
    /// Finds a byte order mark at the beginning of a document.
    ///
    /// ## Why is this bad?
    /// JSON that is exchanged begins without one, and a parser may refuse it. Some Windows editors write it; it cannot
    /// be seen.
    ///
    /// ## Example
    /// ```text
    /// A file whose first three bytes are EF BB BF, before the opening brace.
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {
    ///   "Version": "1",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"}
    ///   ]
    /// }
    /// ```
    ///
    /// ## References
    /// - [RFC 8259, section 8.1](https://www.rfc-editor.org/rfc/rfc8259#section-8.1)
    code: "RAM110",
    name: "syntax/bom",
    severity: Error,
    kinds: ALL_KINDS,
    fix: Safe,
    since: "0.2.0",
    check: Check::Mistake(&[Code::NotJson], check),
}

fn check(mistake: &policy::Finding, subject: &Subject<'_>, found: &mut Findings) -> bool {
    let mark = Span::new(0, '\u{feff}'.len_utf8());
    if mistake.span != mark || !subject.source().text().starts_with('\u{feff}') {
        return false;
    }
    relabel(mistake, found).fix("take it away", [Edit::delete(mark)]);
    true
}
