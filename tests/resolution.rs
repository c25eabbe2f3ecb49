//! How calls become checks: the cases of `catalogue/resolution.json`, one test for each rule of the gate and
//! each trap of the wire that the catalogue answers, and laws over every operation.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use ramgate::catalog::{
    ApiCall, Catalog, Check, Checks, ClusterFacts, FactRequest, Facts, Known, Operation, Parameter, Parameters,
    Requirement, ResolutionError, Role, Shape,
};
use ramgate::json::SourceText;
use serde::Deserialize;

const ACCOUNT: &str = "1234567890123456";
const VERSION: &str = "2017-08-01";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    inventory: Inventory,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inventory {
    clusters: BTreeMap<String, InventoryCluster>,
    members: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InventoryCluster {
    account: String,
    region: Option<String>,
    resource_group: Option<String>,
    tags: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    rule: String,
    name: String,
    operation: String,
    parameters: BTreeMap<String, String>,
    product: Option<String>,
    version: Option<String>,
    alias: Option<String>,
    single_region: Option<String>,
    /// `allowed [stricter] <region> <type>/<id>` or `not-denied ...`, `*` for all resources.
    checks: Option<Vec<String>>,
    region: Option<String>,
    /// The resource group of the first check: an id, `unknown` or `none`.
    group: Option<String>,
    tags: Option<BTreeMap<String, String>>,
    write: Option<bool>,
    code: Option<String>,
    says: Option<String>,
}

fn case_file() -> CaseFile {
    serde_json::from_str(include_str!("catalogue/resolution.json")).expect("the case file is well-formed")
}

fn facts(inventory: &Inventory) -> Facts {
    let mut facts = Facts::new();
    for (id, cluster) in &inventory.clusters {
        facts.insert_cluster(
            id,
            ClusterFacts {
                account: cluster.account.clone(),
                region: cluster.region.clone(),
                resource_group: match &cluster.resource_group {
                    Some(group) => Known::Known(Some(group.clone())),
                    None => Known::Unknown,
                },
                tags: match &cluster.tags {
                    Some(tags) => Known::Known(tags.clone().into_iter().collect()),
                    None => Known::Unknown,
                },
            },
        );
    }
    for (kind, ids) in &inventory.members {
        for (id, clusters) in ids {
            facts.insert_member(kind, id, clusters.clone());
        }
    }
    facts
}

fn written(check: &Check) -> String {
    let requirement = match check.requirement {
        Requirement::Allowed => "allowed",
        Requirement::NotExplicitlyDenied => "not-denied",
    };
    let stricter = if check.stricter_than_cloud { " stricter" } else { "" };
    let resource = match check.resource.split(':').collect::<Vec<_>>()[..] {
        ["acs", "polardb", region, ACCOUNT, rest] => format!("{region} {rest}"),
        _ => check.resource.clone(),
    };
    format!("{requirement}{stricter} {resource}")
}

fn resolve(case: &Case, facts: &Facts) -> Result<Checks, ResolutionError> {
    let mut parameters = Parameters::new();
    for (name, value) in &case.parameters {
        parameters.insert(name, value).expect("names in a case are unique");
    }
    let plan = Catalog::embedded().plan(&ApiCall {
        product: case.product.as_deref().unwrap_or("polardb"),
        version: case.version.as_deref().unwrap_or(VERSION),
        operation: &case.operation,
        parameters: &parameters,
        account: ACCOUNT,
        account_alias: case.alias.as_deref(),
        single_region: case.single_region.as_deref(),
    })?;
    plan.complete(facts)
}

/// What is wrong with how a case came out.
fn judge(case: &Case, facts: &Facts) -> Option<String> {
    let outcome = resolve(case, facts);
    match (&outcome, &case.checks, &case.code) {
        (Ok(checks), Some(expected), None) => {
            let found: Vec<String> = checks.checks.iter().map(written).collect();
            if found != *expected {
                return Some(format!("checks are {found:#?}"));
            }
            if case.region.is_some() && checks.region != case.region {
                return Some(format!("region is {:?}", checks.region));
            }
            if let Some(group) = &case.group {
                let expected = match group.as_str() {
                    "unknown" => Known::Unknown,
                    "none" => Known::Known(None),
                    id => Known::Known(Some(id.to_owned())),
                };
                if checks.checks[0].resource_group != expected {
                    return Some(format!("resource group is {:?}", checks.checks[0].resource_group));
                }
            }
            if let Some(tags) = &case.tags {
                let expected: Vec<_> = tags.clone().into_iter().collect();
                if checks.request_tags != expected {
                    return Some(format!("request tags are {:?}", checks.request_tags));
                }
            }
            if case.write.is_some_and(|write| write != checks.write) {
                return Some(format!("write is {}", checks.write));
            }
            let action = format!("polardb:{}", case.operation);
            checks.checks.iter().find(|check| check.action != action).map(|check| format!("action is {}", check.action))
        }
        (Err(error), None, Some(code)) => {
            let message = error.to_string();
            if error.code() != code {
                return Some(format!("code is {}: {message}", error.code()));
            }
            let says = case.says.as_deref().unwrap_or("");
            (!message.contains(says)).then(|| format!("message is: {message}"))
        }
        _ => Some(format!("it came out as {outcome:?}")),
    }
}

fn holds(rule: &str) {
    let file = case_file();
    let facts = facts(&file.inventory);
    let cases: Vec<_> = file.cases.iter().filter(|case| case.rule == rule).collect();
    assert!(!cases.is_empty(), "{rule} has no case");
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| judge(case, &facts).map(|wrong| format!("{rule}: {}: {wrong}", case.name)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

macro_rules! rules {
    ($($name:ident => $rule:literal),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                holds($rule);
            }
        )*

        #[test]
        fn every_case_belongs_to_a_rule_that_is_tested() {
            let tested = BTreeSet::from([$($rule),*]);
            for case in case_file().cases {
                assert!(tested.contains(case.rule.as_str()), "{}: {}", case.rule, case.name);
            }
        }
    };
}

rules! {
    g1_own_account_only => "G1",
    g3_known_region => "G3",
    g4_a_guess_is_never_wider => "G4",
    g5_every_id_counts => "G5",
    g6_only_what_is_declared => "G6",
    g7_ids_are_ids => "G7",
    g8_no_check_is_not_no_policy => "G8",
    t10_the_region_is_not_in_the_request => "T10",
    t11_owner_parameters => "T11",
    t12_a_token_is_for_authentication_only => "T12",
    t13_several_resources_in_one_parameter => "T13",
    t14_a_migration_names_several_instances => "T14",
    t15_access_levels_are_unreliable => "T15",
    t16_operation_names_match_exactly => "T16",
    t20_blanks_width_and_case_of_ids => "T20",
    t23_an_empty_cluster_id => "T23",
}

/// Every fact that a plan asks for, answered as an inventory would that knows everything.
fn everything_known(requests: &[FactRequest]) -> Facts {
    let mut facts = Facts::new();
    let cluster = || ClusterFacts {
        account: ACCOUNT.to_owned(),
        region: Some("cn-hangzhou".to_owned()),
        resource_group: Known::Known(None),
        tags: Known::Unknown,
    };
    for request in requests {
        match request {
            FactRequest::Cluster { id, .. } => facts.insert_cluster(id, cluster()),
            FactRequest::Member { kind, id } => {
                facts.insert_member(kind, id, vec!["pc-owner1".to_owned()]);
                facts.insert_cluster("pc-owner1", cluster());
            }
        }
    }
    facts
}

fn value_for(operation: &Operation, parameter: &Parameter) -> String {
    match (parameter.role(), parameter.shape()) {
        (Role::Primary | Role::Cluster | Role::Tagged, _) => "pc-one1".to_owned(),
        (Role::Member, _) => "pi-one1".to_owned(),
        (Role::ResourceType, _) => "cluster".to_owned(),
        (Role::Region, _) => "cn-hangzhou".to_owned(),
        (Role::OwnerId, _) => ACCOUNT.to_owned(),
        (_, Shape::Boolean) => "true".to_owned(),
        (_, Shape::Integer | Shape::Number) => "1".to_owned(),
        (_, Shape::JsonStrings | Shape::JsonObjects) => "[]".to_owned(),
        (_, Shape::JsonObject | Shape::JsonMap) => "{}".to_owned(),
        _ if operation.name() == "ModifyDBClusterMigration" && parameter.name() == "NewMasterInstanceId" => {
            "pc-one1".to_owned()
        }
        _ => "x".to_owned(),
    }
}

fn minimal(operation: &Operation) -> Parameters {
    let mut parameters = Parameters::new();
    for parameter in operation.parameters().filter(|parameter| parameter.required()) {
        let name = parameter.name();
        match parameter.shape() {
            Shape::Strings => parameters.insert(format!("{name}.1"), value_for(operation, parameter)),
            Shape::Objects(fields) => {
                let field = fields.first().expect("the fields of every embedded list are known");
                parameters.insert(format!("{name}.1.{}", field.name()), value_for(operation, field))
            }
            _ => parameters.insert(name, value_for(operation, parameter)),
        }
        .expect("names are unique");
    }
    parameters
}

fn call<'a>(operation: &'a str, parameters: &'a Parameters, single_region: Option<&'a str>) -> ApiCall<'a> {
    ApiCall {
        product: "polardb",
        version: VERSION,
        operation,
        parameters,
        account: ACCOUNT,
        account_alias: None,
        single_region,
    }
}

