//! The embedded data itself, and the user's extension of it.

use std::collections::BTreeMap;

use super::{Authorization, Catalog, Confidence, Product, Shape};
use crate::json::SourceText;

fn polardb(catalog: &Catalog) -> &Product {
    catalog.product("polardb", "2017-08-01").expect("PolarDB is embedded")
}

fn extended(text: &str) -> Result<Catalog, String> {
    let mut catalog = Catalog::embedded();
    catalog.extend(&SourceText::new("mine.toml", text)).map_err(|error| error.to_string())?;
    Ok(catalog)
}

const HEADER: &str = "product = \"polardb\"\nversion = \"2017-08-01\"\n";

#[test]
fn the_embedded_catalogue_is_read_whole() {
    let mut catalog = Catalog::default();
    let read = catalog.extend(&SourceText::new("polardb-2017-08-01.toml", super::POLARDB));
    assert_eq!(read, Ok(()));
    assert_eq!(catalog, Catalog::embedded());
    assert_eq!(polardb(&catalog).operations().count(), 485);
    assert_eq!(polardb(&catalog).operations().map(|operation| operation.parameters().count()).sum::<usize>(), 3514);
}

#[test]
fn the_counts_are_those_of_the_sources() {
    let catalog = Catalog::embedded();
    let mut authorization = BTreeMap::new();
    let mut confidence = BTreeMap::new();
    let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
    let mut levels: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut writes, mut documented_actions) = (0, 0);
    for operation in polardb(&catalog).operations() {
        *authorization.entry(format!("{:?}", operation.authorization())).or_insert(0) += 1;
        *confidence.entry(format!("{:?}", operation.confidence())).or_insert(0) += 1;
        let rule = operation.provenance().rule.as_deref().expect("every operation says its rule");
        *rules.entry(rule.split(' ').next().unwrap_or(rule)).or_default() += 1;
        *levels.entry(operation.level().expect("every operation has a level")).or_default() += 1;
        writes += usize::from(operation.write());
        documented_actions += usize::from(operation.provenance().action.is_some());
        assert_eq!(operation.action(), format!("polardb:{}", operation.name()));
    }
    let table = |rows: &[(&str, usize)]| rows.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    assert_eq!(authorization, table(&[("AllResources", 309), ("None", 1), ("Resource", 175)]));
    assert_eq!(confidence, table(&[("High", 190), ("Low", 203), ("Medium", 92)]));
    let rules: BTreeMap<String, usize> = rules.into_iter().map(|(rule, count)| (rule.to_owned(), count)).collect();
    assert_eq!(
        rules,
        table(&[
            ("R1", 73),
            ("R2", 16),
            ("R3", 65),
            ("R3b", 145),
            ("R4", 9),
            ("R5", 42),
            ("R6", 1),
            ("R6b", 17),
            ("R7", 1),
            ("documented", 115),
            ("same", 1)
        ])
    );
    let levels: BTreeMap<String, usize> = levels.into_iter().map(|(level, count)| (level.to_owned(), count)).collect();
    assert_eq!(
        levels,
        table(&[("create", 68), ("delete", 61), ("get", 187), ("list", 7), ("none", 14), ("update", 148)])
    );
    assert_eq!((writes, 485 - writes), (290, 195));
    assert_eq!(documented_actions, 118);
}

