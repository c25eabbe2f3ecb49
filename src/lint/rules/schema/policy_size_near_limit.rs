//! `schema/policy-size-near-limit`.

use crate::json::Span;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};

rule! {
    /// ## What it does
    /// Finds a document that takes nine tenths or more of the length that RAM stores.
    ///
    /// ## Why is this bad?
    /// The next action or ARN may not fit any more, and the policy then has to be split in a hurry.
    ///
    /// ## Example
    /// ```text
    /// A custom policy of 5,600 bytes.
    /// ```
    ///
    /// ## Limits
    /// White space counts, as the text is sent; the formatter's short form may be enough to get away from the limit.
    ///
    /// ## References
    /// - RAM, [policy structure and syntax](https://www.alibabacloud.com/help/en/ram/policy-structure-and-syntax)
    code: "RAM227",
    name: "schema/policy-size-near-limit",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Text(check),
}

fn check(subject: &Subject<'_>, found: &mut Findings) {
    let Some(limit) = subject.kind().max_bytes() else { return };
    let length = subject.source().text().len();
    if length <= limit && length * 10 >= limit * 9 {
        let message = format!("the document has {length} of the {limit} bytes that it may have");
        found.at(Span::new(0, 0), message).help("split it, or write patterns that stand for several of its entries");
    }
}
