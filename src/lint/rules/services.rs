//! What rules know of services beside the catalogue: the data.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

const DATA: &str = include_str!("../data/services.toml");

/// A list of words, with where it comes from.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[cfg_attr(not(test), expect(dead_code, reason = "for whoever reads the data"))]
    source: String,
    list: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Codes {
    documented: List,
    used: List,
    guessed: List,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Products {
    #[cfg_attr(not(test), expect(dead_code, reason = "for whoever reads the data"))]
    source: String,
    codes: BTreeMap<String, String>,
}

/// Which of the resources of OSS an action is checked on.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Oss {
    #[cfg_attr(not(test), expect(dead_code, reason = "for whoever reads the data"))]
    source: String,
    /// Those of buckets.
    pub(super) bucket: Vec<String>,
    /// Those of objects.
    pub(super) object: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Borrowed {
    #[cfg_attr(not(test), expect(dead_code, reason = "for whoever reads the data"))]
    source: String,
    /// By the service of the action, the services of the resources.
    services: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    codes: Codes,
    products: Products,
    regions: List,
    without_region: List,
    borrowed: Borrowed,
    oss: Oss,
    compute: List,
}

// INVARIANT: the embedded text is right (test `the_data_is_read_whole`).
static DATA_READ: LazyLock<Data> = LazyLock::new(|| toml::from_str(DATA).unwrap_or_default());

/// The RAM codes of services, guessed ones included.
pub(super) fn codes() -> impl Iterator<Item = &'static str> {
    let codes = &DATA_READ.codes;
    [&codes.documented, &codes.used, &codes.guessed].into_iter().flat_map(|list| &list.list).map(String::as_str)
}

/// The RAM code of a product that its API calls by another word.
pub(super) fn code_of_product(product: &str) -> Option<&'static str> {
    DATA_READ.products.codes.get(&product.to_ascii_lowercase()).map(String::as_str)
}

/// The regions.
pub(super) fn regions() -> impl Iterator<Item = &'static str> {
    DATA_READ.regions.list.iter().map(String::as_str)
}

/// Whether the ARNs of a service carry no region.
pub(super) fn has_no_regions(service: &str) -> bool {
    DATA_READ.without_region.list.iter().any(|code| code.eq_ignore_ascii_case(service))
}

/// Whether actions of one service are known to be checked on resources of another; on any, with `*`.
pub(super) fn borrows(service: &str, from: &str) -> bool {
    let lent = DATA_READ.borrowed.services.get(&service.to_ascii_lowercase());
    lent.is_some_and(|lent| lent.iter().any(|code| code == "*" || code.eq_ignore_ascii_case(from)))
}

/// Whether a service, by the name that trust policies have for it, hands roles to the programs that it runs.
pub(super) fn is_compute(service: &str) -> bool {
    DATA_READ.compute.list.iter().any(|name| name == service)
}

/// What actions of OSS are checked on.
pub(super) fn oss() -> &'static Oss {
    &DATA_READ.oss
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_is_read_whole() {
        let data: Data = toml::from_str(DATA).unwrap();
        for list in [
            &data.codes.documented,
            &data.codes.used,
            &data.codes.guessed,
            &data.regions,
            &data.without_region,
            &data.compute,
        ] {
            assert!(!list.source.is_empty() && !list.list.is_empty(), "{list:?}");
        }
        assert!(!data.borrowed.source.is_empty() && !data.oss.source.is_empty());
        let mut seen = std::collections::BTreeSet::new();
        for code in codes() {
            assert!(
                code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'),
                "{code}"
            );
            assert!(seen.insert(code), "{code} stands twice");
        }
        assert!(!data.products.source.is_empty() && code_of_product("R-kvstore") == Some("kvstore"));
        for (product, code) in &data.products.codes {
            assert!(codes().any(|known| known == code) && product != code, "{product}");
        }
        assert!(borrows("STS", "ram") && !borrows("oss", "ecs") && has_no_regions("ram") && !has_no_regions("ecs"));
        assert!(oss().bucket.iter().all(|action| !oss().object.contains(action)));
    }
}
