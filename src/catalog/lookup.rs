//! Finding out about a cluster by asking the API itself.

use serde::Deserialize;
use serde_json::Value;

use super::{ClusterFacts, Known};

/// Which operation describes one cluster, and where in its answer things stand.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterLookup {
    /// The operation; one that reads.
    pub operation: String,
    /// The parameter that names the cluster, and the member of the answer that has its id.
    pub cluster: String,
    /// The member with its region.
    pub region: String,
    /// The member with its resource group; empty where it is in none.
    pub resource_group: String,
    /// The member with its tags, a list of `Key` and `Value`.
    pub tags: String,
    /// The codes of the API for a cluster that the account does not have; the first is what callers are told.
    pub not_found: Vec<String>,
    #[serde(rename = "source")]
    _source: String,
}

/// An answer that does not say what it has to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the answer cannot be read: {problem}")]
pub struct UnreadableAnswer {
    problem: String,
}

impl ClusterLookup {
    /// Whether the API says with this code that the account has no such cluster.
    #[must_use]
    pub fn says_absent(&self, code: &str) -> bool {
        self.not_found.iter().any(|known| known == code)
    }

    /// What the JSON of an answer says of cluster `id`, asked for with a key of `account`.
    ///
    /// # Errors
    /// [`UnreadableAnswer`] where the answer is about something else, or does not say in which region the cluster is.
    pub fn read(&self, id: &str, account: &str, answer: &[u8]) -> Result<ClusterFacts, UnreadableAnswer> {
        let unreadable = |problem: &str| UnreadableAnswer { problem: problem.to_owned() };
        let answer: Value = serde_json::from_slice(answer).map_err(|_| unreadable("it is not JSON"))?;
        let text = |name: &str| answer.get(name).and_then(Value::as_str);
        if text(&self.cluster) != Some(id) {
            return Err(unreadable("it is not about the cluster that was asked for"));
        }
        let is_region = |region: &&str| {
            !region.is_empty()
                && region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        let region = text(&self.region).filter(is_region).ok_or_else(|| unreadable("it does not say the region"))?;
        let tags = match answer.get(&self.tags) {
            None | Some(Value::Null) => Known::Unknown,
            Some(tags) => {
                Known::Known(read_tags(tags).ok_or_else(|| unreadable("its tags are not of the form known"))?)
            }
        };
        Ok(ClusterFacts {
            account: account.to_owned(),
            region: Some(region.to_owned()),
            resource_group: match text(&self.resource_group) {
                None => Known::Unknown,
                Some(group) => Known::Known(Some(group.to_owned()).filter(|group| !group.is_empty())),
            },
            tags,
        })
    }
}

fn read_tags(tags: &Value) -> Option<Vec<(String, String)>> {
    let tag = |tag: &Value| {
        let text = |name| tag.get(name).and_then(Value::as_str).map(str::to_owned);
        Some((text("Key")?, text("Value").unwrap_or_default()))
    };
    tags.as_array()?.iter().map(tag).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    fn read(answer: &str) -> Result<ClusterFacts, UnreadableAnswer> {
        let catalog = Catalog::embedded();
        let lookup = catalog.product("polardb", "2017-08-01").unwrap().lookup().unwrap();
        lookup.read("pc-1", "1234567890123456", answer.as_bytes())
    }

    #[test]
    fn an_answer_tells_region_group_and_tags() {
        let facts = read(
            r#"{ "DBClusterId": "pc-1", "RegionId": "cn-beijing", "ResourceGroupId": "rg-1",
                 "Tags": [{ "Key": "team", "Value": "dba" }, { "Key": "plain" }] }"#,
        )
        .unwrap();
        assert_eq!(facts.region.as_deref(), Some("cn-beijing"));
        assert_eq!(facts.resource_group, Known::Known(Some("rg-1".to_owned())));
        let tags = [("team", "dba"), ("plain", "")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(facts.tags, Known::Known(tags.to_vec()));
    }

    #[test]
    fn what_an_answer_leaves_out_is_unknown_and_what_is_empty_is_none() {
        let facts = read(r#"{ "DBClusterId": "pc-1", "RegionId": "cn-beijing" }"#).unwrap();
        assert_eq!((facts.resource_group, facts.tags), (Known::Unknown, Known::Unknown));
        let facts = read(r#"{ "DBClusterId": "pc-1", "RegionId": "cn-beijing", "ResourceGroupId": "", "Tags": [] }"#);
        let facts = facts.unwrap();
        assert_eq!((facts.resource_group, facts.tags), (Known::Known(None), Known::Known(Vec::new())));
    }

    #[test]
    fn an_answer_that_is_about_something_else_or_says_too_little_is_none() {
        for answer in [
            "<html>",
            "[]",
            r#"{ "RegionId": "cn-beijing" }"#,
            r#"{ "DBClusterId": "pc-2", "RegionId": "cn-beijing" }"#,
            r#"{ "DBClusterId": "pc-1" }"#,
            r#"{ "DBClusterId": "pc-1", "RegionId": "*" }"#,
            r#"{ "DBClusterId": "pc-1", "RegionId": "cn-beijing", "Tags": { "Tag": [] } }"#,
            r#"{ "DBClusterId": "pc-1", "RegionId": "cn-beijing", "Tags": [{ "Value": "no key" }] }"#,
        ] {
            assert!(read(answer).is_err(), "{answer}");
        }
    }
}
