//! Shadow mode (spec gate-rules G15): what it forwards, and everything that it does not.

use std::net::SocketAddr;

use jiff::{SignedDuration, Timestamp};
use ramgate::authn::NonceMemory;
use ramgate::gateway::config::{Config, Shadow, Shadowed};
use ramgate::gateway::{Mode, Pipeline, Refusal, Snapshot};
use ramgate::identity::{PrincipalPattern, World};
use serde_json::Value;

use super::caller::{self, Answer, Key};
use super::events;
use super::laws::{permitted, rpc_v1};
use super::rules::{ALICE, ALL, CLUSTER, WORLD, policy};
use super::stand::{Stand, config, limited_world, world};

const SESSION: Key = Key { id: "STS.Session", secret: "canary-session-secret", token: Some("canary-session-token") };
const FOREIGN: &str = "pc-bp1cccc";

const NO_CLOSE: &str = r#"{ "Effect": "Deny", "Action": "polardb:CloseDBClusterMigration", "Resource": "*" }"#;
const NO_CALL: &str = r#"{ "Effect": "Deny", "Action": "*", "Resource": "*" }"#;

fn ahead(hours: i64) -> Timestamp {
    Timestamp::now() + SignedDuration::from_hours(hours)
}

fn of_principal(pattern: &str, until: Timestamp) -> Shadow {
    Shadow { of: Shadowed::Principal(PrincipalPattern::parse(pattern).unwrap()), until }
}

fn of_policy(name: &str, until: Timestamp) -> Shadow {
    Shadow { of: Shadowed::Policy(name.to_owned()), until }
}

/// A world whose alice has `rights` and further policies.
fn with_policies(rights: &str, further: &[(&str, &str)]) -> World {
    let attached: Vec<String> = ["rights"]
        .iter()
        .chain(further.iter().map(|(name, _)| name))
        .map(|name| format!("{{ policy = \"{name}\" }}"))
        .collect();
    let toml = WORLD.replacen("[{ policy = \"rights\" }]", &format!("[{}]", attached.join(", ")), 1);
    let documents: Vec<(&str, String)> =
        [("rights", rights)].iter().chain(further).map(|(name, statements)| (*name, policy(statements))).collect();
    let documents: Vec<(&str, &str)> = documents.iter().map(|(name, text)| (*name, text.as_str())).collect();
    world(&toml, &documents)
}

fn gate(world: World, shadows: Vec<Shadow>) -> Stand {
    let stand = Stand::of_world(world, |config| config.shadows = shadows).unwrap();
    stand.migrate(&[(CLUSTER, "cn-hangzhou")]);
    stand
}

fn close(stand: &Stand, key: Key) -> Answer {
    stand.call(key, "CloseDBClusterMigration", &[("DBClusterId", CLUSTER)])
}

fn event(answer: &Answer) -> Value {
    events::decision(answer.gate_request_id())
}

#[test]
fn g15_what_policies_deny_the_principal_is_forwarded_and_recorded_as_what_it_is() {
    for (statements, decision) in
        [(format!("{ALL}, {NO_CLOSE}"), "ExplicitDeny"), (NO_CLOSE.replace("Close", "Modify"), "ImplicitDeny")]
    {
        let stand = gate(with_policies(&statements, &[]), vec![of_principal("user/al*", ahead(24))]);
        let answer = close(&stand, ALICE);
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(stand.forwarded().len(), 1);
        let events = events::of_call(answer.gate_request_id());
        assert!(events.iter().all(|event| event["mode"] == "shadow"), "the intent too: {events:?}");
        let event = event(&answer);
        assert_eq!(event["decision"], decision);
        assert_eq!(event["denied_action"], "polardb:CloseDBClusterMigration");
        assert_eq!(event["forwarded"], true);
        assert!(event["shadow"].as_str().unwrap().starts_with("principal `user/al*` until 20"), "{event}");
        assert_eq!(event["policy"].is_null(), decision == "ImplicitDeny");
    }
}

#[test]
fn g15_what_policies_allow_is_enforced_as_ever() {
    let stand = gate(with_policies(ALL, &[]), vec![of_principal("*", ahead(24))]);
    let event = event(&close(&stand, ALICE));
    assert_eq!((event["mode"].as_str(), event["decision"].as_str()), (Some("enforce"), Some("Allow")));
    assert!(event["shadow"].is_null());
}

