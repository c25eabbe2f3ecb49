//! Parameters of a call, read as the operations declare them.

use std::collections::BTreeMap;

use crate::catalog::Parameters;

use super::error::ServiceError;

/// Bounds and values of the parameters of one call.
pub(super) struct Arguments<'a> {
    parameters: &'a Parameters,
}

impl<'a> Arguments<'a> {
    pub(super) fn new(parameters: &'a Parameters) -> Self {
        Self { parameters }
    }

    /// A value that is there and not empty.
    pub(super) fn optional(&self, name: &str) -> Option<&'a str> {
        self.parameters.get(name).filter(|value| !value.is_empty())
    }

    pub(super) fn required(&self, name: &str) -> Result<&'a str, ServiceError> {
        self.optional(name).ok_or_else(|| ServiceError::missing(name))
    }

    /// The value, which must be one of `known`; the first of them where it is not given.
    pub(super) fn one_of(&self, name: &str, known: &[&'static str]) -> Result<&'static str, ServiceError> {
        match (self.optional(name), known.first()) {
            (None, Some(default)) => Ok(default),
            (Some(value), _) => {
                known.iter().find(|known| **known == value).copied().ok_or_else(|| ServiceError::invalid(name))
            }
            (None, None) => Err(ServiceError::missing(name)),
        }
    }

    /// `true` or `false` in whatever letter case: older clients write `True`.
    pub(super) fn boolean(&self, name: &str) -> Result<Option<bool>, ServiceError> {
        match self.optional(name) {
            None => Ok(None),
            Some(value) if value.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(value) if value.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(_) => Err(ServiceError::invalid(name)),
        }
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<u32>, ServiceError> {
        match self.optional(name) {
            None => Ok(None),
            Some(value) if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                value.parse().map(Some).map_err(|_| ServiceError::invalid(name))
            }
            Some(_) => Err(ServiceError::invalid(name)),
        }
    }

    /// `DBClusterId`: two letters, a hyphen, letters and digits (spec gate-rules G7).
    pub(super) fn cluster_id(&self) -> Result<&'a str, ServiceError> {
        let id = self.required("DBClusterId")?;
        let shaped = id.split_once('-').is_some_and(|(kind, rest)| {
            kind.len() == 2
                && kind.bytes().all(|byte| byte.is_ascii_lowercase())
                && (1..=64).contains(&rest.len())
                && rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        });
        if shaped { Ok(id) } else { Err(ServiceError::MalformedClusterId) }
    }

    /// The owner parameters may only name the caller's own account, and not in both forms.
    pub(super) fn check_owner(&self, account: &str) -> Result<(), ServiceError> {
        for (by_id, by_name) in [("OwnerId", "OwnerAccount"), ("ResourceOwnerId", "ResourceOwnerAccount")] {
            if by_id == "OwnerId" && self.optional(by_id).is_some() && self.optional(by_name).is_some() {
                return Err(ServiceError::OwnerGivenTwice);
            }
            for name in [by_id, by_name] {
                if self.optional(name).is_some_and(|value| value != account) {
                    return Err(ServiceError::invalid(name));
                }
            }
        }
        Ok(())
    }

    /// `Tag.1.Key`, `Tag.1.Value`, ...: at most 20, counted from 1 without a gap, no key twice.
    pub(super) fn tags(&self) -> Result<BTreeMap<String, String>, ServiceError> {
        let given = self.parameters.iter().filter(|(name, _)| name.starts_with("Tag.")).count();
        let mut tags = BTreeMap::new();
        let mut read = 0;
        for index in 1..=20 {
            let Some(key) = self.optional(&format!("Tag.{index}.Key")) else { break };
            read += 1;
            let value = self.parameters.get(&format!("Tag.{index}.Value"));
            read += usize::from(value.is_some());
            if tags.insert(key.to_owned(), value.unwrap_or_default().to_owned()).is_some() {
                return Err(ServiceError::invalid("Tag"));
            }
        }
        if read == given { Ok(tags) } else { Err(ServiceError::invalid("Tag")) }
    }
}