#[test]
fn every_operation_resolves_with_what_it_requires() {
    let catalog = Catalog::embedded();
    let product = catalog.product("polardb", VERSION).expect("embedded");
    let mut resolved = 0;
    for operation in product.operations() {
        let parameters = minimal(operation);
        // A few need a region that their required parameters do not give.
        for single_region in [Some("cn-hangzhou"), None] {
            let plan = catalog
                .plan(&call(operation.name(), &parameters, single_region))
                .unwrap_or_else(|error| panic!("{}: {error}", operation.name()));
            match plan.complete(&everything_known(plan.facts())) {
                Ok(checks) => {
                    assert!(!checks.checks.is_empty(), "{}", operation.name());
                    assert_eq!(checks.checks[0].requirement, Requirement::Allowed, "{}", operation.name());
                    assert!(checks.checks.iter().all(|check| check.action == operation.action()));
                    resolved += 1;
                }
                Err(ResolutionError::UnknownRegion { .. }) if single_region.is_none() => {}
                Err(error) => panic!("{}: {error}", operation.name()),
            }
        }
    }
    assert!(resolved > 485 + 470, "{resolved} of 970 resolved");
}

#[test]
fn an_inventory_that_knows_nothing_refuses_every_cluster() {
    let catalog = Catalog::embedded();
    for operation in catalog.product("polardb", VERSION).expect("embedded").operations() {
        let parameters = minimal(operation);
        let plan = catalog.plan(&call(operation.name(), &parameters, None)).expect("planned");
        let certain = plan.facts().iter().any(|fact| matches!(fact, FactRequest::Cluster { certain: true, .. }));
        if certain {
            assert!(plan.complete(&Facts::new()).is_err(), "{}", operation.name());
        }
    }
}