#[test]
fn g15_others_than_the_principal_are_refused() {
    let stand = gate(with_policies(NO_CALL, &[]), vec![of_principal("user/alice", ahead(24))]);
    let answer = close(&stand, SESSION);
    assert_eq!(answer.code(), "Forbidden.RAM");
    assert_eq!(event(&answer)["mode"], "enforce");
    assert_eq!(stand.forwarded().len(), 0);
}

#[test]
fn g15_the_denies_of_the_policy_are_forwarded() {
    let world = with_policies(ALL, &[("guard", NO_CLOSE)]);
    let stand = gate(world, vec![of_policy("guard", ahead(24))]);
    let answer = close(&stand, ALICE);
    assert_eq!(answer.status, 200, "{answer:?}");
    let event = event(&answer);
    assert_eq!((event["policy"].as_str(), event["decision"].as_str()), (Some("guard"), Some("ExplicitDeny")));
    assert!(event["shadow"].as_str().unwrap().starts_with("policy `guard` until "), "{event}");
}

#[test]
fn g15_a_deny_of_another_policy_is_not_hidden_by_that_of_the_policy() {
    for further in [[("guard", NO_CLOSE), ("wall", NO_CALL)], [("wall", NO_CALL), ("guard", NO_CLOSE)]] {
        let stand = gate(with_policies(ALL, &further), vec![of_policy("guard", ahead(24))]);
        assert_eq!(close(&stand, ALICE).code(), "Forbidden.RAM");
        assert_eq!(stand.forwarded().len(), 0);
    }
    // Both have to be in the shadow, and as long as both are.
    let further = [("guard", NO_CLOSE), ("wall", NO_CALL)];
    let both = |hours| vec![of_policy("guard", ahead(24)), of_policy("wall", ahead(hours))];
    assert_eq!(close(&gate(with_policies(ALL, &further), both(48)), ALICE).status, 200);
    assert_eq!(close(&gate(with_policies(ALL, &further), both(-1)), ALICE).code(), "Forbidden.RAM");
}

#[test]
fn g15_what_no_policy_allows_is_not_in_the_shadow_of_a_policy() {
    let world = with_policies(&NO_CLOSE.replace("Close", "Modify"), &[("guard", NO_CLOSE)]);
    let stand = gate(world, vec![of_policy("guard", ahead(24)), of_policy("rights", ahead(24))]);
    assert_eq!(close(&stand, ALICE).code(), "Forbidden.RAM", "without the Deny nothing allows it");
    assert_eq!(stand.forwarded().len(), 0);
}

/// A gate that denies everything, with everyone in the shadow.
fn everyone() -> Stand {
    let world = limited_world(WORLD, &[("rights", &policy(NO_CALL))], None);
    gate(world, vec![of_principal("*", ahead(24))])
}

#[track_caller]
fn assert_refused(stand: &Stand, answer: &Answer, code: &str) {
    assert_eq!(answer.code(), code, "{answer:?}");
    assert_eq!(stand.forwarded().len(), 0);
    assert!(event(answer)["mode"].is_null(), "nothing was decided");
}

