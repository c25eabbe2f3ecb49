//! The values that conditions are tested against.

use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::ConditionTest;

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
///
/// A clone costs next to nothing and shares what it is a clone of: what is set afterwards stands over that.
#[derive(Debug, Clone, Default)]
pub struct Context {
    shared: Arc<Layer>,
    own: Layer,
}

/// Up to how many keys one is found fastest by looking at each.
const FEW: usize = 16;

/// Keys that were set, and what was declared of the others.
#[derive(Debug, Clone, Default)]
struct Layer {
    /// In the order of their hashes.
    values: Vec<(ContextKey, ContextValue)>,
    /// Families of keys: the prefix, and whether a key of it that was not set is unknown.
    families: Vec<(String, bool)>,
}

/// A normalized key and its hash, so that it is compared with others by a number first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ContextKey {
    hash: u64,
    text: Box<str>,
}

impl ContextKey {
    /// The key with this normalized form.
    pub(super) fn new(normalized: impl Into<Box<str>>) -> Self {
        let text = normalized.into();
        Self { hash: Self::hash(&text), text }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    fn hash(normalized: &str) -> u64 {
        FixedState::default().hash_one(normalized)
    }
}

impl Layer {
    fn get(&self, hash: u64, text: &str) -> Option<&ContextValue> {
        let from = if self.values.len() > FEW { self.values.partition_point(|(key, _)| key.hash < hash) } else { 0 };
        let values = self.values.get(from..).unwrap_or_default().iter();
        let mut values = values.skip_while(|(key, _)| key.hash < hash).take_while(|(key, _)| key.hash == hash);
        values.find(|(key, _)| *key.text == *text).map(|(_, value)| value)
    }

    fn get_mut(&mut self, key: &ContextKey) -> Option<&mut ContextValue> {
        let at = self.values.binary_search_by(|(known, _)| known.cmp(key)).ok()?;
        self.values.get_mut(at).map(|(_, value)| value)
    }

    fn set(&mut self, key: ContextKey, value: ContextValue) {
        match self.values.binary_search_by(|(known, _)| known.cmp(&key)) {
            Ok(at) => {
                if let Some((_, known)) = self.values.get_mut(at) {
                    *known = value;
                }
            }
            Err(at) => self.values.insert(at, (key, value)),
        }
    }
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
        let mut normalized = key.to_owned();
        let fixed = key.bytes().position(|byte| byte == b'/').unwrap_or(key.len());
        // A `/` is a character of its own wherever it stands.
        if let Some(fixed) = normalized.get_mut(..fixed) {
            fixed.make_ascii_lowercase();
        }
        normalized
    }

    /// Whether two keys are one, [normalized](Context::normalize).
    #[must_use]
    pub(crate) fn is_same_key(key: &str, other: &str) -> bool {
        if key.len() != other.len() {
            return false;
        }
        let fixed = |key: &str| key.bytes().position(|byte| byte == b'/').unwrap_or(key.len());
        let (key, other) = (key.split_at_checked(fixed(key)), other.split_at_checked(fixed(other)));
        key.zip(other).is_some_and(|(key, other)| key.0.eq_ignore_ascii_case(other.0) && key.1 == other.1)
    }

