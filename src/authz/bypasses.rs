//! How other engines let through what they should not, and that this one does not: one test for each case of spec
//! bypasses, named after its row of section 2 (`engines`) or 3 (`faults`).
//!
//! Rows that are not here:
//! - engines 2, 7 and 8 are about which actions and resources a call asks for, which is the catalogue's to say.
//! - engines 3, 4, 6, 9, 10, 12, 17, 21, 25 to 28, 30 and 31 are about what reaches an evaluator, which is the gate's to say.
//! - engines 15 is about a formatter.
//! - engines 22 is the whole of `reference/tests.rs`: a plain evaluator on small worlds.
//! - faults F10 is about checks for administrators, which are rules of `lint`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Authorizer, AuthzError, Decision, Mode, Outcome, PolicySet, Request, reference};
use crate::catalog::{Check, Checks, Known, Requirement};
use crate::identity::{Account, Attachment, DirectoryNode, Principal, Scope, User, World};
use crate::json::SourceText;
use crate::policy::{
    Case, Code, Context, ContextValue, Dialect, Document, InvalidPolicy, IpBlock, Operator, Pattern, PolicyKind,
    parse_address,
};

const ACCOUNT: &str = "1234567890123456";
const CLUSTER: &str = "acs:polardb:cn-hangzhou:1234567890123456:dbcluster/pc-1";

fn alice() -> Principal {
    Principal::User { account: ACCOUNT.into(), name: "alice".into(), id: "2".into() }
}

fn source(statements: &[Value]) -> SourceText {
    SourceText::new("policy", json!({"Version": "1", "Statement": statements}).to_string())
}

fn read(statements: &[Value]) -> Result<Document, InvalidPolicy> {
    Document::parse(&source(statements), PolicyKind::Identity, &Dialect::strict())
}

fn set(statements: &[Value]) -> PolicySet {
    let mut set = PolicySet::new(Dialect::lenient());
    set.add_identity("policy", &source(statements), Scope::Account).unwrap();
    set
}

/// A decision for Alice, which the explanation and the reference share.
fn decide(set: &PolicySet, action: &str, resource: &str, context: &Context) -> Outcome {
    let request = Request {
        principal: &alice(),
        action,
        resource,
        owner: None,
        resource_group: &Known::Known(None),
        context,
        mode: Mode::General,
    };
    agreed(set, &request).outcome
}

fn agreed(set: &PolicySet, request: &Request<'_>) -> Decision {
    let decision = set.decide(request).to_decision();
    assert_eq!(set.trace(request).0, decision);
    assert_eq!(reference::decide(&reference::Policies::of(&set.applicable()), request).difference(&decision), None);
    decision
}

fn with(key: &str, values: &[&str]) -> Context {
    let mut context = Context::new();
    context.set_value(key, ContextValue::Present(values.iter().map(|value| (*value).to_owned()).collect()));
    context
}

fn allow(more: &Value) -> Value {
    let mut statement = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    for (name, value) in more.as_object().into_iter().flatten() {
        statement[name] = value.clone();
    }
    statement
}

fn deny(more: &Value) -> Value {
    let mut statement = allow(more);
    statement["Effect"] = "Deny".into();
    statement
}

// ── policy engines ──────────────────────────────────────────────────────────

#[test]
fn engines_row_1_without_a_policy_everything_is_denied_in_every_mode() {
    let set = PolicySet::new(Dialect::strict());
    let others = [
        alice(),
        Principal::RoleSession { account: ACCOUNT.into(), role: "ops".into(), session: "s".into(), policy: None },
        Principal::Service { name: "ecs.aliyuncs.com".into() },
        Principal::Federated { provider: format!("acs:ram::{ACCOUNT}:saml-provider/p") },
        Principal::Owner { account: "6543210987654321".into() },
    ];
    for principal in &others {
        for mode in [Mode::General, Mode::AssumeRole, Mode::Sso] {
            for resource in ["*", CLUSTER, "acs:ram::1234567890123456:role/ops"] {
                let request = Request {
                    principal,
                    action: "polardb:DeleteDBCluster",
                    resource,
                    owner: Some(ACCOUNT),
                    resource_group: &Known::Unknown,
                    context: &Context::new(),
                    mode,
                };
                assert_eq!(agreed(&set, &request).outcome, Outcome::ImplicitDeny, "{principal} {mode:?} {resource}");
            }
        }
    }
}

