//! Denials of each kind, and what would have allowed them.

use super::*;
use crate::authz::{Mode, Outcome};
use crate::identity::{Principal, Scope};
use crate::json::SourceText;
use crate::policy::Dialect;

const CLUSTER: &str = "acs:polardb:cn-hangzhou:1234567890123456:dbcluster/pc-1";

/// Policies, and what is asked of them.
struct Case {
    policies: PolicySet,
    action: &'static str,
    context: Context,
    group: Known<Option<String>>,
    principal: Principal,
}

impl Case {
    fn new() -> Self {
        Self {
            policies: PolicySet::new(Dialect::strict()),
            action: "polardb:CloseX",
            context: Context::new(),
            group: Known::Known(None),
            principal: Principal::RoleSession {
                account: "1234567890123456".into(),
                role: "ops".into(),
                session: "s1".into(),
                policy: None,
            },
        }
    }

    fn document(name: &str, statements: &str) -> SourceText {
        SourceText::new(format!("{name}.json"), format!("{{\"Version\": \"1\", \"Statement\": [\n{statements}\n]}}"))
    }

    fn own(mut self, statements: &str) -> Self {
        self.policies.add_identity("own", &Self::document("own", statements), Scope::Account).unwrap();
        self
    }

    fn of_group(mut self, group: &str, statements: &str) -> Self {
        let scope = Scope::ResourceGroup(group.to_owned());
        self.policies.add_identity("scoped", &Self::document("scoped", statements), scope).unwrap();
        self
    }

    fn control(mut self, statements: &str) -> Self {
        self.policies.add_control("guard", &Self::document("guard", statements), "fd-prod").unwrap();
        self
    }

    fn session(mut self, statements: &str) -> Self {
        self.policies.set_session("narrow", &Self::document("narrow", statements)).unwrap();
        self
    }

    fn with(mut self, key: &str, value: &str) -> Self {
        self.context.set(key, value);
        self
    }