    /// Sets `key` to one value.
    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        self.set_value(key, ContextValue::Present(vec![value.into()]));
    }

    /// Sets what is known of `key`.
    pub fn set_value(&mut self, key: &str, value: ContextValue) {
        self.layer().set(ContextKey::new(Self::normalize(key)), value);
    }

    /// Adds `values` to those that `key` was set to; otherwise sets it to them.
    pub(crate) fn add_values(&mut self, key: &str, values: impl Iterator<Item = String>) {
        let (key, layer) = (ContextKey::new(Self::normalize(key)), self.layer());
        match layer.get_mut(&key) {
            Some(ContextValue::Present(known)) => known.extend(values),
            Some(other) => *other = ContextValue::Present(values.collect()),
            None => layer.set(key, ContextValue::Present(values.collect())),
        }
    }

    /// Whether `key` was set, or where it ends in `/` declared as a family.
    #[must_use]
    pub(crate) fn says(&self, key: &str) -> bool {
        let key = ContextKey::new(Self::normalize(key));
        let declared = || key.text.ends_with('/') && self.families().any(|(prefix, _)| *prefix == *key.text);
        self.own.get(key.hash, &key.text).or_else(|| self.shared.get(key.hash, &key.text)).is_some() || declared()
    }

    /// Whether there is no key of which it is unknown whether the request carries it.
    #[must_use]
    pub fn is_known(&self) -> bool {
        let unknown = |layer: &Layer| {
            layer.families.iter().any(|(_, unknown)| *unknown)
                || layer.values.iter().any(|(_, value)| *value == ContextValue::Unknown)
        };
        !unknown(&self.shared) && !unknown(&self.own)
    }

    /// Declares every key that begins with `prefix` (as in `acs:ResourceTag/`) unknown unless it is set.
    pub fn set_unknown_prefix(&mut self, prefix: &str) {
        self.layer().families.push((Self::normalize(prefix), true));
    }

    /// Declares every key that begins with `prefix` absent unless it is set, within a family that is unknown.
    pub fn set_absent_prefix(&mut self, prefix: &str) {
        self.layer().families.push((Self::normalize(prefix), false));
    }

    /// Where to set something: with no other context, unless there is none beside it.
    fn layer(&mut self) -> &mut Layer {
        match Arc::get_mut(&mut self.shared) {
            Some(shared) if self.own.values.is_empty() && self.own.families.is_empty() => shared,
            _ => &mut self.own,
        }
    }

    /// What is known of the key whose [normalized](Context::normalize) form is `normalized`.
    #[must_use]
    pub fn get(&self, normalized: &str) -> &ContextValue {
        self.find(ContextKey::hash(normalized), normalized)
    }

    /// What is known of the key that `test` is about. It takes less time than [`get`](Self::get).
    #[must_use]
    pub fn value_for(&self, test: &ConditionTest) -> &ContextValue {
        self.find(test.normalized.hash, &test.normalized.text)
    }

    fn find(&self, hash: u64, normalized: &str) -> &ContextValue {
        let set = self.own.get(hash, normalized).or_else(|| self.shared.get(hash, normalized));
        set.unwrap_or_else(|| {
            let family = self.families().filter(|(prefix, _)| normalized.starts_with(prefix));
            match family.max_by_key(|(prefix, _)| prefix.len()) {
                Some((_, true)) => &ContextValue::Unknown,
                _ => &ContextValue::Absent,
            }
        })
    }

    /// The families of keys that were declared: the normalized prefix, and whether a key that was not set is unknown.
    pub fn families(&self) -> impl Iterator<Item = (&str, bool)> {
        let families = self.shared.families.iter().chain(&self.own.families);
        families.map(|(prefix, unknown)| (prefix.as_str(), *unknown))
    }

    /// Every key that was set, normalized, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ContextValue)> {
        let values = self.shared.values.iter().chain(&self.own.values);
        let values: BTreeMap<&str, &ContextValue> = values.map(|(key, value)| (key.as_str(), value)).collect();
        values.into_iter()
    }
}

/// Whether the same was set and declared.
impl PartialEq for Context {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter()) && self.families().eq(other.families())
    }
}

impl Eq for Context {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_stands_over_what_it_is_a_clone_of_and_changes_nothing_there() {
        let mut first = Context::unknown();
        first.set("k", "1");
        first.set("acs:SourceIp", "203.0.113.7");
        let before = first.clone();
        let mut second = first.clone();
        second.set("K", "2");
        second.set("l", "3");
        second.set_absent_prefix("");
        assert_eq!(first, before);
        first.set("m", "4");
        let values = |context: &Context| {
            let text = |key: &str| match context.get(key) {
                ContextValue::Present(values) => values.concat(),
                other => format!("{other:?}"),
            };
            ["k", "l", "m", "n", "acs:sourceip"].map(text)
        };
        assert_eq!(values(&first), ["1", "Unknown", "4", "Unknown", "203.0.113.7"]);
        assert_eq!(values(&second), ["2", "3", "Absent", "Absent", "203.0.113.7"]);
        let keys: Vec<&str> = second.iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["acs:sourceip", "k", "l"]);
        assert_ne!(first, second);
    }

    #[test]
    fn what_was_set_last_counts_after_a_clone_is_gone_too() {
        let mut context = Context::unknown();
        for text in ["1", "2", "3"] {
            let clone = context.clone();
            context.set("k", text);
            drop(clone);
            context.set("k", format!("{text} again"));
            assert_eq!(context.get("k"), &ContextValue::Present(vec![format!("{text} again")]));
        }
        let mut context = Context::unknown();
        let clone = context.clone();
        context.set_unknown_prefix("k");
        drop(clone);
        context.set_absent_prefix("k");
        assert_eq!(context.get("k"), &ContextValue::Absent);
    }

    #[test]
    fn contexts_are_equal_where_the_same_was_set_and_declared() {
        let mut context = Context::new();
        context.set("k", "1");
        context.set_unknown_prefix("l");
        let (mut more, mut less) = (context.clone(), Context::new());
        assert_eq!(more, context);
        less.set("K", "1");
        assert_ne!(less, context, "with a family that was not declared");
        less.set_unknown_prefix("L");
        assert_eq!(less, context);
        more.set("m", "1");
        assert_ne!(more, context, "with a key that was not set");
    }

    #[test]
    fn a_key_is_found_among_many() {
        let mut context = Context::new();
        for number in 0..100 {
            context.set(&format!("acs:RequestTag/{number}"), number.to_string());
        }
        for number in 0..100 {
            let found = context.get(&format!("acs:requesttag/{number}"));
            assert_eq!(*found, ContextValue::Present(vec![number.to_string()]));
        }
        assert_eq!(context.get("acs:requesttag/100"), &ContextValue::Absent);
        assert_eq!(context.iter().count(), 100);
    }

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
