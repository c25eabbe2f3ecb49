//! `condition/key-unknown-service`.

use super::keys;
use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::Statement;

rule! {
    /// ## What it does
    /// Finds keys of a service that the service does not send, and misspelt ones.
    ///
    /// ## Why is this bad?
    /// A key that no request carries is never met by a positive operator and always by a negated one. The statement
    /// then does nothing, or more than it says.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:ListObjects", "Resource": "*", "Condition": {"StringLike": {"oss:Prefixes": "home/*"}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "oss:ListObjects", "Resource": "*", "Condition": {"StringLike": {"oss:Prefix": "home/*"}}}
    /// ```
    ///
    /// ## Limits
    /// Of most services not every key is known; of those only what is close to a known key is reported. Keys that the
    /// catalogue has are known.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Condition`
    code: "RAM506",
    name: "condition/key-unknown-service",
    severity: Warning,
    kinds: ALL_KINDS,
    fix: Unsafe,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, subject: &Subject<'_>, found: &mut Findings) {
    for test in statement.condition() {
        let key = test.written_key();
        let Some((service, _)) = test.key().split_once(':') else { continue };
        if matches!(service, "acs" | "aws") || keys::find(test.key()).is_some() {
            continue;
        }
        let products = subject.settings().catalog.products();
        let mut own = products.flat_map(|product| {
            product
                .condition_keys()
                .map(|(key, _)| key)
                .chain(product.operations().flat_map(|operation| operation.condition_keys().iter().map(String::as_str)))
        });
        if own.any(|own| crate::policy::Context::normalize(own) == test.key()) {
            continue;
        }
        let near =
            keys::near(&key.text).filter(|near| near.name.split_once(':').is_some_and(|(own, _)| own == service));
        if near.is_none() && !keys::is_complete(service) {
            continue;
        }
        let draft = found.at(key.span, format!("`{service}` is not known to send a condition key `{}`", key.text));
        match near {
            Some(near) => {
                let tag = key.text.split_once('/').map_or("", |(_, tag)| tag);
                let name = format!("{}{}", near.name, if near.name.ends_with('/') { tag } else { "" });
                draft
                    .help(format!("did you mean `{name}`?"))
                    .fix(format!("write `{name}`"), [Edit::string(key.span, &name)]);
            }
            None => drop(draft.help("see the condition keys in the service's list of actions")),
        }
    }
}
