//! `condition/key-unknown-global`.

use super::keys;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::Statement;

rule! {
    /// ## What it does
    /// Finds keys that begin with `acs:`, or with `aws:`, and that RAM does not know.
    ///
    /// ## Why is this bad?
    /// No request carries them: a positive operator is never met, a negated one always. An Allow then allows nothing,
    /// or everything it names, and a Deny denies nothing.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"IpAddress": {"acs:SourceIp": "203.0.113.0/24"}}}
    /// ```
    ///
    /// ## Limits
    /// RAM may have taken keys on since the list was written (`src/lint/data/condition-keys.toml`).
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Condition`
    code: "RAM504",
    name: "condition/key-unknown-global",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: Unsafe,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    for test in statement.condition() {
        let key = test.written_key();
        let Some((service, rest)) = key.text.split_once(':') else { continue };
        let aws = service.eq_ignore_ascii_case("aws");
        if !aws && (keys::find(test.key()).is_some() || !service.eq_ignore_ascii_case("acs")) {
            continue;
        }
        // What names no tag is the matter of another rule.
        if !aws && ["acs:resourcetag", "acs:requesttag"].contains(&test.key().trim_end_matches('/')) {
            continue;
        }
        let own = format!("acs:{rest}");
        let meant = keys::find(&crate::policy::Context::normalize(&own)).or_else(|| keys::near(&own));
        let draft =
            found.at(key.span, format!("`{}` is no condition key that RAM knows, and no request carries it", key.text));
        match meant {
            Some(meant) => {
                let tag = rest.split_once('/').map_or("", |(_, tag)| tag);
                let name = format!("{}{}", meant.name, if meant.name.ends_with('/') { tag } else { "" });
                draft
                    .help(format!("did you mean `{name}`?"))
                    .fix(format!("write `{name}`"), [Edit::string(key.span, &name)]);
            }
            None if aws => drop(draft.help("this is a key of AWS's; RAM's begin with `acs:`")),
            None => drop(draft.help("see the list of common condition keys for what there is")),
        }
    }
}
