//! What a world decides.

use ramgate::authz::{
    Authorizer, AuthzError, Decision, KeySupply, Mode, Outcome, PolicyType, Request, Trace, UnsuppliedKey, Verdict,
    decide_each, resource_keys,
};
use ramgate::catalog::{Check, Checks, Known, Requirement};
use ramgate::identity::{Principal, World};
use ramgate::json::SourceText;
use ramgate::policy::{Context, ContextValue, Dialect, Effect};
use ramgate::store::{WorldSources, load_sources};

const CLUSTER: &str = "acs:polardb:cn-hangzhou:1111111111111111:dbcluster/pc-1";

const WORLD: &str = r#"
allow_inline_secrets = true

[accounts.1111111111111111]
node = "fd-prod"
[accounts.1111111111111111.users.alice]
id = "21"
groups = ["dba"]
attachments = [{ policy = "close", scope = "rg-a" }, { policy = "never", scope = "rg-a" }]
[accounts.1111111111111111.users.bob]
id = "22"
[accounts.1111111111111111.users.carol]
id = "23"
attachments = [{ policy = "close" }, { policy = "never", scope = "rg-a" }]
[accounts.1111111111111111.groups.dba]
attachments = [{ policy = "describe" }]
[accounts.1111111111111111.roles.ops]
trust = "trust-alice"
attachments = [{ policy = "all" }]
[accounts.1111111111111111.roles.linked]
service_linked = true
attachments = [{ policy = "all" }]
[[accounts.1111111111111111.sessions]]
role = "ops"
name = "narrowed"
policy = "only-describe"
key = "STS.1"
secret = "s"
token = "t"
expires = "2030-01-01T00:00:00Z"

[accounts.2222222222222222]
management = true
[accounts.2222222222222222.users.root-admin]
id = "31"
attachments = [{ policy = "all" }]

[directory.r-root]
[directory.fd-prod]
parent = "r-root"
attachments = ["FullAliyunAccess", "guard"]
"#;

