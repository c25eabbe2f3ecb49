//! `resource/unknown-region`.

use super::super::near::nearest;
use super::super::{reach, services};
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::{Case, Pattern, Statement};

rule! {
    /// ## What it does
    /// Finds ARNs with a region that is not known.
    ///
    /// ## Why is this bad?
    /// No resource is there, so that the statement does not apply to anything. Most often a letter is wrong, or the
    /// name of a zone stands there.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs:*", "Resource": "acs:ecs:cn-hangzou:*:instance/*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs:*", "Resource": "acs:ecs:cn-hangzhou:*:instance/*"}
    /// ```
    ///
    /// ## Limits
    /// Regions of finance and government clouds may be missing from the list; those that are in use can be named in the
    /// configuration.
    ///
    /// ## References
    /// - ECS, [regions and zones](https://www.alibabacloud.com/help/en/ecs/product-overview/regions-and-zones)
    code: "RAM444",
    name: "resource/unknown-region",
    severity: Warning,
    kinds: reach::WITH_RESOURCE,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    for (_, span, [_, service, region, ..]) in reach::arns(statement) {
        if region.is_empty() {
            continue;
        }
        // OSS has names of its own for regions.
        let bare =
            if service.eq_ignore_ascii_case("oss") { region.strip_prefix("oss-").unwrap_or(region) } else { region };
        let sought = Pattern::new(bare, Case::Exact);
        let in_use = subject.settings().regions.iter().map(String::as_str);
        if region.contains("${") || sought.matches("") || services::regions().any(|known| sought.matches(known)) {
            continue;
        }
        if in_use.clone().any(|known| sought.matches(known))
            || Pattern::new(region, Case::Exact).matches("oss-cn-hangzhou")
        {
            continue;
        }
        let draft = found.at(span, format!("no region is known by the name `{region}`"));
        match nearest(bare, services::regions()) {
            Some(near) => draft.help(format!("did you mean `{near}`?")),
            None => draft.help("write the name of a region, as in `cn-hangzhou`, or `*`"),
        };
    }
}
