//! The values that conditions are tested against.

use std::collections::BTreeMap;

/// What is known of one context key when a condition asks for it (spec gate-rules G2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContextValue {
    /// The request carries the key with these values; usually one.
    Present(Vec<String>),
    /// The request is known not to carry the key: a positive operator is false, a negated one true
    /// (spec ram-policy-language 4.2).
    Absent,
    /// It cannot be known whether the request carries the key: an Allow stays unmet, a Deny is met.
    Unknown,
}

/// The context of a request: its condition keys and what is known of each.
///
/// A key that was never set is [`ContextValue::Absent`], unless it falls under a family of keys that was
/// declared unknown with [`Context::set_unknown_prefix`]; of several families the one with the longest
/// prefix counts, and of the same prefix the one declared last.
///
/// Key names compare as RAM's do: the fixed part, up to the first `/`, without regard to ASCII case;
/// what follows (a tag key) exactly (spec ram-policy-language 5.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    values: BTreeMap<String, ContextValue>,
    /// Families of keys: the prefix, and whether a key of it that was not set is unknown.
    families: Vec<(String, bool)>,
}

impl Context {
    /// A context without any key.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A context of which nothing is known: a key that is not set is [`ContextValue::Unknown`] (spec gate-rules G2).
    #[must_use]
    pub fn unknown() -> Self {
        let mut context = Self::new();
        context.set_unknown_prefix("");
        context
    }

    /// `key` as it is compared: ASCII lower case up to the first `/`, unchanged after it.
    #[must_use]
    pub fn normalize(key: &str) -> String {
        match key.split_once('/') {
            Some((fixed, tag)) => format!("{}/{tag}", fixed.to_ascii_lowercase()),
            None => key.to_ascii_lowercase(),
        }
    }

    /// Sets `key` to one value.
    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        self.set_value(key, ContextValue::Present(vec![value.into()]));
    }

    /// Sets what is known of `key`.
    pub fn set_value(&mut self, key: &str, value: ContextValue) {
        self.values.insert(Self::normalize(key), value);
    }

    /// Declares every key that begins with `prefix` (as in `acs:ResourceTag/`) unknown unless it is set.
    pub fn set_unknown_prefix(&mut self, prefix: &str) {
        self.families.push((Self::normalize(prefix), true));
    }

    /// Declares every key that begins with `prefix` absent unless it is set, within a family that is unknown.
    pub fn set_absent_prefix(&mut self, prefix: &str) {
        self.families.push((Self::normalize(prefix), false));
    }

    /// What is known of the key whose [normalized](Context::normalize) form is `normalized`.
    #[must_use]
    pub fn get(&self, normalized: &str) -> &ContextValue {
        match self.values.get(normalized) {
            Some(value) => value,
            None => {
                let family = self.families.iter().filter(|(prefix, _)| normalized.starts_with(prefix.as_str()));
                match family.max_by_key(|(prefix, _)| prefix.len()) {
                    Some((_, true)) => &ContextValue::Unknown,
                    _ => &ContextValue::Absent,
                }
            }
        }
    }

    /// The families of keys that were declared: the normalized prefix, and whether a key that was not set is unknown.
    pub fn families(&self) -> impl Iterator<Item = (&str, bool)> {
        self.families.iter().map(|(prefix, unknown)| (prefix.as_str(), *unknown))
    }

    /// Every key that was set, normalized, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ContextValue)> {
        self.values.iter().map(|(key, value)| (key.as_str(), value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_compares_without_case_up_to_its_first_slash() {
        for (key, normalized) in [
            ("acs:SourceIp", "acs:sourceip"),
            ("ACS:ResourceTag/Team/A", "acs:resourcetag/Team/A"),
            ("kms:tag/acs:RDS:x", "kms:tag/acs:RDS:x"),
            ("acs:MFAPresent ", "acs:mfapresent "),
        ] {
            assert_eq!(Context::normalize(key), normalized);
        }
    }

    #[test]
    fn of_an_unknown_context_only_what_is_set_is_known() {
        let mut context = Context::unknown();
        context.set("acs:SourceIp", "203.0.113.7");
        context.set_absent_prefix("acs:RequestTag/");
        assert_eq!(context.get("acs:sourceip"), &ContextValue::Present(vec!["203.0.113.7".to_owned()]));
        assert_eq!(context.get("acs:requesttag/team"), &ContextValue::Absent);
        assert_eq!(context.get("acs:mfapresent"), &ContextValue::Unknown);
    }

    #[test]
    fn of_several_families_the_longest_prefix_counts_and_then_the_last_word() {
        let mut context = Context::new();
        context.set_absent_prefix("acs:ResourceTag/env");
        context.set_unknown_prefix("acs:ResourceTag/");
        context.set("acs:ResourceTag/team", "dba");
        assert_eq!(context.get("acs:resourcetag/team"), &ContextValue::Present(vec!["dba".to_owned()]));
        assert_eq!(context.get("acs:resourcetag/environment"), &ContextValue::Absent);
        assert_eq!(context.get("acs:resourcetag/Env"), &ContextValue::Unknown);
        assert_eq!(context.get("acs:sourceip"), &ContextValue::Absent);
        context.set_unknown_prefix("ACS:RESOURCETAG/env");
        assert_eq!(context.get("acs:resourcetag/env"), &ContextValue::Unknown);
    }
}
