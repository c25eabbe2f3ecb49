//! Rate limits of the world. No time takes part: what is used up comes back within hours.

use super::caller::{self, Key};
use super::events;
use super::rules::{ALICE, ALL, CLUSTER, WORLD, policy};
use super::stand::{ACCOUNT, Stand, limited_world};

const SESSION: Key = Key { id: "STS.Session", secret: "canary-session-secret", token: Some("canary-session-token") };
const NOTHING: &str = r#"{ "Effect": "Deny", "Action": "*", "Resource": "*" }"#;
const CALL: (&str, &[(&str, &str)]) = ("DescribeDBClusterMigration", &[("DBClusterId", CLUSTER)]);

fn gate(statements: &str, limits: &str) -> Stand {
    let world = limited_world(WORLD, &[("rights", &policy(statements))], Some(limits));
    let stand = Stand::of_world(world, |_| {}).unwrap();
    stand.migrate(&[(CLUSTER, "cn-hangzhou")]);
    stand
}

#[test]
fn a_caller_over_its_rate_is_told_so_and_when_to_come_back() {
    let stand = gate(ALL, "[[rate_limits]]\nprincipal = \"user/*\"\nrate = \"100/h\"\nburst = 2\n");
    for _ in 0..2 {
        assert_eq!(stand.call(ALICE, CALL.0, CALL.1).status, 200);
    }
    let answer = stand.call(ALICE, CALL.0, CALL.1);
    assert_eq!((answer.status, answer.code().as_str()), (400, "Throttling.User"), "{answer:?}");
    let wait: u64 = answer.header("x-acs-retry-after").unwrap().parse().unwrap();
    assert!((1..=36_000).contains(&wait), "{wait}");
    assert_eq!(stand.forwarded().len(), 2);
    let event = events::decision(answer.gate_request_id());
    assert_eq!(event["code"], "Throttling.User");
    assert_eq!(event["principal"], format!("acs:ram::{ACCOUNT}:user/alice"));
    let limit = event["rate_limit"].as_str().unwrap();
    assert_eq!(limit, "100/h with bursts of 2 of `*` by `user/*`, at limits.toml:1:1");
    assert!(event["decision"].is_null(), "no policy was asked: {event}");
    // Others have their own.
    assert_eq!(stand.call(SESSION, CALL.0, CALL.1).status, 200);
}

#[test]
fn a_wait_that_is_too_long_to_obey_is_in_the_message_alone() {
    let stand = gate(ALL, "[[rate_limits]]\naction = \"polardb:Describe*\"\nrate = \"1/h\"\n");
    assert_eq!(stand.call(ALICE, CALL.0, CALL.1).status, 200);
    let answer = stand.call(ALICE, CALL.0, CALL.1);
    assert_eq!(answer.code(), "Throttling.User");
    assert_eq!(answer.header("x-acs-retry-after"), None);
    assert!(answer.message().contains(" ms"), "{answer:?}");
    assert_eq!(stand.call(ALICE, "CloseDBClusterMigration", CALL.1).status, 200, "another action");
}

#[test]
fn what_will_be_refused_counts_too() {
    let limits = "[[rate_limits]]\nrate = \"3/h\"\n";
    let stand = gate(NOTHING, limits);
    // By policy, for a cluster that nobody knows, and for an operation that there is not.
    assert_eq!(stand.call(ALICE, CALL.0, CALL.1).code(), "Forbidden.RAM");
    assert_eq!(stand.call(ALICE, CALL.0, &[("DBClusterId", "pc-bp1nobody")]).code(), "Forbidden");
    assert_eq!(stand.call(ALICE, "DescribeNothing", &[]).code(), "InvalidApi.NotFound");
    assert_eq!(stand.call(ALICE, CALL.0, CALL.1).code(), "Throttling.User");
}

#[test]
fn nobody_uses_up_what_is_anothers() {
    let stand = gate(ALL, "[[rate_limits]]\nrate = \"1/h\"\n");
    let forged = Key { secret: "a guess", ..ALICE };
    for _ in 0..3 {
        assert_eq!(stand.call(forged, CALL.0, CALL.1).code(), "SignatureDoesNotMatch");
    }
    let call = caller::bytes(&caller::signed(&stand.place.endpoint, ALICE, CALL.0, CALL.1));
    assert_eq!(stand.send(&call).status, 200);
    // A replay is refused as one, whatever is left.
    assert_eq!(stand.send(&call).code(), "SignatureNonceUsed");
}