    fn ask<T>(&self, ask: impl FnOnce(&Request<'_>) -> T) -> T {
        ask(&Request {
            principal: &self.principal,
            action: self.action,
            resource: CLUSTER,
            owner: None,
            resource_group: &self.group,
            context: &self.context,
            mode: match (self.action, &self.principal) {
                ("sts:AssumeRole", _) => Mode::AssumeRole,
                (_, Principal::Federated { .. }) => Mode::Sso,
                _ => Mode::General,
            },
        })
    }

    fn found(&self) -> NearMisses {
        self.ask(|request| {
            assert_ne!(self.policies.decide(request).outcome, Outcome::Allow);
            let found = self.policies.near_misses(request, Search::default());
            assert_eq!(self.policies.near_misses(request, Search::default()), found);
            assert!(found.found.iter().all(|miss| miss.decision.outcome == Outcome::Allow));
            found
        })
    }

    fn told(&self) -> String {
        self.found().to_string()
    }
}

fn without(case: &Case) -> Vec<(String, PolicyType, Outcome, Option<String>)> {
    let grants = case.ask(|request| case.policies.grants(request));
    assert!(!grants.cut);
    let place = |statement: &StatementRef| format!("{}:{}", statement.policy, statement.index);
    let told = |grant: &crate::authz::Grant| {
        let then = grant.without.determining.as_ref().map(place);
        assert_eq!(grant.is_needed(), grant.without.outcome != Outcome::Allow);
        (place(&grant.statement), grant.policy_type, grant.without.outcome, then)
    };
    grants.grants.iter().map(told).collect()
}

const ALLOW_ALL: &str = r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#;

#[test]
fn a_deny_by_a_condition_names_the_value_that_would_not_meet_it() {
    let case = Case::new()
        .own(&format!(
            r#"{ALLOW_ALL},
            {{"Effect": "Deny", "Action": ["polardb:CloseX", "polardb:Delete*"], "Resource": "*",
              "Condition": {{"StringEquals": {{"acs:ResourceTag/protected": "true"}}}}}}"#
        ))
        .with("acs:ResourceTag/protected", "true");
    insta::assert_snapshot!(case.told());
}

#[test]
fn a_deny_outside_an_office_names_the_addresses_of_the_office() {
    let case = Case::new()
        .own(&format!(
            r#"{ALLOW_ALL},
            {{"Effect": "Deny", "Action": "*", "Resource": "*",
              "Condition": {{"NotIpAddress": {{"acs:SourceIp": ["203.0.113.0/24"]}}}}}}"#
        ))
        .with("acs:SourceIp", "192.0.2.1");
    insta::assert_snapshot!(case.told());
}

#[test]
fn an_allow_that_is_nearly_about_the_request_is_told_with_how_wide_it_would_be() {
    let case = Case::new()
        .own(
            r#"{"Effect": "Allow", "Action": ["polardb:CloseX", "polardb:DescribeX"], "Resource": "acs:polardb:*:*:dbcluster/pc-2"},
            {"Effect": "Allow", "Action": "polardb:OpenX", "Resource": "*"},
            {"Effect": "Allow", "Action": "polardb:*", "Resource": "acs:polardb:*:*:dbcluster/pc-3"},
            {"Effect": "Allow", "Action": "polardb:Close*", "Resource": "*", "Condition": {"IpAddress": {"acs:SourceIp": "203.0.113.0/24"}}}"#,
        )
        .with("acs:SourceIp", "192.0.2.1");
    insta::assert_snapshot!(case.told());
}

#[test]
fn each_kind_of_policy_that_is_silent_is_told_in_its_turn() {
    let other = r#"{"Effect": "Allow", "Action": "ecs:*", "Resource": "*"}"#;
    let case = Case::new().control(other).session(other).own(other);
    insta::assert_snapshot!(case.told());
}

#[test]
fn an_allow_of_a_resource_group_names_the_group() {
    let case = Case { group: Known::Unknown, ..Case::new() }.of_group("rg-a", ALLOW_ALL);
    insta::assert_snapshot!(case.told());
}

#[test]
fn what_is_unknown_is_told_as_what_it_would_have_to_be_known_to_be() {
    let mut case = Case::new().own(&format!(
        r#"{ALLOW_ALL},
        {{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {{"Bool": {{"acs:MFAPresent": "false"}}}}}}"#
    ));
    case.context = Context::unknown();
    insta::assert_snapshot!(case.told());
}

#[test]
fn the_owner_of_another_account_has_no_near_miss_for_no_policy_decides() {
    let case = Case { principal: Principal::Owner { account: "6543210987654321".into() }, ..Case::new() };
    assert_eq!(case.found(), NearMisses::default());
}

#[test]
fn the_search_ends_by_its_bounds_and_says_so() {
    let case =
        Case::new().own(r#"{"Effect": "Allow", "Action": "polardb:OpenX", "Resource": "acs:polardb:*:*:dbcluster/*"}"#);
    let bounded = |bounds| case.ask(|request| case.policies.near_misses(request, bounds));
    let all = bounded(Search::default());
    assert_eq!((all.found.len(), all.cut), (2, false));
    let one = bounded(Search { told: 1, ..Search::default() });
    assert_eq!((one.found.as_slice(), one.cut), (&all.found[..1], true));
    let none = bounded(Search { statements: 0, ..Search::default() });
    assert_eq!((none.found.len(), none.cut), (0, true));
    assert!(bounded(Search { changes: 0, ..Search::default() }).found.is_empty());
}

#[test]
fn of_what_grants_each_says_what_would_grant_without_it() {
    use PolicyType::{AccountLevelIdentityBasedPolicy as Account, ControlPolicy as Control};
    let twice = Case::new().control(ALLOW_ALL).own(&format!("{ALLOW_ALL}, {ALLOW_ALL}"));
    assert_eq!(
        without(&twice),
        [
            ("guard:0".to_owned(), Control, Outcome::ImplicitDeny, None),
            ("own:0".to_owned(), Account, Outcome::Allow, Some("own:1".to_owned())),
            ("own:1".to_owned(), Account, Outcome::Allow, Some("own:0".to_owned())),
        ]
    );
    let denied = Case::new().own(r#"{"Effect": "Deny", "Action": "*", "Resource": "*"}"#);
    assert_eq!(without(&denied), []);
    let owner = Case { principal: Principal::Owner { account: "1234567890123456".into() }, ..Case::new() };
    assert_eq!(without(&owner), []);
}

/// `count` statements, each an Allow of everything.
fn several(count: usize) -> String {
    vec![ALLOW_ALL; count].join(",")
}

#[test]
fn the_bound_counts_the_statements_of_every_kind_of_policy() {
    let mut case = Case::new().control(&several(1)).session(&several(2)).own(&several(3)).of_group("rg-a", &several(5));
    case = case.of_group("rg-b", &several(7));
    let bucket = r#"{"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": ["*"]}"#;
    case.policies.add_resource("bucket", &Case::document("bucket", &[bucket; 9].join(","))).unwrap();
    let trust = r#"{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs.aliyuncs.com"}}"#;
    case.policies.set_trust("trust", &Case::document("trust", &[trust; 11].join(","))).unwrap();
    // What is allowed has no near miss, and to know it is one look at each statement.
    let all = 1 + 2 + 3 + 5 + 7 + 9 + 11;
    for (statements, cut) in [(all - 1, true), (all, false)] {
        let search = Search { statements, ..Search::default() };
        let found = case.ask(|request| case.policies.near_misses(request, search));
        assert_eq!((found.found.len(), found.cut), (0, cut), "{statements}");
    }
}

#[test]
fn as_many_changes_are_made_together_as_are_asked_for() {
    let own = r#"{"Effect": "Allow", "Action": "ecs:*", "Resource": "*"}"#;
    let case = Case::new().control(own).session(own).own(own);
    let found = |changes| {
        let search = Search { changes, ..Search::default() };
        case.ask(|request| case.policies.near_misses(request, search)).found
    };
    // A policy of each of the three kinds must allow it.
    assert!(found(2).is_empty());
    assert!(found(3).iter().all(|miss| miss.changes.len() == 3) && !found(3).is_empty());
}

#[test]
fn a_deny_for_others_is_not_what_denies() {
    let mut case = Case { action: "oss:GetObject", ..Case::new() }.own(ALLOW_ALL);
    let bucket = r#"
        {"Effect": "Deny", "Action": "oss:GetObject", "Resource": "*", "Principal": ["2234567890123456"]},
        {"Effect": "Deny", "Action": "oss:PutObject", "Resource": "*", "Principal": ["2234567890123456"]},
        {"Effect": "Deny", "Action": "oss:PutObject", "Resource": "*", "Principal": ["*"]},
        {"Effect": "Deny", "Action": "oss:GetObject", "Resource": "*", "Principal": ["*"]}"#;
    case.policies.add_resource("bucket", &Case::document("bucket", bucket)).unwrap();
    let found = case.found().found;
    assert!(!found.is_empty());
    for change in found.iter().flat_map(|miss| &miss.changes) {
        let (Change::WithoutStatement { statement, .. } | Change::WithoutPattern { statement, .. }) = change else {
            panic!("{change}")
        };
        assert_eq!(statement.index, 3, "{change}");
    }
}

#[test]
fn of_many_grants_the_first_are_tried_and_the_rest_said_to_be_there() {
    for (count, tried, cut) in [(32, 32, false), (33, 32, true)] {
        let case = Case::new().own(&several(count));
        let grants = case.ask(|request| case.policies.grants(request));
        assert_eq!((grants.grants.len(), grants.cut), (tried, cut), "{count}");
        assert_eq!(grants.to_string().ends_with("and more, which were not tried\n"), cut, "{count}");
    }
}

#[test]
fn what_grants_is_told_with_what_is_left_without_it() {
    let case = Case::new().control(ALLOW_ALL).own(&several(2)).of_group("rg-a", ALLOW_ALL);
    insta::assert_snapshot!(case.ask(|request| case.policies.grants(request)));
}

/// Of each near miss what would change, in a word or two.
fn changes(found: &NearMisses) -> Vec<Vec<String>> {
    let told = |change: &Change| match change {
        Change::Context { key, .. } => key.clone(),
        Change::ResourceGroup { to, .. } => to.clone(),
        Change::Pattern { statement, element, .. } => format!("{} {} {element}", statement.policy, statement.index),
        Change::Operand { statement, key, .. } => format!("{} {} {key}", statement.policy, statement.index),
        Change::WithoutPattern { statement, .. } | Change::WithoutStatement { statement, .. } => {
            format!("without {} {}", statement.policy, statement.index)
        }
        Change::Allow { policy_type, .. } => format!("another {policy_type}"),
    };
    found.found.iter().map(|miss| miss.changes.iter().map(told).collect()).collect()
}

#[test]
fn a_silent_trust_policy_would_name_the_caller() {
    let own = r#"{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}"#;
    let account = || "1234567890123456".to_owned();
    let provider = "acs:ram::1234567890123456:oidc-provider/ack";
    for (principal, action, named) in [
        (
            Principal::User { account: account(), name: "alice".into(), id: "2".into() },
            "sts:AssumeRole",
            r#""RAM": ["acs:ram::1234567890123456:user/alice"]"#,
        ),
        (
            Principal::Service { name: "ecs.aliyuncs.com".into() },
            "sts:AssumeRole",
            r#""Service": ["ecs.aliyuncs.com"]"#,
        ),
        (
            Principal::Federated { provider: provider.into() },
            "sts:AssumeRoleWithOIDC",
            r#""Federated": ["acs:ram::1234567890123456:oidc-provider/ack"]"#,
        ),
    ] {
        let mut case = Case { principal, action, ..Case::new() }.own(own);
        let trust = r#"{"Effect": "Allow", "Action": "*", "Principal": {"Service": "rds.aliyuncs.com"}}"#;
        case.policies.set_trust("trust", &Case::document("trust", trust)).unwrap();
        let found = case.found();
        assert_eq!(changes(&found), [["another AssumeRolePolicy"]], "{named}");
        assert!(found.to_string().contains(named), "{found}");
        // It stands in the policy that there is, for a role has one.
        assert_eq!(found.found[0].decision.determining.as_ref().unwrap().policy, "trust");
    }
}

#[test]
fn a_session_policy_stays_the_policy_that_it_is() {
    let deny = r#"{"Effect": "Deny", "Action": "polardb:CloseX", "Resource": "*",
        "Condition": {"Bool": {"acs:MFAPresent": "false"}}}"#;
    let case = Case::new().session(deny).own(ALLOW_ALL).with("acs:MFAPresent", "false");
    // That the Deny does not apply is not enough, and without its only statement it is no policy that could have another.
    assert_eq!(changes(&case.found()), [["acs:MFAPresent", "another SessionPolicy"]]);
}

#[test]
fn smaller_changes_come_before_larger_ones() {
    let allow = |condition: &str| {
        format!(r#"{{"Effect": "Allow", "Action": "polardb:CloseX", "Resource": "*", "Condition": {{{condition}}}}}"#)
    };
    let with = |statements: &[String]| {
        let case = Case::new().own(&statements.join(","));
        case.with("a", "1").with("b", "1").with("acs:SourceIp", "192.0.2.1")
    };
    // Two values are more than one, and two operands more than a statement of its own.
    let two = allow(r#""StringEquals": {"a": "2", "b": "2"}"#);
    let one = allow(r#""IpAddress": {"acs:SourceIp": "203.0.113.0/24"}"#);
    let told = changes(&with(&[two, one]).found());
    let statement = "another AccountLevelIdentityBasedPolicy";
    assert_eq!(told[..2], [vec!["acs:SourceIp"], vec!["a", "b"]]);
    let place = |wanted: &[&str]| told.iter().position(|told| told == wanted).unwrap();
    assert!(place(&["own 1 acs:SourceIp"]) < place(&["own 0 a", "own 0 b"]));
    assert!(place(&[statement]) < place(&["own 0 a", "own 0 b"]));

    // What is not known may be as it would have to be; what is known is not.
    let (known, unknown) = (allow(r#""StringEquals": {"a": "2"}"#), allow(r#""StringEquals": {"c": "2"}"#));
    let mut case = with(&[known, unknown]);
    case.context.set_value("c", ContextValue::Unknown);
    assert_eq!(changes(&case.found())[..2], [["c"], ["a"]]);

    // A statement that lacks three things is further away than one of its own.
    let far = r#"{"Effect": "Allow", "Action": "polardb:OpenX", "Resource": "acs:polardb:*:*:dbcluster/pc-2",
        "Condition": {"StringEquals": {"a": "2"}}}"#;
    assert_eq!(changes(&with(&[far.to_owned()]).found()), [[statement]]);
}

#[test]
fn a_statement_that_would_open_less_comes_first() {
    let allow = |action: &str, resource: &str| {
        format!(r#"{{"Effect": "Allow", "Action": {action}, "Resource": "{resource}"}}"#)
    };
    let statements = [
        allow(r#""polardb:Close*""#, "acs:polardb:*:*:dbcluster/pc-2"),
        allow(r#"["polardb:CloseX", "polardb:OpenX"]"#, "acs:polardb:*:*:dbcluster/pc-2"),
        allow(r#""polardb:OpenX""#, "acs:polardb:*:*:dbcluster/*"),
        allow(r#""polardb:CloseX""#, "acs:polardb:*:*:dbcluster/pc-2"),
        allow(r#""polardb:OpenX""#, CLUSTER),
    ];
    let told = changes(&Case::new().own(&statements.join(",")).found());
    let places = ["own 3 Resource", "own 4 Action", "own 1 Resource", "own 0 Resource", "own 2 Action"];
    assert_eq!(told[..5], places.map(|place| vec![place]));
}

#[test]
fn the_value_of_the_resource_group_is_the_resource_group() {
    // The policy counts for the group alone, and says so once more in a condition.
    let scoped = r#"{"Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": {"StringEquals": {"acs:ResourceGroupId": "rg-a"}}}"#;
    let mut case = Case { group: Known::Unknown, ..Case::new() }.of_group("rg-a", scoped);
    case.context.set_value("acs:ResourceGroupId", ContextValue::Unknown);
    let told = changes(&case.found());
    assert_eq!(told[..2], [["acs:ResourceGroupId"], ["rg-a"]]);

    // Any other value leaves the resource where it is.
    let scoped = r#"{"Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": {"IpAddress": {"acs:SourceIp": "203.0.113.0/24"}}}"#;
    let case = Case { group: Known::Known(Some("rg-a".into())), ..Case::new() }.of_group("rg-a", scoped);
    assert_eq!(changes(&case.with("acs:SourceIp", "192.0.2.1").found())[0], ["acs:SourceIp"]);
}

#[test]
fn the_policies_of_the_group_are_changed_and_no_others() {
    let nearly = r#"{"Effect": "Allow", "Action": "polardb:OpenX", "Resource": "acs:polardb:*:*:dbcluster/pc-1"}"#;
    let mut case = Case { group: Known::Known(Some("rg-b".into())), ..Case::new() };
    for (group, name) in [("rg-a", "first"), ("rg-b", "second")] {
        let scope = Scope::ResourceGroup(group.to_owned());
        case.policies.add_identity(name, &Case::document(name, nearly), scope).unwrap();
    }
    assert_eq!(changes(&case.found())[0], ["second 0 Action"]);
}

#[test]
fn nobody_is_told_to_move_a_resource_out_of_the_reach_of_a_deny() {
    let deny = r#"{"Effect": "Deny", "Action": "*", "Resource": "*"}"#;
    let case = Case { group: Known::Known(Some("rg-a".into())), ..Case::new() }.of_group("rg-a", deny);
    let case = case.of_group("rg-b", ALLOW_ALL);
    for told in changes(&case.found()) {
        assert_eq!(told[0], "without scoped 0", "{told:?}");
    }
}

#[test]
fn a_deny_that_reaches_the_owner_by_its_condition_is_told_by_its_condition() {
    let deny = r#"{"Effect": "Deny", "Action": "oss:*", "Resource": "*", "Principal": ["*"],
        "Condition": {"Bool": {"acs:SecureTransport": "false"}}}"#;
    let principal = Principal::Owner { account: "1234567890123456".into() };
    let mut case = Case { principal, action: "oss:GetObject", ..Case::new() }.with("acs:SecureTransport", "false");
    case.policies.add_resource("bucket", &Case::document("bucket", deny)).unwrap();
    assert_eq!(changes(&case.found())[0], ["acs:SecureTransport"]);
}
