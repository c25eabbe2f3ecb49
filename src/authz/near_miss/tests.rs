//! Denials of each kind, and what would have allowed them.

use super::*;
use crate::authz::Outcome;
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
            mode: crate::authz::Mode::General,
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
