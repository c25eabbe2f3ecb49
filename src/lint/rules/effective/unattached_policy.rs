//! `effective/unattached-policy`.

use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Project, ProjectFindings, Settings};
use crate::policy::PolicyKind;

rule! {
    /// ## What it does
    /// Finds policies of a world that are attached to nobody and nothing.
    ///
    /// ## Why is this bad?
    /// Whoever wrote a guard, and forgot to attach it, is not guarded. A policy that is of no use any more is read by
    /// everybody who looks for what counts.
    ///
    /// ## Example
    /// ```toml
    /// # world.toml, beside policies/operate.json and policies/guard.json
    /// [accounts.1234567890123456.users.alice]
    /// id = "2234567890123456"
    /// attachments = [{ policy = "operate" }]
    /// ```
    ///
    /// Use instead:
    /// ```toml
    /// [accounts.1234567890123456.users.alice]
    /// id = "2234567890123456"
    /// attachments = [{ policy = "operate" }, { policy = "guard" }]
    /// ```
    ///
    /// ## Limits
    /// Session policies may be kept for sessions that are yet to come, and nothing is said of them.
    ///
    /// ## References
    /// - [docs/policies.md](../../policies.md), on the files of a world
    code: "RAM883",
    name: "effective/unattached-policy",
    severity: Note,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Project(check),
}

fn check(project: &Project, _: &Settings, found: &mut ProjectFindings) {
    if !project.is_whole() {
        return;
    }
    let policies = project.policies().iter().enumerate();
    for (index, policy) in policies.filter(|(_, policy)| !policy.attached && policy.kind != PolicyKind::Session) {
        let Some(first) = policy.document.statements().first() else { continue };
        found
            .about(index)
            .at(
                first.effect_span(),
                format!("`{}` is attached to nobody and nothing, so that this never counts", policy.name),
            )
            .help("attach it in the file of the world, or take it away");
    }
}