#[test]
fn engines_row_5_negation_is_of_the_whole_and_not_of_a_part() {
    // The whole table is in reference/tests/truth.rs; this is the case that was inverted.
    let condition = json!({"StringNotEquals": {"acs:ResourceTag/team": ["dba", "ops"]}});
    let denied = set(&[allow(&json!({})), deny(&json!({"Condition": condition}))]);
    for (values, expected) in [
        (&["dba"][..], Outcome::Allow),
        (&["ops"], Outcome::Allow),
        (&["web", "ops"], Outcome::Allow),
        (&["web"], Outcome::ExplicitDeny),
        (&[], Outcome::ExplicitDeny),
    ] {
        assert_eq!(decide(&denied, "a:b", "*", &with("acs:ResourceTag/team", values)), expected, "{values:?}");
    }
}

#[test]
fn engines_row_11_a_deny_that_applies_denies_whatever_allows() {
    for action in ["polardb:DeleteDBCluster", "oss:BypassGovernanceRetention", "sts:AssumeRole"] {
        let both = set(&[allow(&json!({})), deny(&json!({"Action": action}))]);
        assert_eq!(decide(&both, action, "*", &Context::new()), Outcome::ExplicitDeny);
        let alone = set(&[allow(&json!({"Action": action}))]);
        assert_eq!(decide(&alone, action, "*", &Context::new()), Outcome::Allow);
    }
}

proptest! {
    /// Text after a `*` counts as much as text before it.
    #[test]
    fn engines_rows_13_and_14_a_pattern_matches_no_text_that_lacks_its_letters(
        pattern in "[ab/:]{0,4}\\*[ab/:?]{0,4}\\*?[ab/:]{0,4}", text in "[ab/:]{0,12}",
    ) {
        if Pattern::new(&pattern, Case::Exact).matches(&text) {
            let mut left = text.as_str();
            for letters in pattern.split(['*', '?']) {
                let found = left.split_once(letters);
                prop_assert!(found.is_some(), "{} {}", pattern, text);
                left = found.map_or("", |(_, after)| after);
            }
            prop_assert!(text.starts_with(pattern.split(['*', '?']).next().unwrap()));
            prop_assert!(text.ends_with(pattern.rsplit(['*', '?']).next().unwrap()));
        }
    }

    /// Every byte is a letter like others, and a pattern means itself whatever it holds.
    #[test]
    fn engines_rows_29_and_32_no_letter_means_anything_but_the_two_wildcards(text in "\\PC{0,6}[\n\r\0.+()\\[\\]{}|^$\\\\]{1,6}\\PC{0,3}") {
        let literal: String = text.chars().filter(|letter| !matches!(letter, '*' | '?')).collect();
        for case in [Case::Exact, Case::Ignore, Case::Arn] {
            prop_assert!(Pattern::new(&literal, case).matches(&literal));
            prop_assert!(Pattern::new("*", case).matches(&literal));
            let wildcards = "?".repeat(literal.chars().count());
            prop_assert!(Pattern::new(&wildcards, case).matches(&literal));
            let longer = format!("{literal}x");
            prop_assert!(!Pattern::new(&literal, case).matches(&longer));
        }
    }

    #[test]
    fn engines_row_33_no_letter_of_a_pattern_is_lost(text in "[a-z*?\\\\\"é中\u{0}/:]{1,12}") {
        let statement = allow(&json!({"Resource": text, "Condition": {"StringLike": {"k": text}}}));
        let document = read(&[statement]).unwrap();
        let statement = &document.statements()[0];
        let (pattern, _) = statement.resource().unwrap().patterns().next().unwrap();
        prop_assert_eq!(pattern.as_str(), &text);
        prop_assert_eq!(&*statement.condition()[0].written_operands()[0].text, &text);
    }
}

