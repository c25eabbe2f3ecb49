//! `resource/oss-bucket-without-object`.

use super::super::{reach, services};
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{ArnTemplate, Case, Hole, Pattern, Statement};

rule! {
    /// ## What it does
    /// Finds actions on objects of OSS with a `Resource` that names buckets only, and actions on buckets with one that
    /// names objects only.
    ///
    /// ## Why is this bad?
    /// A bucket `acs:oss:*:*:b` and its objects `acs:oss:*:*:b/*` are different resources. `oss:GetObject` is checked
    /// on the object and `oss:ListObjects` on the bucket; with the other one the statement does nothing for that
    /// action.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:GetObject", "Resource": "acs:oss:*:*:bucket"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:GetObject", "Resource": "acs:oss:*:*:bucket/*"}
    /// ```
    ///
    /// ## Limits
    /// `oss:*` on objects only is let pass: it may be meant so.
    ///
    /// ## References
    /// - OSS, [RAM policies](https://www.alibabacloud.com/help/en/oss/user-guide/ram-policy-overview), on the classification of actions
    code: "RAM455",
    name: "resource/oss-bucket-without-object",
    severity: Warning,
    kinds: reach::WITH_RESOURCE,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    let Some(resource) = statement.resource().filter(|resource| !resource.is_negated()) else { return };
    if statement.action().is_negated() {
        return;
    }
    let key = |name: &str| (name == "key").then_some(Hole::Path);
    let object = ArnTemplate::with_holes("{bucket}/{key}", key);
    let bucket = ArnTemplate::new("{bucket}");
    // Of an ARN in all its parts only the last one is asked: a star further left is no colon there.
    let reaches = |template: &ArnTemplate| {
        resource.patterns().any(|(pattern, _)| match reach::parts(pattern.as_str()) {
            Some([_, service, _, _, rest]) => {
                service.eq_ignore_ascii_case("oss") && Pattern::new(rest, Case::Exact).reaches(template)
            }
            None => true,
        })
    };
    let (objects, buckets) = (reaches(&object), reaches(&bucket));
    if objects == buckets {
        return;
    }
    for (pattern, span) in statement.action().patterns() {
        let sought = if objects { &services::oss().bucket } else { &services::oss().object };
        let (other, on) =
            if objects { (&services::oss().object, "a bucket") } else { (&services::oss().bucket, "an object") };
        let hit: Vec<_> = sought.iter().map(String::as_str).filter(|action| pattern.matches(action)).collect();
        // Of a pattern that takes in both, the half that the statement reaches may be all that was meant.
        if hit.is_empty() || (objects && other.iter().any(|action| pattern.matches(action))) {
            continue;
        }
        let what = if objects { "objects only" } else { "buckets only" };
        let verb = if hit.len() == 1 { "is" } else { "are" };
        let message = format!("{} {verb} checked on {on}, and this statement names {what}", reach::some(hit));
        let help = if objects {
            "add the bucket, as in `acs:oss:*:*:bucket`"
        } else {
            "add its objects, as in `acs:oss:*:*:bucket/*`"
        };
        found.at(span, message).help(help).also(resource.span(), format!("{what} stand here"));
    }
}