#[test]
fn the_cluster_that_a_call_is_about_is_so_wherever_else_it_stands() {
    let mut catalog = Catalog::embedded();
    let text = r#"
product = "polardb"
version = "2017-08-01"
[operations.CompareDBClusters]
level = "get"
authorization = "resource"
resource = "acs:polardb:{region}:{account}:dbcluster/{DBClusterId}"
confidence = "high"
parameters = ["ANode! kind:dbnode", "Another! kind:other-dbcluster", "DBClusterId! kind:dbcluster", "RegionId kind:region"]
"#;
    catalog.extend(&SourceText::new("mine.toml", text)).expect("a right file");
    let facts = facts(&case_file().inventory);
    for another in ["pc-a1", "pc-b2"] {
        let mut parameters = Parameters::new();
        parameters.insert("ANode", "pi-a1").expect("unique");
        parameters.insert("Another", another).expect("unique");
        parameters.insert("DBClusterId", "pc-a1").expect("unique");
        parameters.insert("RegionId", "cn-beijing").expect("unique");
        let plan = catalog.plan(&call("CompareDBClusters", &parameters, None)).expect("planned");
        let refusal = plan.complete(&facts).expect_err("the region is not that of the cluster");
        assert!(matches!(refusal, ResolutionError::Contradiction { .. }), "{refusal}");
    }
}

#[test]
fn a_call_that_names_a_flood_of_resources_is_refused() {
    let plan = |count: usize| {
        let mut parameters = Parameters::new();
        let ids: Vec<String> = (0..count).map(|number| format!("pc-x{number}")).collect();
        parameters.insert("RegionId", "cn-hangzhou").expect("unique");
        parameters.insert("DBClusterIds", ids.join(",")).expect("unique");
        let plan = Catalog::embedded().plan(&call("DescribeDBClusters", &parameters, Some("cn-hangzhou")))?;
        plan.complete(&Facts::new())
    };
    assert_eq!(plan(1024).expect("just within").checks.len(), 1024);
    let refusal = plan(1025).expect_err("one too many");
    assert_eq!(refusal.code(), "InvalidParameter");
    assert!(refusal.to_string().contains("more than 1024"), "{refusal}");
}

