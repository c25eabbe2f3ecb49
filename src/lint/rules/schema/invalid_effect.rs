//! `schema/invalid-effect`.

use crate::lint::linter::relabel;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::{self, Code};

rule! {
    /// ## What it does
    /// Finds an `Effect` that is neither `Allow` nor `Deny`.
    ///
    /// ## Why is this bad?
    /// RAM refuses the document. `allow`, `ALLOW` and `Allow ` with a blank are not among what is known to work either.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "allow", "Action": "ecs:Describe*", "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Effect`
    code: "RAM215",
    name: "schema/invalid-effect",
    severity: Error,
    kinds: ALL_KINDS,
    fix: Unsafe,
    since: "0.2.0",
    check: Check::Mistake(&[Code::Effect], check),
}

fn check(mistake: &policy::Finding, subject: &Subject<'_>, found: &mut Findings) -> bool {
    let draft = relabel(mistake, found);
    let written = subject.source().slice(mistake.span).trim_matches('"').trim();
    if let Some(effect) = ["Allow", "Deny"].into_iter().find(|effect| effect.eq_ignore_ascii_case(written)) {
        draft.fix(format!("write \"{effect}\""), [Edit::string(mistake.span, effect)]);
    }
    true
}
