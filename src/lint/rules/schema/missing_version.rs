//! `schema/missing-version`.

use crate::json::Span;
use crate::lint::linter::relabel;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::{self, Code};

rule! {
    /// ## What it does
    /// Finds a document without `Version`.
    ///
    /// ## Why is this bad?
    /// RAM refuses it with `MalformedPolicyDocument`, in words that do not name the element.
    ///
    /// ## Example
    /// ```json
    /// {"Statement": [{"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"}]}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"}]}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy structure and syntax](https://www.alibabacloud.com/help/en/ram/policy-structure-and-syntax)
    code: "RAM210",
    name: "schema/missing-version",
    severity: Error,
    kinds: ALL_KINDS,
    fix: Safe,
    since: "0.2.0",
    check: Check::Mistake(&[Code::MissingVersion], check),
}

fn check(mistake: &policy::Finding, subject: &Subject<'_>, found: &mut Findings) -> bool {
    let draft = relabel(mistake, found);
    let Some(root) = subject.tree() else { return true };
    let miscased = root.members().iter().any(|member| member.name.trim().eq_ignore_ascii_case("Version"));
    if let Some(first) = root.members().first().filter(|_| !miscased) {
        // As the first member stands: on a line of its own, or on that of the brace.
        let before = subject.source().slice(Span::new(mistake.span.end, first.name_span.start));
        let lead = if before.trim().is_empty() && !before.is_empty() { before } else { " " };
        let at = Span::new(first.name_span.start, first.name_span.start);
        draft.fix("add it", [Edit::replace(at, format!("\"Version\": \"1\",{lead}"))]);
    }
    true
}