#[test]
fn engines_row_16_a_value_of_another_type_is_no_yes() {
    for operator in Operator::ALL {
        let (operand, strange) = match operator.name() {
            name if name.starts_with("Numeric") => ("1", "one"),
            name if name.starts_with("Date") => ("2026-08-12T09:00:00Z", "2026"),
            "Bool" => ("true", "1"),
            "IpAddress" | "NotIpAddress" => ("192.0.2.0/24", "here"),
            _ => continue,
        };
        let condition = json!({"Condition": {operator.name(): {"k": operand}}});
        let context = with("k", &[strange]);
        assert_eq!(decide(&set(&[allow(&condition)]), "a:b", "*", &context), Outcome::ImplicitDeny, "{operator}");
        let denied = set(&[allow(&json!({})), deny(&condition)]);
        assert_eq!(decide(&denied, "a:b", "*", &context), Outcome::ExplicitDeny, "{operator}");
    }
}

fn world(statement: &Value) -> World {
    let mut world = World::default();
    world.policies.insert("policy", read(std::slice::from_ref(statement)).unwrap());
    let attachments = vec![Attachment { policy: "policy".into(), system: false, scope: Scope::Account }].into();
    let user = User { id: "2".into(), groups: Vec::new(), attachments, keys: Vec::new() };
    let users = [("alice".to_owned(), user)].into();
    world.accounts.insert(ACCOUNT.into(), Account { users, ..Account::default() });
    world
}

#[test]
fn engines_row_18_an_authorizer_remembers_no_decision() {
    let world = world(&allow(&json!({"Condition": {"IpAddress": {"acs:SourceIp": "192.0.2.0/24"}}})));
    let asked_before = Authorizer::new(&world).unwrap();
    let contexts = [
        with("acs:SourceIp", &["192.0.2.1"]),
        with("acs:SourceIp", &["192.0.3.1"]),
        Context::new(),
        Context::unknown(),
        with("acs:SourceIp", &["192.0.2.1", "x"]),
        with("acs:SourceIp", &["192.0.2.7"]),
    ];
    for context in contexts.iter().chain(contexts.iter().rev()) {
        let request = Request {
            principal: &alice(),
            action: "a:b",
            resource: CLUSTER,
            owner: None,
            resource_group: &Known::Unknown,
            context,
            mode: Mode::General,
        };
        let asked_anew = Authorizer::new(&world).unwrap();
        assert_eq!(asked_before.decide(&request).to_decision(), asked_anew.decide(&request).to_decision());
    }
}

#[test]
fn engines_row_19_every_check_of_a_call_has_its_own_answer() {
    let world = world(&allow(&json!({
        "Resource": "acs:polardb:*:*:dbcluster/pc-1",
        "Condition": {"StringEquals": {"acs:ResourceTag/team": "dba"}},
    })));
    let authorizer = Authorizer::new(&world).unwrap();
    let check = |cluster: &str, team: &str| Check {
        action: "polardb:DeleteDBCluster".into(),
        resource: format!("acs:polardb:cn-hangzhou:{ACCOUNT}:dbcluster/{cluster}"),
        requirement: Requirement::Allowed,
        stricter_than_cloud: false,
        resource_group: Known::Known(None),
        tags: Known::Known(vec![("team".into(), team.into())]),
    };
    let decide = |checks: &[Check]| {
        let checks = Checks {
            operation: "DeleteDBCluster".into(),
            write: true,
            owner: ACCOUNT.into(),
            region: None,
            checks: checks.to_vec(),
            request_tags: Vec::new(),
        };
        authorizer.decide_checks(&alice(), &checks, &Context::new())
    };
    let all =
        [check("pc-1", "dba"), check("pc-1", "web"), check("pc-1", "dba"), check("pc-2", "dba"), check("pc-1", "web")];
    for from in 0..all.len() {
        let mut turned = all.to_vec();
        turned.rotate_left(from);
        let together = decide(&turned);
        assert!(!together.is_allowed());
        let alone: Vec<_> = turned.iter().flat_map(|check| decide(std::slice::from_ref(check)).decisions).collect();
        assert_eq!(together.decisions, alone);
    }
    assert!(decide(&[check("pc-1", "dba"), check("pc-1", "dba")]).is_allowed());
}

