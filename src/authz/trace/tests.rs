//! What a trace tells of each kind of policy.

use crate::authz::{Exemption, Mode, PolicySet, Request, Trace};
use crate::catalog::Known;
use crate::identity::{Principal, Scope};
use crate::json::SourceText;
use crate::policy::{Context, ContextValue, Dialect};

const CLUSTER: &str = "acs:polardb:cn-hangzhou:1234567890123456:dbcluster/pc-1";

fn document(name: &str, statements: &str) -> SourceText {
    SourceText::new(name, format!("{{\n  \"Version\": \"1\",\n  \"Statement\": [{statements}]\n}}\n"))
}

/// Policies of every kind, so that each stage has statements that apply and statements that fail at each element.
fn policies() -> PolicySet {
    let mut set = PolicySet::new(Dialect::lenient());
    let control = document(
        "guard.json",
        r#"
    { "Effect": "Allow", "Action": "*", "Resource": "*" },
    { "Effect": "Deny", "NotAction": ["polardb:Close*", "ecs:*"], "Resource": "*" }"#,
    );
    set.add_control("guard", &control, "fd-prod").unwrap();
    let session = document(
        "narrow.json",
        r#"
    { "Effect": "Allow", "Action": "polardb:CloseX", "Resource": ["acs:polardb:*:*:dbcluster/pc-2", "acs:polardb:*:*:dbcluster/*"] }"#,
    );
    set.set_session("narrow", &session).unwrap();
    let own = document(
        "own.json",
        r#"
    { "Sid": "other", "Effect": "Allow", "Action": "ecs:*", "Resource": "*" },
    { "Effect": "Allow", "Action": "polardb:*", "Resource": "acs:polardb:*:*:dbcluster/pc-9" },
    { "Effect": "Allow", "Action": "polardb:*", "Resource": "*",
      "Condition": { "Bool": { "acs:SecureTransport": "true" },
                     "IpAddress": { "acs:SourceIp": ["203.0.113.0/24", "198.51.100.7"] } } },
    { "Effect": "Deny", "Action": "polardb:*", "Resource": "*",
      "Condition": { "StringNotEquals": { "acs:ResourceTag/team": "dba" } } }"#,
    );
    set.add_identity("own", &own, Scope::Account).unwrap();
    let group = document(
        "group.json",
        r#"
    { "Effect": "Allow", "Action": "polardb:Close*", "Resource": "*",
      "Condition": { "DateLessThan": { "acs:CurrentTime": "2027-01-01T00:00:00Z" } } }"#,
    );
    set.add_identity("group", &group, Scope::ResourceGroup("rg-a".into())).unwrap();
    set
}

fn explained(set: &PolicySet, action: &str, resource: &str, mode: Mode) -> Trace {
    let principal = Principal::RoleSession {
        account: "1234567890123456".into(),
        role: "ops".into(),
        session: "s1".into(),
        policy: None,
    };
    let mut context = Context::new();
    context.set("acs:SecureTransport", "true");
    context.set("acs:SourceIp", "192.0.2.1");
    context.set("acs:ResourceTag/team", "dba");
    context.set_value("acs:CurrentTime", ContextValue::Unknown);
    let request = Request {
        principal: &principal,
        action,
        resource,
        owner: None,
        resource_group: &Known::Known(Some("rg-a".to_owned())),
        context: &context,
        mode,
    };
    set.trace(&request).1
}

#[test]
fn every_statement_of_every_kind_says_by_what_it_matched_or_failed() {
    let trace = explained(&policies(), "polardb:CloseX", CLUSTER, Mode::General);
    insta::assert_snapshot!(trace);
    insta::assert_json_snapshot!(trace);
}

