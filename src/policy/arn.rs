//! Names of resources.

use std::fmt;

/// An ARN, `acs:SERVICE:REGION:ACCOUNT:RELATIVE`, in its parts (spec ram-policy-language 3).
///
/// The relative part is all the rest: it may hold `/` and `:`. Any part may be empty or a pattern; whether that makes
/// sense is for whoever asks.
///
/// ```
/// use ramgate::policy::Arn;
///
/// let arn = Arn::parse("acs:polardb:cn-beijing:1234567890123456:dbcluster/pc-1").ok_or("an ARN")?;
/// assert_eq!((arn.service, arn.account, arn.relative), ("polardb", "1234567890123456", "dbcluster/pc-1"));
/// assert_eq!(Arn::parse("acs:ram::1234567890123456:root").map(|arn| arn.region), Some(""));
/// assert_eq!(Arn::parse("acs:ram:1234567890123456:root"), None);
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Arn<'a> {
    /// The service code, `polardb`.
    pub service: &'a str,
    /// The region; empty for services without regions.
    pub region: &'a str,
    /// The account that owns the resource.
    pub account: &'a str,
    /// What the resource is within its account and region, `dbcluster/pc-1`.
    pub relative: &'a str,
}

impl<'a> Arn<'a> {
    /// Splits `text`; `None` where it does not begin with `acs:`, in these letters, or has fewer than five parts.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.strip_prefix("acs:")?.splitn(4, ':');
        Some(Self { service: parts.next()?, region: parts.next()?, account: parts.next()?, relative: parts.next()? })
    }

    /// The relative part of an ARN of the RAM service with a numeric account, beside the account: the form in which
    /// principals and identity providers are named (spec ram-policy-language 8).
    pub(super) fn of_identity(text: &'a str) -> Option<(&'a str, &'a str)> {
        let Self { service, region, account, relative } = Self::parse(text)?;
        let digits = !account.is_empty() && account.bytes().all(|byte| byte.is_ascii_digit());
        (service == "ram" && region.is_empty() && digits).then_some((account, relative))
    }
}

impl fmt::Display for Arn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "acs:{}:{}:{}:{}", self.service, self.region, self.account, self.relative)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_relative_part_is_all_the_rest() {
        let text = "acs:kms:cn-hangzhou:1:key/a:b/c:";
        let arn = Arn::parse(text).unwrap();
        assert_eq!(arn.relative, "key/a:b/c:");
        assert_eq!(arn.to_string(), text);
        assert_eq!(Arn::parse("acs::::").map(|arn| arn.to_string()), Some("acs::::".to_owned()));
    }

    #[test]
    fn what_has_fewer_parts_or_another_beginning_is_no_arn() {
        for text in
            ["", "*", "acs:*", "acs:ram:1:role/x", "ACS:ram::1:root", "arn:sts::1:assumed-role/a/b", " acs:a:b:c:d"]
        {
            assert_eq!(Arn::parse(text), None, "{text}");
        }
    }
}