#[test]
fn engines_row_20_each_element_has_one_rule_of_letter_case() {
    let other_case = |text: &str| text.chars().map(|letter| letter.to_ascii_uppercase()).collect::<String>();
    let fixed = |more: Value| set(&[allow(&more)]);
    for (what, policy, action, resource, context, expected) in [
        (
            "action",
            fixed(json!({"Action": "polardb:close"})),
            other_case("polardb:close"),
            CLUSTER.into(),
            Context::new(),
            true,
        ),
        (
            "acs and service",
            fixed(json!({"Resource": "ACS:POLARDB:*"})),
            "a:b".into(),
            CLUSTER.into(),
            Context::new(),
            true,
        ),
        (
            "resource",
            fixed(json!({"Resource": other_case(CLUSTER)})),
            "a:b".into(),
            CLUSTER.into(),
            Context::new(),
            false,
        ),
        (
            "region",
            fixed(json!({"Resource": "acs:polardb:CN-HANGZHOU:*"})),
            "a:b".into(),
            CLUSTER.into(),
            Context::new(),
            false,
        ),
        (
            "key",
            fixed(json!({"Condition": {"Bool": {"ACS:MFAPRESENT": "true"}}})),
            "a:b".into(),
            "*".to_owned(),
            with("acs:MFAPresent", &["true"]),
            true,
        ),
        (
            "tag key",
            fixed(json!({"Condition": {"StringEquals": {"acs:ResourceTag/TEAM": "a"}}})),
            "a:b".into(),
            "*".into(),
            with("acs:ResourceTag/team", &["a"]),
            false,
        ),
        (
            "value",
            fixed(json!({"Condition": {"StringEquals": {"k": "A"}}})),
            "a:b".into(),
            "*".into(),
            with("k", &["a"]),
            false,
        ),
        (
            "like",
            fixed(json!({"Condition": {"StringLike": {"k": "A*"}}})),
            "a:b".into(),
            "*".into(),
            with("k", &["a"]),
            false,
        ),
        (
            "ignored",
            fixed(json!({"Condition": {"StringEqualsIgnoreCase": {"k": "A"}}})),
            "a:b".into(),
            "*".into(),
            with("k", &["a"]),
            true,
        ),
    ] {
        let expected = if expected { Outcome::Allow } else { Outcome::ImplicitDeny };
        assert_eq!(decide(&policy, &action, &resource, &context), expected, "{what}");
    }
    for member in ["effect", "action", "resource"] {
        let mut statement = allow(&json!({}));
        statement[member] = "*".into();
        assert!(read(&[statement]).is_err(), "{member}");
    }
}

#[test]
fn engines_row_23_a_wildcard_in_an_exclusion_excludes_all_that_it_matches() {
    let actions = set(&[allow(&json!({"Action": null, "NotAction": ["ram:*", "*:Delete*"]}))].map(without_null));
    let resources =
        set(&[allow(&json!({"Resource": null, "NotResource": ["acs:polardb:*:*:dbcluster/pc-?"]}))].map(without_null));
    let none = set(&[allow(&json!({"Action": null, "NotAction": "*"}))].map(without_null));
    let context = Context::new();
    for (set, action, resource, expected) in [
        (&actions, "ram:CreateUser", "*", false),
        (&actions, "RAM:createuser", "*", false),
        (&actions, "ecs:DeleteDisk", "*", false),
        (&actions, "ecs:StopInstance", "*", true),
        (&resources, "a:b", CLUSTER, false),
        (&resources, "a:b", "acs:polardb:cn-hangzhou:1234567890123456:dbcluster/pc-10", true),
        (&resources, "a:b", "*", true),
        (&none, "ecs:StopInstance", "*", false),
    ] {
        let expected = if expected { Outcome::Allow } else { Outcome::ImplicitDeny };
        assert_eq!(decide(set, action, resource, &context), expected, "{action} {resource}");
    }
}

/// The statement without the members that were set to nothing.
fn without_null(mut statement: Value) -> Value {
    if let Some(members) = statement.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    statement
}

