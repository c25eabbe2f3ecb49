//! From an API call to what RAM is asked: operations, their actions, ARN templates and condition keys.
//!
//! ```
//! use ramgate::catalog::{ApiCall, Catalog, ClusterFacts, Facts, Known, Parameters};
//!
//! let catalog = Catalog::embedded();
//! let mut parameters = Parameters::new();
//! parameters.insert("DBClusterId", "pc-bp1example")?;
//! let plan = catalog.plan(&ApiCall {
//!     product: "polardb",
//!     version: "2017-08-01",
//!     operation: "CloseDBClusterMigration",
//!     parameters: &parameters,
//!     account: "1234567890123456",
//!     account_alias: None,
//!     single_region: None,
//! })?;
//!
//! let mut facts = Facts::new();
//! facts.insert_cluster("pc-bp1example", ClusterFacts {
//!     account: "1234567890123456".to_owned(),
//!     region: Some("cn-hangzhou".to_owned()),
//!     resource_group: Known::Unknown,
//!     tags: Known::Unknown,
//! });
//! let checks = plan.complete(&facts)?;
//! assert_eq!(checks.checks[0].action, "polardb:CloseDBClusterMigration");
//! assert_eq!(checks.checks[0].resource, "acs:polardb:cn-hangzhou:1234567890123456:dbcluster/pc-bp1example");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod call;
mod checks;
mod error;
mod facts;
mod listing;
mod lookup;
mod operation;
mod parameters;
mod product;
mod record;
mod resolve;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

pub use call::ApiCall;
pub use checks::{Check, Checks, Known, Requirement};
pub use error::ResolutionError;
pub use facts::{ClusterFacts, FactRequest, Facts};
pub use listing::Unlisted;
pub use lookup::{ClusterLookup, UnreadableAnswer};
pub use operation::{Authorization, Confidence, Operation, Parameter, Provenance, Role, Shape};
pub use parameters::{DuplicateParameter, Parameters};
pub use product::Product;
pub use record::{CatalogError, CatalogMistake};
pub use resolve::{Lacking, Plan};

use crate::json::SourceText;

const POLARDB: &str = include_str!("catalog/data/polardb-2017-08-01.toml");

/// Every product and operation that is known. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalog {
    /// By RAM code and version.
    products: BTreeMap<(String, String), Arc<Product>>,
    /// Of each service code, in lower case, the actions in order.
    actions: Arc<BTreeMap<String, Vec<String>>>,
    /// Of each service code, in lower case, the templates of the resources that its actions are checked on, each once.
    templates: Arc<BTreeMap<String, Vec<String>>>,
}

impl Catalog {
    /// The catalogue that comes with the crate: PolarDB 2017-08-01.
    ///
    /// Its text is parsed once a process.
    #[must_use]
    pub fn embedded() -> Self {
        static EMBEDDED: LazyLock<Catalog> = LazyLock::new(|| {
            let mut catalog = Catalog::default();
            // INVARIANT: the embedded text is right (test `the_embedded_catalogue_is_read_whole`). Were it not, an
            // empty catalogue would refuse every call.
            if catalog.extend(&SourceText::new("polardb-2017-08-01.toml", POLARDB)).is_err() {
                return Catalog::default();
            }
            catalog
        });
        EMBEDDED.clone()
    }

    /// Adds the entries of a catalogue file, and replaces the fields it gives of those already there.
    ///
    /// A file is about one version of one product:
    ///
    /// ```
    /// use ramgate::catalog::Catalog;
    /// use ramgate::json::SourceText;
    ///
    /// let mut catalog = Catalog::embedded();
    /// catalog.extend(&SourceText::new("mine.toml", r#"
    /// product = "polardb"
    /// version = "2017-08-01"
    ///
    /// [operations.CloseDBClusterMigration]
    /// parameters = ["DryRun boolean"]          # declared besides those already there
    ///
    /// [operations.FreezeDBCluster]             # a new operation
    /// level = "update"
    /// authorization = "resource"
    /// resource = "acs:polardb:{region}:{account}:dbcluster/{DBClusterId}"
    /// confidence = "high"
    /// parameters = ["DBClusterId! kind:dbcluster"]
    /// "#))?;
    /// assert!(catalog.operation("polardb", "2017-08-01", "FreezeDBCluster").is_some());
    /// # Ok::<(), ramgate::catalog::CatalogError>(())
    /// ```
    ///
    /// # Errors
    /// Every mistake of the file, with line and column; the catalogue is then unchanged.
    pub fn extend(&mut self, source: &SourceText) -> Result<(), CatalogError> {
        let parsed = record::parse(source)?;
        let header = parsed.header();
        let key = (header.product, header.version);
        let product = parsed.apply(self.products.get(&key).map(AsRef::as_ref))?;
        self.products.insert(key, Arc::new(product));
        self.actions = Arc::new(by_service(self.products(), |operation| vec![operation.action().to_owned()]));
        self.templates = Arc::new(by_service(self.products(), Operation::resource_templates));
        Ok(())
    }

    /// The known actions of a service, as in `polardb:DescribeDBClusters`, in order; the service code in any letter
    /// case. `None` where no product has actions of the service.
    #[must_use]
    pub fn actions(&self, service: &str) -> Option<&[String]> {
        self.actions.get(&service.to_ascii_lowercase()).map(Vec::as_slice)
    }

    /// The templates of all resources that actions of a service are checked on, each once; the service code in any letter
    /// case.
    #[must_use]
    pub fn resource_templates(&self, service: &str) -> &[String] {
        self.templates.get(&service.to_ascii_lowercase()).map_or(&[], Vec::as_slice)
    }

    /// Every product, by RAM code and version.
    pub fn products(&self) -> impl Iterator<Item = &Product> {
        self.products.values().map(AsRef::as_ref)
    }

    /// One version of a product, by its RAM code.
    #[must_use]
    pub fn product(&self, code: &str, version: &str) -> Option<&Product> {
        self.products.get(&(code.to_owned(), version.to_owned())).map(AsRef::as_ref)
    }

    /// The operation of exactly that name.
    #[must_use]
    pub fn operation(&self, product: &str, version: &str, name: &str) -> Option<&Operation> {
        self.product(product, version).and_then(|product| product.operation(name))
    }

    /// The public host name of a product's API in `region`, of whichever version is there.
    #[must_use]
    pub fn endpoint(&self, product: &str, region: &str) -> Option<String> {
        self.products().find(|known| known.code() == product).and_then(|known| known.endpoint(region))
    }

    /// Reads a call against the catalogue: which operation it is, whether its parameters are what the operation
    /// declares, and every id in it (spec gate-rules G1, G5 to G8). No I/O; the plan names the facts it needs.
    ///
    /// # Errors
    /// Why the call must be refused before any policy is read.
    pub fn plan(&self, call: &ApiCall<'_>) -> Result<Plan, ResolutionError> {
        resolve::plan(self, call)
    }
}

/// What `of` says of all operations, by the service codes of their actions, in order and each once.
fn by_service<'a>(
    products: impl Iterator<Item = &'a Product>,
    of: impl Fn(&Operation) -> Vec<String>,
) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for operation in products.flat_map(Product::operations) {
        if let Some((service, _)) = operation.action().split_once(':') {
            all.entry(service.to_ascii_lowercase()).or_default().extend(of(operation));
        }
    }
    for list in all.values_mut() {
        list.sort_unstable();
        list.dedup();
    }
    all
}

#[cfg(test)]
mod tests;
