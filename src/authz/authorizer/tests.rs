//! What an authorizer puts together, and what it keeps.

use super::*;
use crate::authz::{Grants, NearMisses, Search};
use crate::catalog::Known;
use crate::identity::{Group, Role, User};
use crate::json::SourceText;
use crate::policy::{Context, Dialect, Document};

/// Two users with one policy by different ways, one with another, and one with none.
fn world() -> World {
    let mut world = World::default();
    for (name, action) in [("close", "polardb:Close*"), ("stop", "ecs:Stop*")] {
        world.policies.insert(name, policy(name, action));
    }
    let attach = |policy: &str| {
        Attachments::from(vec![Attachment { policy: policy.to_owned(), system: false, scope: Scope::Account }])
    };
    let mut account = Account::default();
    account.groups.insert("dba".to_owned(), Group { attachments: attach("close") });
    for (name, groups, attachments) in [
        ("alice", vec![], attach("close")),
        ("bob", vec!["dba".to_owned()], Attachments::default()),
        ("carol", vec![], attach("stop")),
        ("dave", vec![], Attachments::default()),
    ] {
        let user = User { id: format!("{name}-id"), groups, attachments, keys: Vec::new() };
        account.users.insert(name.to_owned(), user);
    }
    world.accounts.insert("1".to_owned(), account);
    world
}

#[test]
fn principals_with_the_same_policies_have_one_list() {
    let authorizer = Authorizer::new(&world()).unwrap();
    let list = |name: &str| &authorizer.accounts["1"].users[name].identity.account;
    assert!(list("alice").is_same(list("bob")));
    assert!(!list("alice").is_same(list("carol")));
    assert!(list("dave").is_empty() && !list("alice").is_empty());
}