#[test]
fn spot_facts_are_as_the_sources_have_them() {
    let catalog = Catalog::embedded();
    let product = polardb(&catalog);
    let close = product.operation("CloseDBClusterMigration").expect("known");
    assert_eq!(close.authorization(), Authorization::Resource);
    assert_eq!(close.confidence(), Confidence::High);
    assert_eq!(close.methods(), ["GET", "POST"]);
    assert_eq!(close.level(), Some("update"));
    assert!(close.provenance().source.as_deref().is_some_and(|source| source.contains("2026-03-31")));
    assert_eq!(close.parameter("ContinueEnableBinlog").map(super::Parameter::shape), Some(&Shape::Boolean));
    assert!(close.parameter("DBClusterId").is_some_and(super::Parameter::required));
    assert!(close.parameter("RegionId").is_none());

    let create = product.operation("CreateDBCluster").expect("known");
    assert_eq!(create.condition_keys(), ["polardb:EncryptionRequired"]);
    assert_eq!(create.provenance().binding.as_deref(), Some("INFERRED id: nothing has an id before the call"));

    let abort = product.operation("AbortDBClusterMigration").expect("known");
    assert_eq!(abort.confidence(), Confidence::Low);
    assert_eq!(abort.provenance().rule.as_deref(), Some("R5"));
    assert_eq!(abort.provenance().level.as_deref(), Some("verb"));
    assert_eq!(abort.parameter("SecurityToken").and_then(super::Parameter::mark), Some("sdk"));

    let linked = product.operation("CreateServiceLinkedRole").expect("known");
    assert_eq!(linked.dependent_actions(), ["ram:CreateServiceLinkedRole"]);
    let available = product.operation("DescribeDBClusterAvailableResources").expect("known");
    assert_eq!(available.authorization(), Authorization::None);
    assert_eq!(product.condition_keys().map(|(key, _)| key).collect::<Vec<_>>(), ["polardb:EncryptionRequired"]);
}

#[test]
fn every_rule_and_mark_is_explained_in_the_data() {
    let text = super::POLARDB;
    let catalog = Catalog::embedded();
    let explained = |name: &str| text.contains(&format!("\n{name} = \""));
    for operation in polardb(&catalog).operations() {
        let provenance = operation.provenance();
        let rule = provenance.rule.as_deref().and_then(|rule| rule.split(' ').next()).unwrap_or("");
        assert!(explained(rule), "{}: rule {rule}", operation.name());
        let marks = [
            &provenance.methods,
            &provenance.level,
            &provenance.action,
            &provenance.condition_keys,
            &provenance.dependent_actions,
            &provenance.resource_required,
        ];
        let of_parameters = operation.parameters().filter_map(super::Parameter::mark);
        for mark in marks.into_iter().flatten().map(String::as_str).chain(of_parameters) {
            assert!(explained(mark), "{}: mark {mark}", operation.name());
        }
        if rule == "documented" {
            assert!(provenance.source.is_some(), "{} is documented nowhere", operation.name());
        }
    }
}

#[test]
fn endpoints_follow_the_map_and_then_the_rule() {
    let catalog = Catalog::embedded();
    assert_eq!(catalog.endpoint("polardb", "cn-hangzhou").as_deref(), Some("polardb.aliyuncs.com"));
    assert_eq!(catalog.endpoint("polardb", "eu-central-1").as_deref(), Some("polardb.eu-central-1.aliyuncs.com"));
    assert_eq!(catalog.endpoint("unknown", "cn-hangzhou"), None);
    assert_eq!(polardb(&catalog).vpc_endpoint("cn-hangzhou").as_deref(), Some("polardb-vpc.cn-hangzhou.aliyuncs.com"));
}

