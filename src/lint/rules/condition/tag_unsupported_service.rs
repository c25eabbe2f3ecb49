//! `condition/tag-unsupported-service`.

use super::keys;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Case, Effect, Pattern, Statement};

rule! {
    /// ## What it does
    /// Finds conditions on tags for services that do not send them.
    ///
    /// ## Why is this bad?
    /// The key is then missing from every request to the service: an Allow on it allows nothing, and a Deny denies
    /// nothing, tag or no tag.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "Action": "oss:DeleteBucket", "Resource": "*", "Condition": {"StringEquals": {"acs:ResourceTag/env": "prod"}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Deny", "Action": "oss:DeleteBucket", "Resource": "*", "Condition": {"StringEquals": {"oss:BucketTag/env": "prod"}}}
    /// ```
    ///
    /// ## Limits
    /// RDS, OSS, Simple Application Server and key pairs of ECS are known not to send tags; of other services nothing
    /// is said.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Condition`
    /// - Services that are known not to send tags: `src/lint/data/condition-keys.toml`
    code: "RAM564",
    name: "condition/tag-unsupported-service",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    if statement.action().is_negated() {
        return;
    }
    let key_pairs = [Pattern::new("ecs:*KeyPair", Case::Ignore), Pattern::new("ecs:*KeyPairs", Case::Ignore)];
    for test in statement.condition().iter().filter(|test| test.key().starts_with("acs:resourcetag/")) {
        let consequence = match (statement.effect(), test.operator().is_negated()) {
            (Effect::Allow, false) => "is never allowed by this statement",
            (Effect::Allow, true) => "is always allowed by this statement",
            (Effect::Deny, false) => "is never denied by this statement",
            (Effect::Deny, true) => "is always denied by this statement",
        };
        for (pattern, span) in statement.action().patterns() {
            let untagged = pattern.as_str().split_once(':').is_some_and(|(service, _)| keys::is_untagged(service))
                || key_pairs.iter().any(|key_pair| key_pair.covers(pattern));
            if untagged {
                let message = format!("`{}` carries no `acs:ResourceTag/`, so it {consequence}", pattern.as_str());
                let draft = found.at(span, message).also(test.span(), "this condition");
                if pattern.as_str().to_ascii_lowercase().starts_with("rds:") {
                    draft.help("RDS has a key of its own: `rds:ResourceTag/`");
                } else if pattern.as_str().to_ascii_lowercase().starts_with("oss:") {
                    draft.help("OSS has keys of its own: `oss:BucketTag/` and `oss:ExistingObjectTag/`");
                } else {
                    draft.help("name the resources, or their resource group, in place of the tag");
                }
            }
        }
    }
}
