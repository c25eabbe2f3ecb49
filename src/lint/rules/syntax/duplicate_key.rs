//! `syntax/duplicate-key`.

use super::super::tree;
use crate::lint::linter::relabel;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::{self, Code};

rule! {
    /// ## What it does
    /// Finds a member that stands twice in one object: an element of a statement, an operator, a condition key.
    ///
    /// ## Why is this bad?
    /// Which of the two would count is not defined. Most JSON parsers keep the last one without a word, so a reader who
    /// stops at the first reads another policy than the one that is in force.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs:*", "Resource": "*", "Effect": "Deny"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs:*", "Resource": "*"}
    /// ```
    ///
    /// ## Limits
    /// Two that say the same are mended by taking the second away; of two that differ a person has to choose.
    ///
    /// ## References
    /// - [RFC 8259, section 4](https://www.rfc-editor.org/rfc/rfc8259#section-4), on names within an object
    /// - RAM, [policy structure and syntax](https://www.alibabacloud.com/help/en/ram/policy-structure-and-syntax)
    code: "RAM102",
    name: "syntax/duplicate-key",
    severity: Error,
    kinds: ALL_KINDS,
    fix: Safe,
    since: "0.2.0",
    check: Check::Mistake(&[Code::RepeatedMember], check),
}

fn check(mistake: &policy::Finding, subject: &Subject<'_>, found: &mut Findings) -> bool {
    let draft = relabel(mistake, found);
    let Some((siblings, second)) = subject.tree().and_then(|tree| tree::siblings(tree, mistake.span)) else {
        return true;
    };
    if let Some(first) = siblings.iter().find(|first| first.name == second.name && first.name_span != mistake.span) {
        let draft = draft.also(first.name_span, "here it stands already");
        if tree::same(&first.value, &second.value) {
            draft.fix("take the second one away, which says the same", subject.removal(second.value.span));
        }
    }
    true
}