#[test]
fn g15_never_for_its_form() {
    let stand = everyone();
    let answer = stand.call(ALICE, "CloseDBClusterMigration", &[]);
    assert_refused(&stand, &answer, "MissingDBClusterId");
    let answer = stand.call(ALICE, "CloseDBClusterMigration", &[("DBClusterId", CLUSTER), ("Further", "1")]);
    assert_refused(&stand, &answer, "InvalidParameter");
    assert_refused(
        &stand,
        &stand.send(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"),
        "IncompleteSignature",
    );
}

#[test]
fn g15_never_for_who_calls() {
    let stand = everyone();
    let forged = Key { secret: "a guess", ..ALICE };
    assert_refused(&stand, &close(&stand, forged), "SignatureDoesNotMatch");
    let call = caller::bytes(&caller::signed(&stand.place.endpoint, ALICE, "DescribeNothing", &[]));
    stand.send(&call);
    assert_refused(&stand, &stand.send(&call), "SignatureNonceUsed");
}

#[test]
fn g15_never_for_the_account() {
    let stand = everyone();
    let answer = stand.call(ALICE, "CloseDBClusterMigration", &[("DBClusterId", FOREIGN)]);
    assert_refused(&stand, &answer, "Forbidden");
    // Its account has no upstream.
    let stranger = Key { id: "LTAI5tStranger", secret: "canary-stranger-secret", token: None };
    let answer = stand.call(stranger, "CloseDBClusterMigration", &[("DBClusterId", FOREIGN)]);
    assert_refused(&stand, &answer, "Forbidden");
    let answer =
        stand.call(ALICE, "CloseDBClusterMigration", &[("DBClusterId", CLUSTER), ("OwnerId", "6543210987654321")]);
    assert_refused(&stand, &answer, "InvalidOwnerId");
}

#[test]
fn g15_never_for_what_the_inventory_lacks_or_contradicts() {
    let stand = everyone();
    let answer = stand.call(ALICE, "CloseDBClusterMigration", &[("DBClusterId", "pc-bp1nobody")]);
    assert_refused(&stand, &answer, "Forbidden");
    let pairs = [("DBClusterId", CLUSTER), ("RegionId", "cn-beijing")];
    let answer = stand.call(ALICE, "DescribeDBClusterAttribute", &pairs);
    assert_refused(&stand, &answer, "InvalidParameter");
}

#[test]
fn g15_never_for_what_the_catalogue_lacks() {
    let stand = everyone();
    assert_refused(&stand, &stand.call(ALICE, "DescribeNothing", &[]), "InvalidApi.NotFound");
}

#[test]
fn g15_never_for_a_rate_limit() {
    let limits = "[[rate_limits]]\nrate = \"1/h\"\n";
    let world = limited_world(WORLD, &[("rights", &policy(NO_CALL))], Some(limits));
    let stand = gate(world, vec![of_principal("*", ahead(24))]);
    assert_eq!(close(&stand, ALICE).status, 200);
    let answer = close(&stand, ALICE);
    assert_eq!(answer.code(), "Throttling.User");
    assert_eq!(stand.forwarded().len(), 1);
}

#[test]
fn g15_from_its_end_on_it_enforces() {
    let now = Timestamp::now();
    let end = now + SignedDuration::from_mins(5);
    let mut config: Config = config(SocketAddr::from(([127, 0, 0, 1], 4000)));
    for shadow in [of_principal("user/alice", end), of_policy("rights", end)] {
        config.shadows = vec![shadow];
        let world = with_policies(&format!("{ALL}, {NO_CLOSE}"), &[]);
        let snapshot = Snapshot::of_world(&config, Ok(world)).unwrap().snapshot;
        assert_eq!(snapshot.shadowing(now).count(), 1);
        assert_eq!(snapshot.shadowing(end).count(), 0);
        let pipeline = Pipeline::new(snapshot, NonceMemory::in_memory());
        let mode = |at: Timestamp| {
            let call = rpc_v1(ALICE, "CloseDBClusterMigration", &[("DBClusterId", CLUSTER)]);
            permitted(&pipeline, call, at).map(|permitted| permitted.mode())
        };
        assert_eq!(mode(end - SignedDuration::from_secs(1)).unwrap(), Mode::Shadow);
        assert!(matches!(mode(end), Err(Refusal::Denied(_))));
    }
}

#[test]
fn g15_every_shadow_is_told_at_the_start() {
    let mut config = config(SocketAddr::from(([127, 0, 0, 1], 4000)));
    config.shadows = vec![
        of_principal("user/alice", ahead(24)),
        of_policy("rights", ahead(91 * 24)),
        of_policy("rights", ahead(-24)),
        of_policy("gone", ahead(24)),
        of_principal("user/bob", ahead(24)),
        of_principal("role/ops/ci", ahead(24)),
    ];
    let loaded = Snapshot::of_world(&config, Ok(with_policies(ALL, &[]))).unwrap();
    let codes: Vec<&str> =
        loaded.findings.iter().map(|finding| finding.code.as_str()).filter(|code| code.starts_with("shadow")).collect();
    assert_eq!(codes, ["shadow", "shadow", "shadow-long", "shadow-over", "shadow-unused", "shadow-unused", "shadow"]);
    assert_eq!(loaded.snapshot.shadowing(Timestamp::now()).count(), 5);
}