fn policy(name: &str, action: &str) -> Document {
    let text =
        format!(r#"{{"Version": "1", "Statement": [{{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}]}}"#);
    Document::parse(&SourceText::new(name, text), PolicyKind::Identity, &Dialect::strict()).unwrap()
}

fn asked<T>(name: &str, action: &str, ask: impl FnOnce(&Request<'_>) -> T) -> T {
    let principal = Principal::User { account: "1".into(), name: name.into(), id: format!("{name}-id") };
    let context = Context::new();
    ask(&Request {
        principal: &principal,
        action,
        resource: "*",
        owner: None,
        resource_group: &Known::Unknown,
        context: &context,
        mode: Mode::General,
    })
}

fn allows(authorizer: &Authorizer, name: &str, action: &str) -> bool {
    asked(name, action, |request| authorizer.decide(request).outcome == Outcome::Allow)
}

#[test]
fn every_answer_says_by_which_generation_of_policies_it_was_given() {
    let mut authorizer = Authorizer::new(&world()).unwrap();
    assert_eq!(authorizer.generation(), 0);
    authorizer.set_generation(7);
    assert_eq!(authorizer.generation(), 7);
    for (name, action, expected) in [
        ("alice", "polardb:CloseX", Outcome::Allow),
        ("alice", "polardb:OpenX", Outcome::ImplicitDeny),
        ("nobody", "polardb:CloseX", Outcome::ImplicitDeny),
    ] {
        asked(name, action, |request| {
            let ruling = authorizer.decide(request);
            assert_eq!((ruling.outcome, ruling.generation), (expected, 7), "{name} {action}");
            assert_eq!(ruling.to_decision().generation, 7);
            assert_eq!(authorizer.decide_batch(&[*request])[0].generation, 7);
            assert_eq!(authorizer.explain(request).decision().generation, 7);
            assert_eq!(authorizer.trace(request).0.generation, 7);
        });
    }
    let misses = asked("alice", "polardb:OpenX", |request| authorizer.near_misses(request, Search::default()));
    assert!(!misses.found.is_empty());
    for miss in &misses.found {
        assert_eq!((miss.decision.outcome, miss.decision.generation), (Outcome::Allow, 7));
    }
    let grants = asked("alice", "polardb:CloseX", |request| authorizer.grants(request));
    let [grant] = grants.grants.as_slice() else { panic!("{grants:?}") };
    assert_eq!((grant.statement.policy.as_str(), grant.without.generation), ("close", 7));
}

#[test]
fn who_is_not_in_the_world_has_nothing_that_grants_and_no_near_miss() {
    let authorizer = Authorizer::new(&world()).unwrap();
    asked("nobody", "polardb:CloseX", |request| {
        assert_eq!(authorizer.near_misses(request, Search::default()), NearMisses::default());
        assert_eq!(authorizer.grants(request), Grants::default());
    });
}

#[test]
fn another_policy_makes_the_lists_anew_that_name_it_and_no_others() {
    let mut world = world();
    let first = Authorizer::new(&world).unwrap();
    assert_eq!(first.reuse(), Reuse { kept: 0, made: 2 });
    let same = Authorizer::after(&world, &first).unwrap();
    assert_eq!(same.reuse(), Reuse { kept: 2, made: 0 });
    let list = |authorizer: &Authorizer, name: &str| authorizer.accounts["1"].users[name].identity.account.clone();
    assert!(list(&same, "alice").is_same(&list(&first, "bob")));

    // Under its name stands another policy.
    world.policies.insert("close", policy("close", "polardb:Open*"));
    let second = Authorizer::after(&world, &same).unwrap();
    assert_eq!(second.reuse(), Reuse { kept: 1, made: 1 });
    assert!(list(&second, "carol").is_same(&list(&first, "carol")));
    for name in ["alice", "bob"] {
        assert!(allows(&second, name, "polardb:OpenX") && !allows(&second, name, "polardb:CloseX"), "{name}");
        assert!(allows(&first, name, "polardb:CloseX"), "what was in force stays as it is");
    }

    // What is attached changes, and no policy.
    let account = world.accounts.get_mut("1").unwrap();
    let stop = account.users["carol"].attachments.clone();
    account.users.get_mut("dave").unwrap().attachments = stop;
    let third = Authorizer::after(&world, &second).unwrap();
    assert_eq!(third.reuse(), Reuse { kept: 2, made: 0 });
    assert!(allows(&third, "dave", "ecs:StopX") && !allows(&second, "dave", "ecs:StopX"));
}

#[test]
fn requests_are_decided_together_as_by_themselves() {
    let authorizer = Authorizer::new(&world()).unwrap();
    let user =
        |name: &str| Principal::User { account: "1".to_owned(), name: name.to_owned(), id: format!("{name}-id") };
    let principals = ["alice", "alice", "carol", "nobody", "bob", "alice", "dave"].map(user);
    let context = Context::new();
    let requests: Vec<Request<'_>> = principals
        .iter()
        .flat_map(|principal| {
            [("polardb:CloseX", None), ("ecs:StopX", None), ("ecs:StopX", Some("2"))].map(|(action, owner)| Request {
                principal,
                action,
                resource: "*",
                owner,
                resource_group: &Known::Unknown,
                context: &context,
                mode: Mode::General,
            })
        })
        .collect();
    let together = authorizer.decide_batch(&requests);
    assert_eq!(together.len(), requests.len());
    for (request, ruling) in requests.iter().zip(together) {
        assert_eq!(ruling.to_decision(), authorizer.decide(request).to_decision(), "{request:?}");
    }
}

#[test]
fn a_role_is_assumed_by_its_own_arn_alone() {
    let text = r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": "ecs.aliyuncs.com"}}]}"#;
    let document = Document::parse(&SourceText::new("trust", text), PolicyKind::Trust, &Dialect::strict()).unwrap();
    let mut world = World::default();
    world.policies.insert("trust", document);
    let trust = Some("trust".to_owned());
    let role = Role { trust, attachments: Attachments::default(), service_linked: false, max_session_duration: 3600 };
    for account in ["1", "2"] {
        world.accounts.insert(account.to_owned(), Account::default());
    }
    world.accounts.get_mut("1").unwrap().roles.insert("ops".to_owned(), role);
    let authorizer = Authorizer::new(&world).unwrap();
    let principal = Principal::Service { name: "ecs.aliyuncs.com".to_owned() };
    for (resource, owner, expected) in [
        ("acs:ram::1:role/ops", None, Outcome::Allow),
        ("acs:ram::1:role/ops", Some("1"), Outcome::Allow),
        ("acs:ram::1:role/ops", Some("2"), Outcome::ImplicitDeny),
        ("acs:ram::2:role/ops", Some("1"), Outcome::ImplicitDeny),
        ("acs:ecs::1:role/ops", None, Outcome::ImplicitDeny),
        ("acs:ram:cn-hangzhou:1:role/ops", None, Outcome::ImplicitDeny),
        ("x:y:z:1:role/ops", None, Outcome::ImplicitDeny),
    ] {
        let decision = authorizer.decide(&Request {
            principal: &principal,
            action: "sts:AssumeRole",
            resource,
            owner,
            resource_group: &Known::Unknown,
            context: &Context::new(),
            mode: Mode::AssumeRole,
        });
        assert_eq!(decision.outcome, expected, "{resource} {owner:?}");
    }
}
