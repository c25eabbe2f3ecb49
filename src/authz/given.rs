//! A context as somebody writes it down who asks what would be decided.

use crate::policy::{Context, ContextValue};

/// What is said of condition keys; one that is not named is unknown.
#[derive(Debug, Clone, Default)]
pub struct GivenKeys {
    /// Keys with their values; several entries of one key are its values together.
    pub values: Vec<(String, Vec<String>)>,
    /// Keys that the call is known not to carry; one that ends in `/` stands for all that begin so.
    pub absent: Vec<String>,
    /// Keys that are unknown in spite of `complete`; one that ends in `/` stands for all that begin so.
    pub unknown: Vec<String>,
    /// Whether every key that is not named is absent.
    pub complete: bool,
}

/// What is wrong with a context that was written down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidGivenKeys {
    /// A key that follows from something else that was said.
    #[error("`{key}` follows from {from}: leave it out")]
    Follows {
        /// The key.
        key: String,
        /// What it follows from.
        from: String,
    },
    /// A key with two kinds of answers.
    #[error("`{key}` is given in two ways: keep one of them")]
    TwoWays {
        /// The key.
        key: String,
    },
}

impl GivenKeys {
    /// The context that it makes. None of the keys in `follow` may be given, since what stands beside each says what it
    /// is; one that ends in `*` stands for all that begin so.
    ///
    /// # Errors
    /// [`InvalidGivenKeys`] where a key is said twice, or once too often.
    pub fn context(&self, follow: &[(&str, &str)]) -> Result<Context, InvalidGivenKeys> {
        let mut giving = Giving::new(self.complete, follow);
        for (key, values) in &self.values {
            giving.values(key, values.iter().map(String::as_str))?;
        }
        for key in &self.absent {
            giving.absent(key)?;
        }
        for key in &self.unknown {
            giving.unknown(key)?;
        }
        Ok(giving.context())
    }
}

/// A context while it is put together: first the keys that have values, then those that are absent, then the unknown ones.
pub(super) struct Giving<'f> {
    context: Context,
    follow: &'f [(&'f str, &'f str)],
}

impl<'f> Giving<'f> {
    pub(super) fn new(complete: bool, follow: &'f [(&'f str, &'f str)]) -> Self {
        Self { context: if complete { Context::new() } else { Context::unknown() }, follow }
    }

    /// Gives `key` these values, beside those that it may have.
    pub(super) fn values<'v>(
        &mut self,
        key: &str,
        values: impl IntoIterator<Item = &'v str>,
    ) -> Result<(), InvalidGivenKeys> {
        self.may_be_given(key)?;
        self.context.add_values(key, values.into_iter().map(str::to_owned));
        Ok(())
    }

    /// Takes `key` for absent, or where it ends in `/` all that begin so.
    pub(super) fn absent(&mut self, key: &str) -> Result<(), InvalidGivenKeys> {
        self.without_values(key, ContextValue::Absent, Context::set_absent_prefix)
    }

    /// Takes `key` for unknown, or where it ends in `/` all that begin so.
    pub(super) fn unknown(&mut self, key: &str) -> Result<(), InvalidGivenKeys> {
        self.without_values(key, ContextValue::Unknown, Context::set_unknown_prefix)
    }

    pub(super) fn context(self) -> Context {
        self.context
    }

    fn without_values(
        &mut self,
        key: &str,
        value: ContextValue,
        family: fn(&mut Context, &str),
    ) -> Result<(), InvalidGivenKeys> {
        self.may_be_given(key)?;
        if self.context.says(key) {
            return Err(InvalidGivenKeys::TwoWays { key: key.to_owned() });
        }
        if key.ends_with('/') {
            family(&mut self.context, key);
        } else {
            self.context.set_value(key, value);
        }
        Ok(())
    }

    fn may_be_given(&self, key: &str) -> Result<(), InvalidGivenKeys> {
        let follows = |pattern: &str| match pattern.strip_suffix('*') {
            Some(prefix) => key.get(..prefix.len()).is_some_and(|head| Context::is_same_key(head, prefix)),
            None => Context::is_same_key(key, pattern),
        };
        match self.follow.iter().find(|(pattern, _)| follows(pattern)) {
            Some((_, from)) => Err(InvalidGivenKeys::Follows { key: key.to_owned(), from: (*from).to_owned() }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(values: &[(&str, &[&str])], absent: &[&str], unknown: &[&str]) -> GivenKeys {
        let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        let values = values.iter().map(|(key, values)| ((*key).to_owned(), owned(values))).collect();
        GivenKeys { values, absent: owned(absent), unknown: owned(unknown), complete: false }
    }

    fn present(values: &[&str]) -> ContextValue {
        ContextValue::Present(values.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn what_is_said_of_a_key_is_what_a_condition_meets() {
        let said: [(&str, &[&str]); 3] = [("acs:SourceIp", &["192.0.2.1"]), ("a", &["1"]), ("A", &["2", "3"])];
        let mut keys = given(&said, &["b", "acs:RequestTag/"], &["c", "acs:ResourceTag/"]);
        for (complete, other) in [(false, ContextValue::Unknown), (true, ContextValue::Absent)] {
            keys.complete = complete;
            let context = keys.context(&[]).unwrap();
            for (key, expected) in [
                ("acs:sourceip", present(&["192.0.2.1"])),
                ("a", present(&["1", "2", "3"])),
                ("b", ContextValue::Absent),
                ("acs:requesttag/team", ContextValue::Absent),
                ("c", ContextValue::Unknown),
                ("acs:resourcetag/team", ContextValue::Unknown),
                ("acs:mfapresent", other.clone()),
            ] {
                assert_eq!(*context.get(key), expected, "{key}");
            }
        }
    }

    #[test]
    fn a_key_is_said_once_and_never_where_it_follows() {
        let follow = [("acs:PrincipalARN", "the caller"), ("acs:ResourceTag/*", "the inventory")];
        let follows = |key: &str, from: &str| InvalidGivenKeys::Follows { key: key.to_owned(), from: from.to_owned() };
        let twice = |key: &str| InvalidGivenKeys::TwoWays { key: key.to_owned() };
        for (keys, expected) in [
            (given(&[("ACS:PrincipalArn", &["x"])], &[], &[]), Err(follows("ACS:PrincipalArn", "the caller"))),
            (given(&[], &["acs:ResourceTag/a"], &[]), Err(follows("acs:ResourceTag/a", "the inventory"))),
            (given(&[], &[], &["acs:ResourceTag/"]), Err(follows("acs:ResourceTag/", "the inventory"))),
            (given(&[("a", &["1"])], &["A"], &[]), Err(twice("A"))),
            (given(&[], &["a"], &["a"]), Err(twice("a"))),
            (given(&[("acs:PrincipalARNs", &["x"]), ("acs:Resource", &["x"])], &["b"], &["c"]), Ok(())),
        ] {
            assert_eq!(keys.context(&follow).map(|_| ()), expected, "{keys:?}");
        }
    }
}
