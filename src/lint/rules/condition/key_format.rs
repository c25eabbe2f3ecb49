//! `condition/key-format`.

use crate::lint::rule::{ALL_KINDS, rule};
use crate::lint::{Check, Edit, Findings, Subject};
use crate::policy::Statement;
use crate::report::Severity;

rule! {
    /// ## What it does
    /// Finds condition keys that are not of the form `acs:Key` or `service:Key`, and keys with blanks in them.
    ///
    /// ## Why is this bad?
    /// No request carries such a key. A positive operator is then never met, so an Allow allows nothing and a Deny
    /// denies nothing; a negated one is always met.
    ///
    /// ## Example
    /// ```json
    /// {"Effect": "Allow", "Action": "ots:*", "Resource": "*", "Condition": {"Bool": {"acs:MFAPresent ": "true"}}}
    /// ```
    ///
    /// Use instead:
    /// ```json
    /// {"Effect": "Allow", "Action": "ots:*", "Resource": "*", "Condition": {"Bool": {"acs:MFAPresent": "true"}}}
    /// ```
    ///
    /// ## Limits
    /// What follows the first `/` is the key of a tag, and may hold anything. A word alone, as in
    /// `"StringNotLike": {"Action": …}`, is a warning: Alibaba Cloud has published policies with one, so that RAM takes it.
    ///
    /// ## References
    /// - RAM, [policy elements](https://www.alibabacloud.com/help/en/ram/policy-elements), on `Condition`
    code: "RAM502",
    name: "condition/key-format",
    severity: Error,
    kinds: ALL_KINDS,
    fix: Unsafe,
    since: "0.2.0",
    check: Check::Statement(check),
}

fn check(statement: &Statement, _: &Subject<'_>, found: &mut Findings) {
    for test in statement.condition() {
        let key = test.written_key();
        let fixed = key.text.split_once('/').map_or(&*key.text, |(fixed, _)| fixed);
        let parts: Vec<_> = fixed.split(':').collect();
        let word = |part: &&str| {
            !part.is_empty()
                && part.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.'))
        };
        if parts.len() == 2 && parts.iter().all(word) {
            continue;
        }
        let trimmed = key.text.trim();
        let draft = found.at(key.span, format!("`{}` is no condition key, and no request carries it", key.text));
        // System policies of Alibaba Cloud's have a word alone, such as `Action`, so that RAM takes it.
        let draft =
            if matches!(&parts[..], [alone] if word(alone)) { draft.severity(Severity::Warning) } else { draft };
        if trimmed != &*key.text && trimmed.split(':').count() == 2 {
            draft.help("take the blank away").fix(format!("write `{trimmed}`"), [Edit::string(key.span, trimmed)]);
        } else {
            draft.help("a key is `acs:` and a name, or the code of a service, `:` and a name, as in `acs:SourceIp`");
        }
    }
}