#[test]
fn no_refusal_shows_a_password() {
    let catalog = Catalog::embedded();
    for operation in catalog.product("polardb", VERSION).expect("embedded").operations() {
        for secret in operation.parameters().filter(|parameter| parameter.role() == Role::Secret) {
            let mut parameters = minimal(operation);
            if parameters.get(secret.name()).is_some() {
                let rest: Vec<_> = parameters
                    .iter()
                    .filter(|(name, _)| *name != secret.name())
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .collect();
                parameters = Parameters::new();
                for (name, value) in rest {
                    parameters.insert(name, value).expect("unique");
                }
            }
            parameters.insert(secret.name(), "PC-hunter2 pc-hunter2").expect("unique");
            let plan = catalog.plan(&call(operation.name(), &parameters, Some("cn-hangzhou"))).expect("planned");
            assert!(!format!("{:?}", plan.facts()).contains("hunter2"), "{}", operation.name());
        }
    }
}

/// Values that look like something, and some that look like an attack.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just("pc-one1".to_owned()),
        2 => Just("pc-two2,pc-one1".to_owned()),
        2 => Just("pi-one1".to_owned()),
        2 => Just("cn-hangzhou".to_owned()),
        2 => Just("cluster".to_owned()),
        1 => Just("true".to_owned()),
        1 => Just("1".to_owned()),
        1 => Just(ACCOUNT.to_owned()),
        1 => Just("*".to_owned()),
        1 => Just("pc-*".to_owned()),
        1 => Just("pc-one1/../*".to_owned()),
        1 => Just("pc-one1:x".to_owned()),
        1 => Just("{\"a\":[\"pc-three3\",\"pc-?\"]}".to_owned()),
        2 => "[a-z*?:/,.{}\\[\\]\"\\\\ \u{e9}-]{0,12}",
        1 => any::<String>(),
    ]
}

/// An operation with some of its parameters, given right and wrong.
fn some_call() -> impl Strategy<Value = (String, Vec<(String, String)>)> {
    let catalog = Catalog::embedded();
    let operations: Vec<(String, Vec<String>)> = catalog
        .product("polardb", VERSION)
        .expect("embedded")
        .operations()
        .map(|operation| {
            let mut names = Vec::new();
            for parameter in operation.parameters() {
                match parameter.shape() {
                    Shape::Strings => names.extend([1, 2].map(|index| format!("{}.{index}", parameter.name()))),
                    Shape::Objects(fields) => {
                        names.extend(fields.iter().map(|field| format!("{}.1.{}", parameter.name(), field.name())));
                    }
                    _ => names.push(parameter.name().to_owned()),
                }
            }
            names.push("RegionId".to_owned());
            (operation.name().to_owned(), names)
        })
        .collect();
    prop::sample::select(operations).prop_flat_map(|(operation, names)| {
        let count = names.len();
        let given = prop::collection::vec((prop::sample::select(names), value()), 0..count.min(8) + 1);
        (Just(operation), given)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, ..ProptestConfig::default() })]

    /// Whatever a call holds, resolution ends in a refusal or in checks, and no text of the request can change the
    /// shape of an ARN or widen it.
    #[test]
    fn no_request_shapes_an_arn(
        (operation, given) in some_call(),
        overlay in any::<bool>(),
        single in prop::option::of(Just("cn-hangzhou")),
    ) {
        let catalog = Catalog::embedded();
        let known = catalog.operation("polardb", VERSION, &operation).expect("selected from the catalogue");
        // Half of the calls begin from what the operation requires, so that they get past the first refusal.
        let mut parameters = if overlay { minimal(known) } else { Parameters::new() };
        for (name, value) in given {
            // A name that is there already is the wire's to refuse.
            let _ = parameters.insert(name, value);
        }
        let Ok(plan) = catalog.plan(&call(&operation, &parameters, single)) else { return Ok(()) };
        let Ok(checks) = plan.complete(&everything_known(plan.facts())) else { return Ok(()) };
        prop_assert!(!checks.checks.is_empty());
        for check in &checks.checks {
            if check.resource == "*" {
                continue;
            }
            let parts: Vec<&str> = check.resource.split(':').collect();
            prop_assert_eq!(parts.len(), 5, "{}", check.resource);
            prop_assert!(parts[2] == "cn-hangzhou" || known.name() == "DescribeDBInstancePerformance"
                || parameters.get("RegionId") == Some(parts[2]), "{}", check.resource);
            prop_assert_eq!(parts[3], ACCOUNT);
            let (kind, id) = parts[4].split_once('/').expect("type and id");
            prop_assert_eq!(kind, "dbcluster");
            prop_assert!(
                id == "*" || id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)),
                "{}", check.resource
            );
        }
        // Every cluster that is named for sure is asked about.
        for fact in plan.facts() {
            if let FactRequest::Cluster { id, certain: true } = fact {
                prop_assert!(checks.checks.iter().any(|check| check.resource.ends_with(&format!("/{id}"))), "{}", id);
            }
        }
    }
}
