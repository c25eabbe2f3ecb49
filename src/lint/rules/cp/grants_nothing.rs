//! `cp/grants-nothing`.

use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{COVERAGE_WORK, Case, Coverage, Document, Effect, Pattern, PolicyKind};

rule! {
    /// ## What it does
    /// Finds an Allow in a control policy with a narrow list of actions, which reads as if it granted them.
    ///
    /// ## Why is this bad?
    /// A control policy grants nothing: it says what identity policies may grant. An Allow of a few actions takes
    /// everything else away from every account below it, those who look after it included.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": ["ecs:Describe*", "oss:GetObject"], "Resource": "*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": ["ecs:*", "oss:*"], "Resource": "*"}
    /// ```
    ///
    /// ## References
    /// - Resource Management, [control policies](https://www.alibabacloud.com/help/en/resource-management/resource-directory/user-guide/languages-of-access-control-policies)
    code: "RAM824",
    name: "cp/grants-nothing",
    severity: Note,
    kinds: &[PolicyKind::Control],
    fix: None,
    since: "0.2.0",
    check: Check::Document(check),
}

fn check(document: &Document, _: &Subject<'_>, found: &mut Findings) {
    let allows: Vec<_> = document.statements().iter().filter(|statement| statement.effect() == Effect::Allow).collect();
    let patterns: Vec<_> =
        allows.iter().flat_map(|statement| statement.action().patterns().map(|(pattern, _)| pattern)).collect();
    let whole =
        Pattern::new("*:*", Case::Ignore).covered_by(patterns.iter().copied(), COVERAGE_WORK) == Coverage::Covered;
    // Whole services, or everything but some, are the usual way to write which services may be used.
    let services = patterns.iter().all(|pattern| pattern.as_str().ends_with(":*"));
    let Some(first) = allows.first() else { return };
    if !whole && !services && !allows.iter().any(|statement| statement.action().is_negated()) {
        found
            .at(first.action().span(), "this grants nothing, and takes everything else away")
            .help("grant by an identity policy; to keep accounts to some services, allow these as a whole");
    }
}
