//! The policies that ship with the project decide as their pages say.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ramgate::authz::{Authorizer, KeySupply, Mode, Outcome, PolicySet, Request, StatementResult};
use ramgate::catalog::Known;
use ramgate::identity::{Principal, Scope, World};
use ramgate::json::SourceText;
use ramgate::policy::{Context, ContextValue, Dialect, Document, PolicyKind};
use ramgate::store;
use serde::Deserialize;

const ACCOUNT: &str = "1234567890123456";

/// The keys that a gate can say something definite about.
fn keys_of_a_gate() -> KeySupply {
    [
        "acs:SourceIp",
        "acs:SecureTransport",
        "acs:CurrentTime",
        "acs:PrincipalARN",
        "acs:ResourceGroupId",
        "acs:ResourceTag/",
        "acs:RequestTag/",
    ]
    .into_iter()
    .collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> SourceText {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("`{}`: {error}", path.display()));
    SourceText::new(path.display().to_string(), text)
}

// ── policies/ ───────────────────────────────────────────────────────────────

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expectation {
    name: String,
    policies: Vec<Attached>,
    principal: Option<String>,
    #[serde(default)]
    mode: Option<String>,
    action: String,
    resource: String,
    resource_group: Option<String>,
    #[serde(default)]
    resource_group_unknown: bool,
    #[serde(default)]
    context: BTreeMap<String, String>,
    /// Keys that are not known; one that ends in `/` stands for all that begin so.
    #[serde(default)]
    unknown: Vec<String>,
    expect: String,
    policy_type: Option<String>,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Attached {
    /// Path from `policies/`.
    file: String,
    kind: String,
    scope: Option<String>,
    node: Option<String>,
}

fn expectations() -> Vec<Expectation> {
    let source = read(&root().join("tests/policies/expectations.json"));
    serde_json::from_str(source.text()).unwrap()
}

fn policy_set(attached: &[Attached]) -> PolicySet {
    let mut policies = PolicySet::new(Dialect::strict());
    for policy in attached {
        let source = read(&root().join("policies").join(&policy.file));
        let name = policy.file.as_str();
        let added = match policy.kind.as_str() {
            "identity" => {
                let scope = policy.scope.clone().map_or(Scope::Account, Scope::ResourceGroup);
                policies.add_identity(name, &source, scope)
            }
            "control" => policies.add_control(name, &source, policy.node.as_deref().unwrap()),
            "session" => policies.set_session(name, &source),
            "trust" => policies.set_trust(name, &source),
            other => panic!("`{other}` is no kind of policy"),
        };
        added.unwrap_or_else(|invalid| panic!("{name}: {invalid}"));
    }
    policies
}

/// The caller as `user/NAME`, `role/NAME/SESSION` or `root`.
fn principal(name: &str) -> Principal {
    let account = ACCOUNT.to_owned();
    match name.split('/').collect::<Vec<_>>().as_slice() {
        ["root"] => Principal::Owner { account },
        ["user", user] => Principal::User { account, name: (*user).to_owned(), id: "2000000000000001".to_owned() },
        ["role", role, session] => {
            Principal::RoleSession { account, role: (*role).to_owned(), session: (*session).to_owned(), policy: None }
        }
        _ => panic!("`{name}` is no principal"),
    }
}

fn context(expectation: &Expectation, principal: &Principal) -> Context {
    let mut context = Context::new();
    context.set("acs:PrincipalARN", principal.arn());
    for (key, value) in &expectation.context {
        context.set(key, value.as_str());
    }
    for key in &expectation.unknown {
        if key.ends_with('/') {
            context.set_unknown_prefix(key);
        } else {
            context.set_value(key, ContextValue::Unknown);
        }
    }
    context
}

#[test]
fn the_example_policies_decide_as_expected() {
    let mut failures = Vec::new();
    let mut applied = BTreeSet::new();
    let expectations = expectations();
    for expectation in &expectations {
        let principal = principal(expectation.principal.as_deref().unwrap_or("user/operator"));
        let context = context(expectation, &principal);
        let resource_group = if expectation.resource_group_unknown {
            Known::Unknown
        } else {
            Known::Known(expectation.resource_group.clone())
        };
        let (decision, trace) = policy_set(&expectation.policies).trace(&Request {
            principal: &principal,
            action: &expectation.action,
            resource: &expectation.resource,
            owner: None,
            resource_group: &resource_group,
            context: &context,
            mode: match expectation.mode.as_deref() {
                None => Mode::General,
                Some("assume-role") => Mode::AssumeRole,
                Some(other) => panic!("`{other}` is no mode"),
            },
        });
        for statement in trace.stages.iter().flat_map(|stage| &stage.statements) {
            if statement.result == StatementResult::Applies {
                applied.insert((statement.statement.policy.clone(), statement.statement.index));
            }
        }
        let (outcome, policy_type) = (decision.outcome.to_string(), decision.policy_type.to_string());
        if outcome != expectation.expect || expectation.policy_type.as_ref().is_some_and(|kind| *kind != policy_type) {
            failures.push(format!(
                "{}: {outcome} by {policy_type}, not {} by {} ({})\n{trace}",
                expectation.name,
                expectation.expect,
                expectation.policy_type.as_deref().unwrap_or("any kind"),
                expectation.why,
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));

    let names: BTreeSet<&str> = expectations.iter().map(|expectation| expectation.name.as_str()).collect();
    assert_eq!(names.len(), expectations.len(), "two expectations have the same name");
    for (path, document) in documents() {
        for statement in document.statements() {
            assert!(
                applied.contains(&(path.clone(), statement.index())),
                "no expectation makes statement {} of policies/{path} apply",
                statement.index() + 1,
            );
        }
    }
}

/// Every shipped policy by its path from `policies/`, read as the kind that its folder says.
fn documents() -> Vec<(String, Document)> {
    let mut documents = Vec::new();
    let kinds = [
        ("", PolicyKind::Identity),
        ("control/", PolicyKind::Control),
        ("session/", PolicyKind::Session),
        ("trust/", PolicyKind::Trust),
    ];
    for (folder, kind) in kinds {
        for entry in std::fs::read_dir(root().join("policies").join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "json") {
                let document = Document::parse(&read(&path), kind, &Dialect::strict());
                let name = format!("{folder}{}", path.file_name().unwrap().to_str().unwrap());
                documents.push((name.clone(), document.unwrap_or_else(|invalid| panic!("{name}: {invalid}"))));
            }
        }
    }
    documents
}

#[test]
fn every_example_policy_reads_without_a_warning_and_is_explained_on_its_page() {
    let page = read(&root().join("policies/README.md"));
    for (path, document) in documents() {
        assert!(document.warnings().is_empty(), "{path}: {:?}", document.warnings());
        assert!(page.text().contains(&format!("`{path}`")), "policies/README.md does not name `{path}`");
    }
}

#[test]
fn no_example_policy_asks_for_a_key_that_a_gate_cannot_supply() {
    for (path, document) in documents() {
        for test in document.statements().iter().flat_map(|statement| statement.condition()) {
            assert!(keys_of_a_gate().covers(test.key()), "{path}: `{}`", test.key());
        }
    }
}

// ── examples/demo/ ──────────────────────────────────────────────────────────

fn demo() -> World {
    match store::load(&root().join("examples/demo"), &Dialect::strict()) {
        Ok(world) => world,
        Err(errors) => panic!("{}", errors.mistakes.iter().map(|mistake| format!("{mistake}\n")).collect::<String>()),
    }
}

#[test]
fn the_example_world_loads_and_needs_no_key_that_a_gate_cannot_supply() {
    let authorizer = Authorizer::new(&demo()).unwrap();
    assert_eq!(authorizer.unsupplied_keys(&keys_of_a_gate()), []);
}

#[test]
fn the_example_world_decides_as_its_first_lines_say() {
    let world = demo();
    let authorizer = Authorizer::new(&world).unwrap();
    let first = "pc-bp1demo00000001";
    let second = "pc-bp1demo00000002";
    let protected = "pc-2zedemo00000003";
    let (allow, explicit, implicit) = (Outcome::Allow, Outcome::ExplicitDeny, Outcome::ImplicitDeny);
    let session = "role/migration-ops/nightly-cutover";
    let table = [
        ("user/operator", "CloseDBClusterMigration", first, allow),
        ("user/operator", "CloseDBClusterMigration", second, allow),
        ("user/operator", "CloseDBClusterMigration", protected, explicit),
        ("user/operator", "DescribeDBClusterMigration", first, allow),
        ("user/operator", "DescribeDBClusterMigration", protected, implicit),
        ("user/operator", "DeleteDBCluster", first, explicit),
        ("user/auditor", "DescribeDBClusterMigration", protected, allow),
        ("user/auditor", "CloseDBClusterMigration", first, implicit),
        ("user/auditor", "CloseDBClusterMigration", protected, explicit),
        ("user/intern", "CloseDBClusterMigration", first, implicit),
        ("user/intern", "DescribeDBClusterMigration", first, implicit),
        (session, "CloseDBClusterMigration", first, allow),
        (session, "CloseDBClusterMigration", second, implicit),
        ("role/migration-ops", "CloseDBClusterMigration", second, allow),
        ("role/migration-ops", "CloseDBClusterMigration", protected, explicit),
    ];
    for (caller, operation, cluster, expected) in table {
        let principal = world.principal(caller).unwrap();
        let resource = world.inventory.get("polardb", "dbcluster", cluster).unwrap();
        let Known::Known(tags) = &resource.tags else { panic!("the tags of `{cluster}` are not known") };
        let mut context = Context::new();
        context.set("acs:PrincipalARN", principal.arn());
        for (key, value) in tags {
            context.set(&format!("acs:ResourceTag/{key}"), value.as_str());
        }
        let (decision, trace) = authorizer.trace(&Request {
            principal: &principal,
            action: &format!("polardb:{operation}"),
            resource: &format!("acs:polardb:{}:{ACCOUNT}:dbcluster/{cluster}", resource.region),
            owner: Some(ACCOUNT),
            resource_group: &resource.resource_group,
            context: &context,
            mode: Mode::General,
        });
        assert_eq!(decision.outcome, expected, "{caller} {operation} {cluster}\n{trace}");
    }
}
