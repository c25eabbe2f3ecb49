//! `resource/region-mismatch`.

use super::super::{reach, services};
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Case, Effect, Pattern, Statement};

rule! {
    /// ## What it does
    /// Finds an Allow of resources in a region that is not in use, going by `regions` of the configuration.
    ///
    /// ## Why is this bad?
    /// Nothing of yours is there. The region is another one than was meant, or somebody may build there what nobody looks
    /// after.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "acs:ecs:us-east-1:*:instance/*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "acs:ecs:cn-hangzhou:*:instance/*"}
    /// ```
    ///
    /// ## Limits
    /// Without `regions` in the configuration nothing is found. A Deny may be about regions that are not in use, and is let pass;
    /// so is `*`.
    ///
    /// ## References
    /// - ECS, [regions and zones](https://www.alibabacloud.com/help/en/ecs/product-overview/regions-and-zones)
    code: "RAM461",
    name: "resource/region-mismatch",
    severity: Warning,
    kinds: reach::WITH_RESOURCE,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    let in_use = &subject.settings().regions;
    let Some(resource) = statement.resource().filter(|resource| !resource.is_negated()) else { return };
    if in_use.is_empty() || statement.effect() != Effect::Allow || subject.has_unread(resource.span()) {
        return;
    }
    for (_, span, [_, service, region, ..]) in reach::arns(statement) {
        let sought = Pattern::new(region, Case::Exact);
        // OSS has names of its own for regions.
        let matches = |known: &str| {
            sought.matches(known) || service.eq_ignore_ascii_case("oss") && sought.matches(&format!("oss-{known}"))
        };
        // Of a region that is none another rule tells.
        if sought.matches("") || in_use.iter().any(|known| matches(known)) || !services::regions().any(matches) {
            continue;
        }
        let draft = found.at(span, format!("`{region}` is none of the regions in use"));
        draft.help("see whether the region is right, or add it to `regions` in the configuration");
    }
}
