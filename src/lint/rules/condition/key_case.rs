//! `condition/key-case`.

use super::keys;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::Statement;

rule! {
    /// ## What it does
    /// Finds condition keys in another letter case than they are documented in.
    ///
    /// ## Why is this bad?
    /// RAM is not known to care about it in the fixed part of a key, but readers, searches and other checkers do.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"Bool": {"acs:mfapresent": "true"}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ecs:*", "Resource": "*", "Condition": {"Bool": {"acs:MFAPresent": "true"}}}
    /// ```
    ///
    /// ## Limits
    /// The key of a tag, after the `/`, is compared letter by letter and is left as it is.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Condition`
    code: "RAM512",
    name: "condition/key-case",
    severity: Note,
    kinds: ALL_KINDS,
    fix: Safe,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    for test in statement.condition() {
        let key = test.written_key();
        let Some(known) = keys::find(test.key()) else { continue };
        let tag = key.text.split_once('/').map_or("", |(_, tag)| tag);
        let name = if known.name.ends_with('/') { format!("{}{tag}", known.name) } else { known.name.clone() };
        // Both spellings of this one stand in Alibaba Cloud's documentation.
        if *key.text == *name || &*key.text == "acs:PrincipalArn" {
            continue;
        }
        found
            .at(key.span, format!("the key `{}` is documented as `{name}`", key.text))
            .fix(format!("write `{name}`"), [Edit::string(key.span, &name)]);
    }
}
