//! `schema/unknown-element`.

use super::super::{near::nearest, tree};
use crate::lint::linter::relabel;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::{self, Code};

rule! {
    /// ## What it does
    /// Finds a member of the document, of a statement or of a principal that the language does not have.
    ///
    /// ## Why is this bad?
    /// What is written there takes no part in any decision. `Resources` for `Resource` is seen most often; a
    /// `Condition` that is misspelt would leave the statement unconditional.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:Describe*", "Resources": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy structure and syntax](https://www.alibabacloud.com/help/en/ram/policy-structure-and-syntax)
    code: "RAM208",
    name: "schema/unknown-element",
    severity: Error,
    kinds: ALL_KINDS,
    fix: Unsafe,
    since: "0.2.0",
    check: Check::Mistake(&[Code::UnknownMember], check),
}

const OF_DOCUMENTS: &[&str] = &["Version", "Statement"];
const OF_STATEMENTS: &[&str] =
    &["Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

fn check(mistake: &policy::Finding, subject: &Subject<'_>, found: &mut Findings) -> bool {
    let draft = relabel(mistake, found);
    let Some((siblings, member)) = subject.tree().and_then(|tree| tree::siblings(tree, mistake.span)) else {
        return true;
    };
    let of_document = subject.tree().is_some_and(|tree| std::ptr::eq(tree.members(), siblings));
    let near = nearest(&member.name, if of_document { OF_DOCUMENTS } else { OF_STATEMENTS }.iter().copied());
    if let Some(name) = near.filter(|near| !siblings.iter().any(|other| other.name == *near)) {
        let draft = draft.help(format!("did you mean `{name}`?"));
        draft.fix(format!("write `{name}`"), [Edit::string(mistake.span, name)]);
    }
    true
}
