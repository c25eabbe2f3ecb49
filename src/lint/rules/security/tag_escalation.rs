//! `security/tag-escalation`.

use super::permits::{is_boundless, permits};
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Context, Document, Effect, PolicyKind};

rule! {
    /// ## What it does
    /// Finds an Allow that is limited by tags, where tags may be changed too.
    ///
    /// ## Why is this bad?
    /// Whoever may put a tag on any resource chooses which resources the statement is about. The tag then limits
    /// nothing.
    ///
    /// ## Example
    /// ```json
    /// {"Version": "1", "Statement": [
    ///   {"Effect": "Allow", "Action": "ecs:*Instance", "Resource": "*", "Condition": {"StringEquals": {"acs:ResourceTag/team": "dev"}}},
    ///   {"Effect": "Allow", "Action": "ecs:TagResources", "Resource": "*"}
    /// ]}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": ["ecs:*Instance", "ecs:TagResources"], "Resource": "*", "Condition": {"StringEquals": {"acs:ResourceTag/team": "dev"}}}
    /// ```
    ///
    /// ## Limits
    /// Tagging that asks for a tag of the resource or of the request itself is left alone.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Condition`
    code: "RAM722",
    name: "security/tag-escalation",
    severity: Warning,
    kinds: &[PolicyKind::Identity],
    fix: None,
    since: "0.2.0",
    check: Check::Document(check),
}

fn check(document: &Document, _: &Subject<'_>, found: &mut Findings) {
    for statement in document.statements().iter().filter(|statement| statement.effect() == Effect::Allow) {
        let tag = statement.condition().iter().find(|test| {
            !test.operator().is_negated()
                && (test.key().starts_with("acs:resourcetag/") || test.key().contains(":tag/"))
        });
        let Some(tag) = tag else { continue };
        let mut services: Vec<_> = statement
            .action()
            .patterns()
            .filter_map(|(pattern, _)| pattern.as_str().split_once(':'))
            .map(|(service, _)| service)
            .collect();
        services.sort_unstable();
        services.dedup();
        for service in services.into_iter().filter(|service| !service.contains(['*', '?'])) {
            let retags = [format!("{service}:TagResources"), format!("{service}:AddTags")].iter().find_map(|action| {
                let permits = permits(document, action, None, &Context::unknown());
                // One that asks for the tag on the resource, or for what it becomes, is no way around it.
                let free = permits.into_iter().find(|permit| {
                    let tests = permit.statement.condition();
                    !is_boundless(permit.statement)
                        && !tests
                            .iter()
                            .any(|test| test.key() == tag.key() || test.key().starts_with("acs:requesttag/"))
                })?;
                Some((action.clone(), free))
            });
            if let Some((action, permit)) = retags {
                let draft = found
                    .at(
                        tag.span(),
                        format!("`{action}` is allowed without this tag, so that any resource can be given it"),
                    )
                    .help("put the same condition on the tagging, or leave it to somebody else")
                    .also(permit.action, "by this");
                permit.limits(draft);
            }
        }
    }
}
