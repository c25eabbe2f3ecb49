//! `resource/trailing-slash-or-space`.

use super::super::reach;
use crate::lint::rule::rule;
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::Statement;

rule! {
    /// ## What it does
    /// Finds resources that begin or end with a blank, or end with a slash.
    ///
    /// ## Why is this bad?
    /// With the blank, the pattern matches nothing. With a slash at the end, it names a resource whose id is empty, and
    /// not what lies below it.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs:*", "Resource": "acs:ecs:*:*:instance/"}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Deny", "Action": "ecs:*", "Resource": "acs:ecs:*:*:instance/*"}
    /// ```
    ///
    /// ## Limits
    /// The key of an object of OSS may end with a slash.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Resource`
    code: "RAM457",
    name: "resource/trailing-slash-or-space",
    severity: Warning,
    kinds: reach::WITH_RESOURCE,
    fix: Unsafe,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    let Some(resource) = statement.resource() else { return };
    for (pattern, span) in resource.patterns() {
        let text = pattern.as_str();

        let plain = text.trim();
        if plain != text {
            let draft = found.at(span, "a blank stands before or after the name of the resource").help("take it away");
            draft.fix(format!("write `{plain}`"), [Edit::string(span, plain)]);
        } else if let Some(below) = text.strip_suffix('/') {
            // A key of OSS may end so: that is how folders are made.
            let of_oss = reach::parts(text).filter(|[_, service, ..]| service.eq_ignore_ascii_case("oss"));
            if of_oss.is_some_and(|[.., rest]| rest.matches('/').count() > 1) || below.is_empty() {
                continue;
            }
            let draft = found.at(span, "this ends with a slash, and so with an empty id").help("add the id, or `*`");
            draft.fix(format!("write `{text}*`"), [Edit::string(span, &format!("{text}*"))]);
        }
    }
}
