//! `resource/wildcard-depth-dos`.

use super::super::reach;
use crate::lint::rule::rule;
use crate::lint::{Check, Findings, Subject};
use crate::policy::Statement;

rule! {
    /// ## What it does
    /// Finds resources with more than eight stars.
    ///
    /// ## Why is this bad?
    /// Matchers that go back at every star take time that doubles with each of them; a policy of thirty lines has held
    /// up a server for half a minute. ramgate's own does not, and a reader cannot tell any more what such a pattern
    /// matches.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "Action": "oss:*", "Resource": "acs:oss:*:*:bucket/*a*b*c*d*e*f*g*h*"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Deny", "Action": "oss:*", "Resource": "acs:oss:*:*:bucket/*"}
    /// ```
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Resource`
    code: "RAM459",
    name: "resource/wildcard-depth-dos",
    severity: Warning,
    kinds: reach::WITH_RESOURCE,
    fix: None,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    let Some(resource) = statement.resource() else { return };
    for (pattern, span) in resource.patterns() {
        let text = pattern.as_str();

        let stars = text.split('*').filter(|piece| !piece.is_empty()).count().saturating_sub(1);
        if stars > 8 {
            found.at(span, format!("{stars} stars stand in one pattern")).help("write a shorter pattern, or several");
        }
    }
}
