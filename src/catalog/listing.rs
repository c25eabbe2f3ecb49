//! Whether a call names what the catalogue lists: a first look for whoever is about to make one.

use super::{Catalog, Parameters, Product};

/// Something that a call names and the catalogue does not list. Only the service knows whether it exists.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unlisted {
    /// No product of that RAM code.
    #[error("product `{product}` is not in the catalogue, which has {known}")]
    Product {
        /// The product asked for.
        product: String,
        /// The products that are there, as text.
        known: String,
    },
    /// The product is there, and not in exactly one version that is the one asked for.
    #[error("the catalogue has `{product}` in {known}: name one of these versions")]
    Version {
        /// The product.
        product: String,
        /// The versions that are there, as text.
        known: String,
    },
    /// The product has no operation of that name.
    #[error("`{product}` {version} has no operation `{operation}`{}", hint(spelt.as_deref()))]
    Operation {
        /// The product.
        product: String,
        /// Its version.
        version: String,
        /// The operation asked for.
        operation: String,
        /// The listed name that differs from it only in letter case.
        spelt: Option<String>,
    },
    /// The operation has no parameter of that name.
    #[error("operation `{operation}` has no parameter `{parameter}`{}", hint(spelt.as_deref()))]
    Parameter {
        /// The operation.
        operation: String,
        /// The parameter, without list indices.
        parameter: String,
        /// The listed name that differs from it only in letter case.
        spelt: Option<String>,
    },
}

fn hint(spelt: Option<&str>) -> String {
    spelt.map(|name| format!(": it is spelt `{name}`, and letter case counts")).unwrap_or_default()
}

impl Catalog {
    /// The product in `version`, or in its only version where none is asked for.
    ///
    /// # Errors
    /// [`Unlisted::Product`] or [`Unlisted::Version`].
    pub fn listed(&self, code: &str, version: Option<&str>) -> Result<&Product, Unlisted> {
        let versions: Vec<&Product> = self.products().filter(|product| product.code() == code).collect();
        match (versions.as_slice(), version) {
            ([], _) => {
                let mut known: Vec<_> = self.products().map(Product::code).collect();
                known.dedup();
                Err(Unlisted::Product { product: code.to_owned(), known: known.join(", ") })
            }
            ([only], None) => Ok(*only),
            (several, version) => {
                let found = several.iter().find(|product| version == Some(product.version()));
                found.copied().ok_or_else(|| Unlisted::Version {
                    product: code.to_owned(),
                    known: several.iter().map(|product| product.version()).collect::<Vec<_>>().join(", "),
                })
            }
        }
    }
}

impl Product {
    /// Whether there is an operation of that name with parameters of these names, fields of list elements apart.
    /// Values, and what is missing, are the service's to judge.
    ///
    /// # Errors
    /// [`Unlisted::Operation`] or [`Unlisted::Parameter`].
    pub fn lists(&self, operation: &str, parameters: &Parameters) -> Result<(), Unlisted> {
        let Some(listed) = self.operation(operation) else {
            let near = self.operations().find(|known| known.name().eq_ignore_ascii_case(operation));
            return Err(Unlisted::Operation {
                product: self.code().to_owned(),
                version: self.version().to_owned(),
                operation: operation.to_owned(),
                spelt: near.map(|known| known.name().to_owned()),
            });
        };
        for (name, _) in parameters.iter() {
            let name = name.split_once('.').map_or(name, |(list, _)| list);
            if listed.parameter(name).is_none() {
                let near = listed.parameters().find(|known| known.name().eq_ignore_ascii_case(name));
                return Err(Unlisted::Parameter {
                    operation: operation.to_owned(),
                    parameter: name.to_owned(),
                    spelt: near.map(|known| known.name().to_owned()),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::SourceText;

    fn lists(operation: &str, names: &[&str]) -> Result<(), String> {
        let catalog = Catalog::embedded();
        let mut parameters = Parameters::new();
        for name in names {
            parameters.insert(*name, "").unwrap();
        }
        let product = catalog.listed("polardb", None).unwrap();
        product.lists(operation, &parameters).map_err(|unlisted| unlisted.to_string())
    }

    #[test]
    fn the_version_need_not_be_named_where_there_is_one() {
        let mut catalog = Catalog::embedded();
        assert_eq!(catalog.listed("polardb", None).unwrap().version(), "2017-08-01");
        assert_eq!(catalog.listed("polardb", Some("2017-08-01")).unwrap().version(), "2017-08-01");
        let refused = |catalog: &Catalog, version| catalog.listed("polardb", version).unwrap_err().to_string();
        assert_eq!(
            refused(&catalog, Some("2020-01-01")),
            "the catalogue has `polardb` in 2017-08-01: name one of these versions"
        );
        let header = "product = \"polardb\"\nversion = \"2030-01-01\"\n";
        let arn = "arn = \"acs:polardb:{region}:{account}:dbcluster/{id}\"\n";
        let other = SourceText::new("v2.toml", format!("{header}{arn}"));
        catalog.extend(&other).unwrap();
        assert_eq!(
            refused(&catalog, None),
            "the catalogue has `polardb` in 2017-08-01, 2030-01-01: name one of these versions"
        );
        assert_eq!(
            catalog.listed("PolarDB", None).unwrap_err().to_string(),
            "product `PolarDB` is not in the catalogue, which has polardb"
        );
    }

    #[test]
    fn a_name_that_differs_in_letter_case_is_told_in_its_right_spelling() {
        assert_eq!(lists("DescribeDBClusters", &["RegionId", "Tag.1.Key"]), Ok(()));
        for (operation, names, says) in [
            (
                "describedbclusters",
                &[][..],
                "`polardb` 2017-08-01 has no operation `describedbclusters`: it is spelt `DescribeDBClusters`, and letter \
                 case counts",
            ),
            ("Frobnicate", &[], "`polardb` 2017-08-01 has no operation `Frobnicate`"),
            (
                "DescribeDBClusters",
                &["regionId"],
                "operation `DescribeDBClusters` has no parameter `regionId`: it is spelt `RegionId`, and letter case counts",
            ),
            ("DescribeDBClusters", &["Foo.1.Key"], "operation `DescribeDBClusters` has no parameter `Foo`"),
        ] {
            assert_eq!(lists(operation, names).unwrap_err(), says);
        }
    }
}
