//! `syntax/duplicate-key-case`.

use super::super::tree;
use crate::json::Member;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::{self, Code};

rule! {
    /// ## What it does
    /// Finds two members of one object whose names differ by letter case only, as in `Effect` and `effect`, or
    /// `acs:SourceIp` and `acs:sourceip`.
    ///
    /// ## Why is this bad?
    /// Names of elements count in exactly the letters of the language, while condition keys compare without case: of
    /// the pair one is read and the other passed over, or both are taken for the same key. Whoever wrote them meant one
    /// thing.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "effect": "Deny", "Action": "ecs:*", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs:*", "Resource": "*"}
    /// ```
    ///
    /// ## Limits
    /// The part of a condition key after its first `/`, the name of a tag, does compare by case, so that
    /// `acs:ResourceTag/a` and `acs:ResourceTag/A` are two keys.
    ///
    /// ## References
    /// - RAM, [policy structure and syntax](https://www.alibabacloud.com/help/en/ram/policy-structure-and-syntax)
    code: "RAM103",
    name: "syntax/duplicate-key-case",
    severity: Error,
    kinds: ALL_KINDS,
    fix: Safe,
    since: "0.2.0",
    check: Check::Mistake(&[Code::RepeatedMember, Code::UnknownMember, Code::UnknownOperator], check),
}

fn check(mistake: &policy::Finding, subject: &Subject<'_>, found: &mut Findings) -> bool {
    let Some((siblings, second)) = subject.tree().and_then(|tree| tree::siblings(tree, mistake.span)) else {
        return false;
    };
    let twin = |first: &&Member| first.name != second.name && first.name.eq_ignore_ascii_case(&second.name);
    let Some(first) = siblings.iter().find(twin) else { return false };
    if siblings.iter().any(|other| other.name == second.name && other.name_span != mistake.span) {
        return false;
    }
    let message = format!("`{}` and `{}` differ by letter case only", first.name, second.name);
    let draft = found.at(mistake.span, message).also(first.name_span, "the other one").help("keep one of them");
    if tree::same(&first.value, &second.value) {
        draft.fix("take this one away, which says the same", subject.removal(second.value.span));
    }
    true
}