fn policy(statements: &str) -> String {
    format!(r#"{{"Version": "1", "Statement": [{statements}]}}"#)
}

fn world() -> World {
    let allow = |action: &str| policy(&format!(r#"{{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}"#));
    let policies = [
        ("all.json", allow("*")),
        ("close.json", allow("polardb:Close*")),
        ("describe.json", allow("polardb:Describe*")),
        (
            "never.json",
            policy(
                r#"{"Effect": "Deny", "Action": "polardb:CloseDBClusterMigration", "Resource": "*",
                "Condition": {"StringEquals": {"acs:ResourceTag/stage": "prod"}}}"#,
            ),
        ),
        ("control/guard.json", policy(r#"{"Effect": "Deny", "Action": "polardb:Delete*", "Resource": "*"}"#)),
        ("session/only-describe.json", allow("polardb:Describe*")),
        (
            "trust/trust-alice.json",
            policy(
                r#"{"Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": {"RAM": ["acs:ram::1111111111111111:user/alice", "acs:ram::1111111111111111:user/carol"]}}"#,
            ),
        ),
    ];
    let source = |(path, text): (&str, String)| (path.to_owned(), SourceText::new(format!("policies/{path}"), text));
    let sources = WorldSources {
        world: SourceText::new("world.toml", WORLD),
        policies: policies.into_iter().map(source).collect(),
        limits: None,
        base: ".".into(),
    };
    load_sources(&sources, &Dialect::strict()).unwrap()
}

struct Ask<'a> {
    principal: &'a str,
    action: &'a str,
    resource: &'a str,
    group: Known<Option<String>>,
    stage: Option<&'a str>,
    mode: Mode,
}

impl Default for Ask<'_> {
    fn default() -> Self {
        Self {
            principal: "user/alice",
            action: "polardb:CloseDBClusterMigration",
            resource: CLUSTER,
            group: Known::Known(None),
            stage: None,
            mode: Mode::General,
        }
    }
}

fn ask(ask: &Ask<'_>) -> (Decision, Trace) {
    let world = world();
    let principal = world.principal(ask.principal).unwrap();
    let mut context = Context::new();
    if let Some(stage) = ask.stage {
        context.set("acs:ResourceTag/stage", stage);
    }
    let request = Request {
        principal: &principal,
        action: ask.action,
        resource: ask.resource,
        owner: None,
        resource_group: &ask.group,
        context: &context,
        mode: ask.mode,
    };
    let authorizer = Authorizer::new(&world).unwrap();
    let (decision, trace) = authorizer.trace(&request);
    assert_eq!(authorizer.decide(&request).to_decision(), decision);
    let allocated = allocation_counter::measure(|| {
        std::hint::black_box(authorizer.decide(&request).outcome);
    });
    assert_eq!(allocated.count_total, 0, "a decision allocates");
    (decision, trace)
}

fn outcome(question: &Ask<'_>) -> (Outcome, PolicyType) {
    let (decision, _) = ask(question);
    (decision.outcome, decision.policy_type)
}

#[test]
fn policies_of_a_group_count_as_the_users_own() {
    let question = Ask { action: "polardb:DescribeDBClusters", ..Ask::default() };
    assert_eq!(outcome(&question), (Outcome::Allow, PolicyType::AccountLevelIdentityBasedPolicy));
    let question = Ask { principal: "user/bob", ..question };
    assert_eq!(outcome(&question), (Outcome::ImplicitDeny, PolicyType::AccountLevelIdentityBasedPolicy));
}

#[test]
fn a_policy_for_a_resource_group_counts_for_resources_of_it() {
    let group = |group: &str| Known::Known(Some(group.to_owned()));
    let level = PolicyType::ResourceGroupLevelIdentityBasedPolicy;
    assert_eq!(outcome(&Ask { group: group("rg-a"), ..Ask::default() }), (Outcome::Allow, level));
    let denied = Ask { group: group("rg-a"), stage: Some("prod"), ..Ask::default() };
    assert_eq!(outcome(&denied), (Outcome::ExplicitDeny, level));
    let account = PolicyType::AccountLevelIdentityBasedPolicy;
    assert_eq!(outcome(&Ask { group: group("rg-b"), ..Ask::default() }), (Outcome::ImplicitDeny, account));
    assert_eq!(outcome(&Ask::default()), (Outcome::ImplicitDeny, account));
    assert_eq!(outcome(&Ask { group: Known::Unknown, ..Ask::default() }), (Outcome::ImplicitDeny, level));
}

#[test]
fn an_account_level_allow_ends_the_step_before_a_deny_for_the_group() {
    let group = Known::Known(Some("rg-a".to_owned()));
    let question = Ask { principal: "user/carol", group, stage: Some("prod"), ..Ask::default() };
    assert_eq!(outcome(&question), (Outcome::Allow, PolicyType::AccountLevelIdentityBasedPolicy));
}

#[test]
fn a_control_policy_binds_by_the_account_that_owns_the_resource() {
    let delete = |principal, resource| {
        outcome(&Ask { principal, resource, action: "polardb:DeleteDBCluster", ..Ask::default() })
    };
    assert_eq!(delete("role/ops", CLUSTER), (Outcome::ExplicitDeny, PolicyType::ControlPolicy));
    let other = "acs:polardb:cn-hangzhou:2222222222222222:dbcluster/pc-2";
    assert_eq!(delete("user/root-admin", other).0, Outcome::Allow, "the account is at no node");
}

#[test]
fn owner_management_account_and_service_linked_roles_are_exempt_from_control_policies() {
    for principal in ["acs:ram::1111111111111111:root", "user/root-admin", "role/linked"] {
        let question = Ask { principal, action: "polardb:DeleteDBCluster", ..Ask::default() };
        assert_eq!(outcome(&question).0, Outcome::Allow, "{principal}");
    }
}

#[test]
fn a_session_policy_narrows_and_never_grants() {
    let session = "role/ops/narrowed";
    assert_eq!(
        outcome(&Ask { principal: session, ..Ask::default() }),
        (Outcome::ImplicitDeny, PolicyType::SessionPolicy)
    );
    let describe = Ask { principal: session, action: "polardb:DescribeDBClusters", ..Ask::default() };
    assert_eq!(outcome(&describe).0, Outcome::Allow);
}

#[test]
fn assuming_a_role_needs_the_callers_policies_and_the_roles_trust() {
    let assume = |principal, role| {
        let resource = format!("acs:ram::1111111111111111:role/{role}");
        outcome(&Ask {
            principal,
            action: "sts:AssumeRole",
            resource: &resource,
            mode: Mode::AssumeRole,
            ..Ask::default()
        })
    };
    let account = PolicyType::AccountLevelIdentityBasedPolicy;
    assert_eq!(assume("user/alice", "ops"), (Outcome::ImplicitDeny, account), "trusted, and not allowed to ask");
    assert_eq!(assume("role/linked", "ops"), (Outcome::ImplicitDeny, PolicyType::AssumeRolePolicy), "not trusted");
    assert_eq!(assume("role/linked", "linked"), (Outcome::ImplicitDeny, PolicyType::AssumeRolePolicy), "no trust");
    assert_eq!(assume("role/linked", "missing"), (Outcome::ImplicitDeny, PolicyType::AssumeRolePolicy), "no role");
}

#[test]
fn what_the_world_does_not_hold_is_denied() {
    let world = world();
    let authorizer = Authorizer::new(&world).unwrap();
    let account = "1111111111111111".to_owned();
    let session = |policy: &str| Principal::RoleSession {
        account: account.clone(),
        role: "ops".into(),
        session: "s1".into(),
        policy: Some(policy.into()),
    };
    let strangers = [
        Principal::User { account: account.clone(), name: "mallory".into(), id: "99".into() },
        Principal::User { account: account.clone(), name: "carol".into(), id: "99".into() },
        Principal::User { account: "3333333333333333".into(), name: "carol".into(), id: "23".into() },
        Principal::Owner { account: "3333333333333333".into() },
        session("no-such-policy"),
        session("all"),
    ];
    let known = world.principal("role/ops").unwrap();
    let foreign = "acs:polardb:cn-hangzhou:3333333333333333:dbcluster/pc-1";
    let mut asked: Vec<(&Principal, &str)> = strangers.iter().map(|principal| (principal, CLUSTER)).collect();
    asked.push((&known, foreign));
    for (principal, resource) in asked {
        let decision = authorizer.decide(&Request {
            principal,
            action: "polardb:DescribeDBClusters",
            resource,
            owner: None,
            resource_group: &Known::Known(None),
            context: &Context::new(),
            mode: Mode::General,
        });
        assert_eq!(decision.outcome, Outcome::ImplicitDeny, "{principal} {resource}");
    }
}

#[test]
fn a_decision_names_its_statement_and_where_it_stands() {
    let (decision, _) = ask(&Ask { principal: "role/ops", action: "polardb:DeleteDBCluster", ..Ask::default() });
    assert_eq!(
        decision.determining.unwrap().to_string(),
        "Deny of control policy `guard`, statement 1, at policies/control/guard.json:1:32"
    );
}

#[test]
fn a_trace_says_why_each_statement_applies_or_does_not() {
    let group = Known::Known(Some("rg-a".to_owned()));
    let (_, trace) = ask(&Ask { group, stage: Some("dev"), ..Ask::default() });
    insta::assert_snapshot!("trace", trace.to_string());
    insta::assert_json_snapshot!("trace_json", trace);
}

#[test]
fn a_trace_names_the_rule_where_no_statement_decides() {
    let (_, trace) =
        ask(&Ask { principal: "acs:ram::1111111111111111:root", action: "polardb:DeleteDBCluster", ..Ask::default() });
    insta::assert_snapshot!("trace_of_a_rule", trace.to_string());
}

fn check(action: &str, requirement: Requirement, tags: Known<Vec<(String, String)>>) -> Check {
    Check {
        action: action.to_owned(),
        resource: CLUSTER.to_owned(),
        requirement,
        stricter_than_cloud: false,
        resource_group: Known::Known(Some("rg-a".to_owned())),
        tags,
    }
}

fn verdict(principal: &str, checks: Vec<Check>) -> Verdict {
    let world = world();
    let checks = Checks {
        operation: "Test".to_owned(),
        write: true,
        owner: "1111111111111111".to_owned(),
        region: None,
        checks,
        request_tags: Vec::new(),
    };
    let authorizer = Authorizer::new(&world).unwrap();
    let principal = world.principal(principal).unwrap();
    let verdict = authorizer.decide_checks(&principal, &checks, &Context::new());
    let explained = decide_each(&principal, &checks, &Context::new(), |_, request| {
        let explanation = authorizer.explain(request);
        assert_eq!(explanation.to_trace().resource, request.resource);
        explanation.decision()
    });
    assert_eq!(explained, verdict);
    verdict
}

#[test]
fn every_check_must_pass_and_the_first_that_did_not_is_named() {
    let describe = || check("polardb:DescribeDBClusters", Requirement::Allowed, Known::Unknown);
    let create = || check("polardb:CreateDBCluster", Requirement::Allowed, Known::Unknown);
    let delete = || check("polardb:DeleteDBCluster", Requirement::Allowed, Known::Unknown);
    assert!(verdict("user/alice", vec![describe()]).is_allowed());
    let verdict_of_three = verdict("user/alice", vec![describe(), create(), delete()]);
    assert!(!verdict_of_three.is_allowed());
    assert_eq!(verdict_of_three.denied().unwrap().action, "polardb:CreateDBCluster");
    assert!(!verdict("user/alice", Vec::new()).is_allowed(), "nothing was allowed");
}

#[test]
fn a_check_that_only_a_deny_fails_passes_without_an_allow_and_not_where_a_deny_may_hide() {
    let not_denied = |action| check(action, Requirement::NotExplicitlyDenied, Known::Known(Vec::new()));
    assert!(verdict("user/bob", vec![not_denied("polardb:CreateDBCluster")]).is_allowed());
    assert!(!verdict("user/bob", vec![not_denied("polardb:DeleteDBCluster")]).is_allowed());
    assert!(!verdict("role/ops/narrowed", vec![not_denied("polardb:CreateDBCluster")]).is_allowed());
}

#[test]
fn tags_of_the_target_reach_the_condition_and_unknown_ones_deny() {
    let close = |tags| check("polardb:CloseDBClusterMigration", Requirement::Allowed, tags);
    let stage = |stage: &str| Known::Known(vec![("stage".to_owned(), stage.to_owned())]);
    assert!(verdict("user/alice", vec![close(stage("dev"))]).is_allowed());
    assert!(verdict("user/alice", vec![close(Known::Known(Vec::new()))]).is_allowed());
    assert!(!verdict("user/alice", vec![close(stage("prod"))]).is_allowed());
    assert!(!verdict("user/alice", vec![close(Known::Unknown)]).is_allowed());
}

#[test]
fn keys_of_the_target_replace_what_the_context_said() {
    let mut context = Context::new();
    context.set_unknown_prefix("acs:ResourceTag/");
    context.set("acs:PrincipalARN", "acs:ram::9:root");
    let checks = Checks {
        operation: "Test".to_owned(),
        write: false,
        owner: "1111111111111111".to_owned(),
        region: None,
        checks: vec![check("polardb:X", Requirement::Allowed, Known::Known(vec![("a".into(), "1".into())]))],
        request_tags: vec![("t".into(), "1".into()), ("t".into(), "2".into())],
    };
    let principal = world().principal("user/alice").unwrap();
    let keys = resource_keys(&context, &principal, &checks, &checks.checks[0]);
    let present = |values: &[&str]| ContextValue::Present(values.iter().map(|&value| value.to_owned()).collect());
    assert_eq!(*keys.get("acs:resourcetag/a"), present(&["1"]));
    assert_eq!(*keys.get("acs:resourcetag/b"), ContextValue::Absent);
    assert_eq!(*keys.get("acs:requesttag/t"), present(&["1", "2"]));
    assert_eq!(*keys.get("acs:resourcegroupid"), present(&["rg-a"]));
    assert_eq!(*keys.get("acs:principalarn"), present(&["acs:ram::1111111111111111:user/alice"]));
}

#[test]
fn a_key_that_cannot_be_supplied_is_reported_with_its_place_and_effect() {
    let authorizer = Authorizer::new(&world()).unwrap();
    let supply = KeySupply::new().with("acs:SourceIp");
    let unsupplied = authorizer.unsupplied_keys(&supply);
    assert_eq!(unsupplied.iter().map(UnsuppliedKey::effect).collect::<Vec<_>>(), [Effect::Deny]);
    insta::assert_snapshot!(unsupplied[0].to_string(), @"policies/never.json:2:48 the policy `never` tests `acs:ResourceTag/stage`, which is never known here: this Deny applies as if the test were met");
    for supply in [["acs:resourcetag/"], ["acs:ResourceTag/stage"]] {
        assert_eq!(authorizer.unsupplied_keys(&supply.into_iter().collect()), []);
    }
}

#[test]
fn a_world_put_together_by_hand_is_refused_where_something_is_missing() {
    type Change = fn(&mut World);
    let changes: [(Change, AuthzError); 3] = [
        (
            |world| world.accounts.get_mut("1111111111111111").unwrap().groups.clear(),
            AuthzError::MissingGroup { user: "acs:ram::1111111111111111:user/alice".into(), group: "dba".into() },
        ),
        (
            |world| world.directory.remove("r-root").map(drop).unwrap(),
            AuthzError::MissingNode { node: "r-root".into(), below: "fd-prod".into() },
        ),
        (
            |world| world.directory.get_mut("r-root").unwrap().parent = Some("fd-prod".into()),
            AuthzError::DirectoryCircle { node: "fd-prod".into() },
        ),
    ];
    for (change, error) in changes {
        let mut world = world();
        change(&mut world);
        assert_eq!(Authorizer::new(&world).unwrap_err(), error);
    }
    let mut world = world();
    world.policies = ramgate::identity::PolicyStore::default();
    assert!(matches!(Authorizer::new(&world), Err(AuthzError::MissingPolicy { .. })));
}