#[test]
fn a_trust_policy_says_whom_it_names() {
    let mut set = PolicySet::new(Dialect::strict());
    let take = document("take.json", r#"{ "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*" }"#);
    set.add_identity("take", &take, Scope::Account).unwrap();
    let trust = document(
        "trust.json",
        r#"
    { "Effect": "Allow", "Action": "sts:AssumeRole",
      "Principal": { "RAM": ["acs:ram::1234567890123456:user/alice"], "Service": ["ecs.aliyuncs.com"] } },
    { "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "RAM": "acs:ram::1234567890123456:root" } }"#,
    );
    set.set_trust("trust", &trust).unwrap();
    let role = "acs:ram::1234567890123456:role/dba";
    insta::assert_snapshot!(explained(&set, "sts:AssumeRole", role, Mode::AssumeRole));
}

#[test]
fn a_bucket_policy_says_whom_it_names() {
    let mut set = PolicySet::new(Dialect::strict());
    let bucket = document(
        "bucket.json",
        r#"
    { "Effect": "Deny", "Action": "oss:GetObject", "Resource": "*", "Principal": ["2234567890123456"] },
    { "Effect": "Allow", "Action": "oss:GetObject", "Resource": "*",
      "Principal": ["arn:sts::1234567890123456:assumed-role/ops/*"] }"#,
    );
    set.add_resource("bucket", &bucket).unwrap();
    let object = "acs:oss:*:1234567890123456:bucket/key";
    insta::assert_snapshot!(explained(&set, "oss:GetObject", object, Mode::General));
}

/// Who asks is not what matters here.
fn asked<T>(action: &str, group: &Known<Option<String>>, context: &Context, ask: impl FnOnce(&Request<'_>) -> T) -> T {
    let principal = Principal::User { account: "1234567890123456".into(), name: "alice".into(), id: "2".into() };
    let mode = Mode::of_action(action);
    ask(&Request {
        principal: &principal,
        action,
        resource: CLUSTER,
        owner: None,
        resource_group: group,
        context,
        mode,
    })
}

#[test]
fn keys_that_are_unknown_are_told_as_the_policies_write_them() {
    let mut context = Context::new();
    context.set_value("acs:CurrentTime", ContextValue::Unknown);
    context.set_unknown_prefix("acs:ResourceTag/");
    context.set("acs:SecureTransport", "true");
    context.set("acs:SourceIp", "203.0.113.7");
    let told = |action| {
        asked(action, &Known::Known(Some("rg-a".to_owned())), &context, |request| {
            let policies = policies();
            let (trace, explanation) = (policies.trace(request).1, policies.explain(request));
            assert_eq!(trace.unknown_keys(), explanation.unknown_keys());
            assert_eq!(explanation.to_string(), explanation.to_trace().to_string());
            let told = serde_json::to_value(explanation.to_trace()).unwrap();
            for (stage, told) in explanation.stages().zip(told["stages"].as_array().unwrap()) {
                let ruled_out = (stage.ruled_out > 0).then_some(stage.ruled_out as u64);
                assert_eq!(told.get("ruled_out").and_then(serde_json::Value::as_u64), ruled_out, "{told}");
                assert!(told.get("ruled_out").is_none_or(|count| *count != 0), "{told}");
            }
            let statements = trace.stages.iter().map(|stage| stage.statements.len());
            let explained = explanation.stages().map(|stage| stage.statements().count() + stage.ruled_out);
            assert_eq!(statements.collect::<Vec<_>>(), explained.collect::<Vec<_>>());
            trace.unknown_keys().into_iter().map(str::to_owned).collect::<Vec<_>>()
        })
    };
    // The group's policy is not asked, for a Deny of the account's applies as if it were met.
    assert_eq!(told("polardb:CloseX"), ["acs:ResourceTag/team"]);
    // None of what is about this action tests anything.
    assert_eq!(told("ecs:StopX"), Vec::<String>::new());
}

#[test]
fn a_rule_that_decided_is_told_in_words() {
    let told = |action| {
        asked(action, &Known::Unknown, &Context::new(), |request| {
            let mut set = policies();
            set.exempt(Exemption::ServiceLinkedRole);
            let (trace, explanation) = (set.trace(request).1, set.explain(request));
            assert_eq!(trace.rules().collect::<Vec<_>>(), explanation.rules().collect::<Vec<_>>());
            trace.rules().collect::<Vec<_>>()
        })
    };
    assert_eq!(told("sts:GetCallerIdentity"), ["`sts:GetCallerIdentity` is answered whatever policies say"]);
    assert_eq!(told("ecs:StopX"), ["control policies do not bind service-linked roles"]);
    assert_eq!(
        asked("ecs:StopX", &Known::Unknown, &Context::new(), |request| policies().trace(request).1.rules().count()),
        0
    );
}

#[test]
fn everyone_is_the_owner_too_where_a_condition_says_when() {
    for (condition, named) in [("", false), (r#", "Condition": { "Bool": { "acs:SecureTransport": "false" } }"#, true)]
    {
        let mut set = PolicySet::new(Dialect::strict());
        let text =
            format!(r#"{{ "Effect": "Deny", "Action": "oss:*", "Resource": "*", "Principal": ["*"]{condition} }}"#);
        set.add_resource("bucket", &document("bucket.json", &text)).unwrap();
        let (context, principal) = (Context::new(), Principal::Owner { account: "1234567890123456".into() });
        let (action, resource, group) = ("oss:GetObject", "acs:oss:*:1234567890123456:bucket/key", Known::Unknown);
        let (_, trace) = set.trace(&Request {
            principal: &principal,
            action,
            resource,
            owner: None,
            resource_group: &group,
            context: &context,
            mode: Mode::General,
        });
        let statement = trace.stages.iter().flat_map(|stage| &stage.statements).next().unwrap();
        let principal = statement.elements.last().unwrap();
        assert_eq!((principal.element, principal.matches, principal.pattern.is_some()), ("Principal", named, named));
    }
}
