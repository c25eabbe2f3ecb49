//! `schema/invalid-version`.

use crate::json::Span;
use crate::lint::linter::relabel;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::{self, Code};

rule! {
    /// ## What it does
    /// Finds a `Version` that is not the string `"1"`.
    ///
    /// ## Why is this bad?
    /// `"1"` is the only version of RAM's policy language, and RAM refuses any other. `"2012-10-17"` is a version of
    /// AWS's: whoever pasted it should look at the rest of the document too, since conditions and ARNs differ.
    ///
    /// ## Example
    /// ```json
    /// {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"}]}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"}]}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy structure and syntax](https://www.alibabacloud.com/help/en/ram/policy-structure-and-syntax)
    code: "RAM211",
    name: "schema/invalid-version",
    severity: Error,
    kinds: ALL_KINDS,
    fix: Safe,
    since: "0.2.0",
    check: Check::Mistake(&[Code::Version], check),
}

fn check(mistake: &policy::Finding, subject: &Subject<'_>, found: &mut Findings) -> bool {
    let draft = relabel(mistake, found);
    let draft = match subject.source().slice(mistake.span) {
        "\"2012-10-17\"" | "\"2008-10-17\"" => {
            draft.help("this is a version of AWS's language: write \"1\", and look for what else is AWS's")
        }
        _ => draft,
    };
    if mistake.span != Span::default() {
        draft.fix("write \"1\"", [Edit::string(mistake.span, "1")]);
    }
    true
}