#[test]
fn engines_row_24_a_context_that_is_not_known_allows_nothing_that_depends_on_it() {
    for operator in Operator::ALL {
        let operand = match operator.name() {
            name if name.starts_with("Numeric") => "1",
            name if name.starts_with("Date") => "2026-08-12T09:00:00Z",
            "Bool" => "true",
            "IpAddress" | "NotIpAddress" => "192.0.2.0/24",
            _ => "a",
        };
        let condition = json!({"Condition": {operator.name(): {"k": operand}}});
        let (unknown, set_to_unknown) = (Context::unknown(), {
            let mut context = Context::new();
            context.set_value("k", ContextValue::Unknown);
            context
        });
        for context in [&unknown, &set_to_unknown] {
            assert_eq!(decide(&set(&[allow(&condition)]), "a:b", "*", context), Outcome::ImplicitDeny, "{operator}");
            let denied = set(&[allow(&json!({})), deny(&condition)]);
            assert_eq!(decide(&denied, "a:b", "*", context), Outcome::ExplicitDeny, "{operator}");
        }
    }
}

#[test]
fn engines_row_33_a_circle_of_three_nodes_is_an_error() {
    let mut world = world(&allow(&json!({})));
    for (node, parent) in [("a", "b"), ("b", "c"), ("c", "a")] {
        let node = (node.to_owned(), DirectoryNode { parent: Some(parent.into()), attachments: Vec::new() });
        world.directory.extend([node]);
    }
    world.accounts.get_mut(ACCOUNT).unwrap().node = Some("a".into());
    assert!(matches!(Authorizer::new(&world), Err(AuthzError::DirectoryCircle { .. })));
}

#[test]
fn engines_row_34_an_explanation_names_what_decided() {
    let set = set(&[allow(&json!({})), deny(&json!({"Condition": {"Bool": {"acs:MFAPresent": "false"}}}))]);
    let request = Request {
        principal: &alice(),
        action: "a:b",
        resource: "*",
        owner: None,
        resource_group: &Known::Unknown,
        context: &Context::unknown(),
        mode: Mode::General,
    };
    let (decision, trace) = set.trace(&request);
    assert_eq!(decision, agreed(&set, &request));
    assert_eq!(decision.determining.map(|statement| statement.index), Some(1));
    assert!(trace.to_string().contains("cannot be read"), "{trace}");
}

#[test]
fn engines_row_35_what_is_not_understood_is_an_error_and_not_left_out() {
    for (more, code) in [
        (json!({"Conditions": {}}), Code::UnknownMember),
        (json!({"condition": {}}), Code::UnknownMember),
        (json!({"Condition": {"Bool": {"a": "true"}, "BoolIfExists": {"b": "true"}}}), Code::UnknownOperator),
        (json!({"Condition": {"Bool": {}}}), Code::EmptyList),
        (json!({"Condition": []}), Code::WrongType),
        (json!({"NotPrincipal": "*"}), Code::UnsupportedElement),
    ] {
        let findings = read(&[allow(&more)]).unwrap_err().findings;
        assert!(findings.iter().any(|finding| finding.code == code), "{more} {findings:?}");
    }
}

// ── faults of comparable engines ────────────────────────────────────────────

#[test]
fn faults_row_f1_many_stars_cost_no_more_than_the_lengths() {
    // 14 stars before 53 letters took 32 s elsewhere; here it is far more of both.
    for stars in [14, 2000] {
        let pattern = Pattern::new(&format!("{}b", "*a".repeat(stars)), Case::Exact);
        assert!(!pattern.matches(&"a".repeat(4 * stars)));
        assert!(pattern.matches(&format!("{}b", "a".repeat(4 * stars))));
    }
}

#[test]
fn faults_row_f2_a_single_ipv6_address_is_one_address() {
    let block = IpBlock::parse("2001:db8::1").unwrap();
    assert!(block.contains(parse_address("2001:db8::1").unwrap()));
    assert!(!block.contains(parse_address("2001:db8::2").unwrap()));
    assert!(!block.contains(parse_address("2001:db8:ffff::1").unwrap()));
}

#[test]
fn faults_row_f3_greater_is_not_greater_or_equal() {
    for (operator, less, equal, greater) in [
        ("NumericGreaterThan", false, false, true),
        ("NumericGreaterThanEquals", false, true, true),
        ("NumericLessThan", true, false, false),
        ("NumericLessThanEquals", true, true, false),
    ] {
        let set = set(&[allow(&json!({"Condition": {operator: {"k": "10"}}}))]);
        for (value, met) in [("9", less), ("10", equal), ("10.0", equal), ("11", greater), ("100", greater)] {
            let expected = if met { Outcome::Allow } else { Outcome::ImplicitDeny };
            assert_eq!(decide(&set, "a:b", "*", &with("k", &[value])), expected, "{operator} {value}");
        }
    }
}