#[test]
fn a_file_adds_operations_and_overrides_single_fields() {
    let catalog = extended(&format!(
        "{HEADER}
[operations.CloseDBClusterMigration]
confidence = \"low\"
alternatives = [\"*\"]
parameters = [\"DryRun boolean\"]

[operations.FreezeDBCluster]
authorization = \"all-resources\"
"
    ))
    .expect("a right file");
    let close = catalog.operation("polardb", "2017-08-01", "CloseDBClusterMigration").expect("known");
    assert_eq!(close.confidence(), Confidence::Low);
    assert!(close.parameter("DryRun").is_some() && close.parameter("DBClusterId").is_some());
    assert_eq!(close.level(), Some("update"), "what the file does not say stays");
    let freeze = catalog.operation("polardb", "2017-08-01", "FreezeDBCluster").expect("added");
    assert!(freeze.write(), "what is not known to read is a write");
    assert_eq!(freeze.action(), "polardb:FreezeDBCluster");
}

#[test]
fn a_file_can_bring_another_product() {
    let catalog = extended(
        r#"
product = "rds"
version = "2014-08-15"
arn = "acs:rds:{region}:{account}:dbinstance/{id}"
kinds = { dbinstance = "primary", region = "region" }

[endpoints]
default = "rds.aliyuncs.com"

[operations.DescribeDBInstanceAttribute]
level = "get"
authorization = "resource"
resource = "acs:rds:{region}:{account}:dbinstance/{DBInstanceId}"
confidence = "high"
parameters = ["DBInstanceId! kind:dbinstance"]
"#,
    )
    .expect("a right file");
    assert_eq!(catalog.products().count(), 2);
    assert_eq!(catalog.endpoint("rds", "cn-hangzhou").as_deref(), Some("rds.aliyuncs.com"));
}

#[test]
fn mistakes_of_a_file_are_reported_together_with_their_places() {
    let text = format!(
        "{HEADER}
[operations.closeDBClusterMigration]
authorization = \"all-resources\"

[operations.FreezeDBCluster]
authorization = \"some\"
confidence = \"sure\"
resource = \"acs:polardb:{{region}}:{{account}}:dbcluster/{{DBClusterId}}\"
parameters = [\"DBClusterId! kind:cluster\", \"Size whole\", \"Tag objects(Key, Value thing)\"]
sets = [\"owners\"]

[operations.ThawDBCluster]
note = \"new\"
"
    );
    insta::assert_snapshot!(extended(&text).expect_err("mistakes"));
}

#[test]
fn a_misspelt_member_is_refused_with_its_place() {
    let text = format!("{HEADER}\n[operations.X]\nauthorisation = \"none\"\n");
    insta::assert_snapshot!(extended(&text).expect_err("mistake"));
}

#[test]
fn a_wrong_file_leaves_the_catalogue_as_it_was() {
    let mut catalog = Catalog::embedded();
    let text = format!("{HEADER}\n[operations.A]\nauthorization = \"none\"\n[operations.B]\n");
    assert!(catalog.extend(&SourceText::new("mine.toml", text)).is_err());
    assert_eq!(catalog, Catalog::embedded());
}

/// The TOML blocks of `docs/catalogue.md` are catalogue files as they stand.
#[test]
fn the_examples_of_the_manual_are_right() {
    let manual = include_str!("../../docs/catalogue.md");
    let mut count = 0;
    for block in manual.split("```toml\n").skip(1) {
        let text = block.split("```").next().unwrap_or("");
        extended(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        count += 1;
    }
    assert_eq!(count, 3);
}

#[test]
fn a_lookup_names_an_operation_that_reads() {
    let lookup = |operation: &str, not_found: &str| {
        extended(&format!(
            "product = \"polardb\"\nversion = \"2017-08-01\"\n[lookup]\noperation = \"{operation}\"\ncluster = \
             \"DBClusterId\"\nregion = \"R\"\nresource_group = \"G\"\ntags = \"T\"\nnot_found = [{not_found}]\nsource = \"x\"\n"
        ))
    };
    assert!(lookup("DescribeDBClusterAttribute", "\"X.NotFound\"").is_ok());
    for (operation, not_found) in
        [("DeleteDBCluster", "\"X\""), ("DescribeNothing", "\"X\""), ("DescribeDBClusterAttribute", "")]
    {
        let error = lookup(operation, not_found).unwrap_err();
        assert!(error.to_string().contains(":3:1: `[lookup]`"), "{error}");
    }
}

#[test]
fn the_actions_of_a_service_are_found_by_its_code_in_any_letter_case() {
    let mut catalog = Catalog::embedded();
    let count = catalog.actions("polardb").unwrap().len();
    assert!(catalog.actions("PolarDB").unwrap().contains(&"polardb:CloseDBClusterMigration".to_owned()));
    assert_eq!(catalog.actions("polar"), None);
    let more = "product = \"mine\"\nversion = \"1\"\narn = \"acs:mine:{region}:{account}:a/{id}\"\n\n[operations.Freeze]\n\
                action = \"polardb:Freeze\"\nauthorization = \"all-resources\"\n";
    catalog.extend(&SourceText::new("mine.toml", more)).unwrap();
    assert_eq!(catalog.actions("polardb").unwrap().len(), count + 1);
    assert_eq!(catalog.actions("mine"), None);
}
