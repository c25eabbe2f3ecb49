//! From a call to the questions that RAM is asked (spec resource-resolution, gate-rules G1 and G3 to G8).
//!
//! It takes two pure steps. [`plan`] reads the request alone and says which facts about resources it
//! needs; [`Plan::complete`] takes the facts and gives the checks. Whoever holds the plan fetches the
//! facts, from the inventory or by a lookup.

mod complete;
mod ids;
mod lacking;
mod owner;
mod shape;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use self::lacking::Lacking;

use self::ids::Sighting;
use super::operation::{Operation, Role, Template, TypePart};
use super::product::Product;
use super::{ApiCall, Catalog, FactRequest, ResolutionError};

/// A call that was read and found well-formed, waiting for what is known of its resources.
#[derive(Debug, Clone)]
pub struct Plan {
    product: Arc<Product>,
    operation: Arc<Operation>,
    account: String,
    single_region: Option<String>,
    /// `RegionId` as the call gives it.
    requested_region: Option<String>,
    /// `ResourceGroupId` as the call gives it.
    requested_group: Option<String>,
    request_tags: Vec<(String, String)>,
    /// The ARN type that the resource type parameter names.
    tagged_type: Option<String>,
    values: Vec<Value>,
    sightings: Vec<Sighting>,
    facts: Vec<FactRequest>,
}

/// One value of a parameter that is no free text: a scalar, or one element of a list.
#[derive(Debug, Clone)]
struct Value {
    /// The declared parameter, as in `DBNode`, or the field of its elements.
    parameter: String,
    /// As the call names it, as in `DBNode.1.DBNodeId`.
    written: String,
    text: String,
    role: Role,
    kind: Option<String>,
}

impl Plan {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> &Operation {
        &self.operation
    }

    /// The facts that [`complete`](Self::complete) will look for, each once.
    #[must_use]
    pub fn facts(&self) -> &[FactRequest] {
        &self.facts
    }

    fn texts<'a>(&'a self, parameter: &'a str) -> impl Iterator<Item = &'a Value> {
        self.values.iter().filter(move |value| value.parameter == parameter)
    }
}

/// See [`Catalog::plan`].
pub(super) fn plan(catalog: &Catalog, call: &ApiCall<'_>) -> Result<Plan, ResolutionError> {
    let (product, operation) = find(catalog, call)?;
    let values = shape::read(&operation, call.parameters)?;
    owner::check(&values, call)?;
    check_one_of(&operation, &values)?;
    let tagged_type = tagged_type(&product, &values)?;
    let tagged_are_clusters = tagged_type.as_deref() == Some(product.cluster.kind.as_str());
    ids::check(&values, tagged_are_clusters)?;
    let sightings = ids::sightings(&product, &operation, &values, tagged_are_clusters, call.parameters)?;

    let mut facts = Vec::new();
    let mut asked = BTreeSet::new();
    for sighting in &sightings {
        let request = sighting.fact_request();
        if asked.insert(request.clone()) {
            facts.push(request);
        }
    }
    let one = |name: &str| values.iter().find(|value| value.written == name).map(|value| value.text.clone());
    Ok(Plan {
        account: call.account.to_owned(),
        single_region: call.single_region.map(str::to_owned),
        requested_region: one("RegionId"),
        requested_group: one("ResourceGroupId"),
        request_tags: shape::request_tags(call.parameters)?,
        tagged_type,
        values,
        sightings,
        facts,
        product,
        operation,
    })
}

/// Product, version and operation in exactly their spelling (spec gate-rules G8, openapi-wire T16).
fn find(catalog: &Catalog, call: &ApiCall<'_>) -> Result<(Arc<Product>, Arc<Operation>), ResolutionError> {
    let key = (call.product.to_owned(), call.version.to_owned());
    let Some(product) = catalog.products.get(&key) else {
        let versions: Vec<_> =
            catalog.products().filter(|known| known.code() == call.product).map(|known| known.version()).collect();
        return Err(if versions.is_empty() {
            ResolutionError::UnknownProduct { product: call.product.to_owned() }
        } else {
            ResolutionError::UnknownVersion {
                product: call.product.to_owned(),
                version: call.version.to_owned(),
                known: versions.join(", "),
            }
        });
    };
    let Some(operation) = product.operations.get(call.operation) else {
        let near = product.operations.keys().find(|known| known.eq_ignore_ascii_case(call.operation));
        return Err(match near {
            Some(correct) => {
                ResolutionError::MisspeltOperation { operation: call.operation.to_owned(), correct: correct.clone() }
            }
            None => ResolutionError::UnknownOperation {
                product: call.product.to_owned(),
                version: call.version.to_owned(),
                operation: call.operation.to_owned(),
            },
        });
    };
    Ok((Arc::clone(product), Arc::clone(operation)))
}

/// Parameters that must repeat the value of another one (spec openapi-wire T14).
fn check_one_of(operation: &Operation, values: &[Value]) -> Result<(), ResolutionError> {
    for (parameter, others) in &operation.one_of {
        for value in values.iter().filter(|value| value.parameter == *parameter) {
            let repeats = values.iter().any(|other| others.contains(&other.parameter) && other.text == value.text);
            if !repeats {
                return Err(ResolutionError::InvalidParameter {
                    parameter: value.written.clone(),
                    problem: format!("it must repeat the value of {}", quoted(others)),
                });
            }
        }
    }
    Ok(())
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
}

/// What a resource type parameter becomes in an ARN.
fn tagged_type(product: &Product, values: &[Value]) -> Result<Option<String>, ResolutionError> {
    let Some(value) = values.iter().find(|value| value.role == Role::ResourceType) else { return Ok(None) };
    let known = product.resource_types.get(&value.text).or_else(|| {
        product.resource_types.iter().find(|(name, _)| name.eq_ignore_ascii_case(&value.text)).map(|(_, arn)| arn)
    });
    match known {
        Some(arn_type) => Ok(Some(arn_type.clone())),
        None => Err(ResolutionError::InvalidParameter {
            parameter: value.written.clone(),
            problem: "it is not known what this type is in an ARN: add it under `[resource_types]` of a catalogue file"
                .to_owned(),
        }),
    }
}

impl Template {
    /// The ARN type, where it does not depend on the call or the call gives it.
    fn arn_type<'a>(&'a self, tagged_type: Option<&'a str>) -> Option<&'a str> {
        match self {
            Self::Arn { kind: TypePart::Literal(kind), .. } => Some(kind),
            Self::Arn { kind: TypePart::Parameter(_), .. } => tagged_type,
            Self::All => None,
        }
    }
}