#[test]
fn faults_rows_f4_and_f5_a_wildcard_is_a_letter_and_a_point_is_a_point() {
    for (pattern, text, expected) in [
        ("a*", "é/x", false),
        ("*é", "é", true),
        ("é*x", "é/x", true),
        ("?", "é", true),
        ("??", "é", false),
        ("?", "", false),
        ("𝄞?", "𝄞𝄞", true),
        ("a.c", "abc", false),
        ("a.c*", "a.cd", true),
        ("a*c", "abd", false),
        ("/a/*/c", "/a/b/d", false),
        ("/a/*/c", "/a/b/c/d", false),
    ] {
        for case in [Case::Exact, Case::Ignore, Case::Arn] {
            assert_eq!(Pattern::new(pattern, case).matches(text), expected, "{pattern} {text}");
        }
    }
}

#[test]
fn faults_row_f6_an_allow_whose_condition_fails_denies_nothing() {
    let unmet = allow(&json!({"Condition": {"Bool": {"acs:SecureTransport": "true"}}}));
    let context = with("acs:SecureTransport", &["false"]);
    assert_eq!(decide(&set(std::slice::from_ref(&unmet)), "a:b", "*", &context), Outcome::ImplicitDeny);
    assert_eq!(decide(&set(&[unmet, allow(&json!({}))]), "a:b", "*", &context), Outcome::Allow);
}

#[test]
fn faults_row_f7_nothing_of_a_caller_becomes_part_of_a_pattern() {
    for variable in ["${acs:PrincipalName}", "${aws:username}", "{#user}"] {
        let set = set(&[allow(&json!({"Resource": format!("acs:oss:*:*:home/{variable}/?*")}))]);
        let request = |name: &str, resource: &str| {
            let principal = Principal::User { account: ACCOUNT.into(), name: name.into(), id: "2".into() };
            let request = Request {
                principal: &principal,
                action: "ecs:Get",
                resource,
                owner: None,
                resource_group: &Known::Unknown,
                context: &Context::new(),
                mode: Mode::General,
            };
            agreed(&set, &request).outcome
        };
        for name in ["*", "alice", "?", variable] {
            assert_eq!(request(name, "acs:oss::1234567890123456:home/alice/x"), Outcome::ImplicitDeny);
            let literal = format!("acs:oss::{ACCOUNT}:home/{variable}/x");
            assert_eq!(request(name, &literal), Outcome::Allow);
        }
    }
}

#[test]
fn faults_row_f8_an_unknown_operator_skips_no_deny_and_bool_asks_for_its_value() {
    let findings = read(&[deny(&json!({"Condition": {"StringMatches": {"k": "a"}}}))]).unwrap_err().findings;
    assert_eq!(findings[0].code, Code::UnknownOperator);
    for wanted in ["true", "false"] {
        let set = set(&[allow(&json!({"Condition": {"Bool": {"k": wanted}}}))]);
        for value in ["true", "false"] {
            let expected = if value == wanted { Outcome::Allow } else { Outcome::ImplicitDeny };
            assert_eq!(decide(&set, "a:b", "*", &with("k", &[value])), expected, "{wanted} {value}");
        }
    }
}

#[test]
fn faults_row_f9_an_ipv4_address_is_itself_however_it_is_written() {
    for (block, address) in
        [("10.0.0.0/8", "::ffff:10.0.0.1"), ("::ffff:10.0.0.0/104", "10.0.0.1"), ("10.0.0.1", "::ffff:a00:1")]
    {
        let denied = set(&[allow(&json!({})), deny(&json!({"Condition": {"IpAddress": {"acs:SourceIp": block}}}))]);
        assert_eq!(decide(&denied, "a:b", "*", &with("acs:SourceIp", &[address])), Outcome::ExplicitDeny, "{block}");
        let outside = with("acs:SourceIp", &["::ffff:11.0.0.1"]);
        assert_eq!(decide(&denied, "a:b", "*", &outside), Outcome::Allow, "{block}");
    }
}
