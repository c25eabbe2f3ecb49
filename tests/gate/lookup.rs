//! Clusters that the inventory does not know, found out about from the API.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use ramgate::gateway::config::{Admin, AdminPlace, Config, Endpoint, Lookup};
use ramgate::sandbox::{Cluster, Direction, Stage};
use serde_json::Value;

use super::admin::{admin, scrape_once, value};
use super::caller::{self, Answer, Key};
use super::candidate;
use super::events;
use super::rules::{ALICE, ALL, CLUSTER, WORLD, policy};
use super::stand::{ACCOUNT, Stand, limited_world};
use super::upstream::Upstream;

/// In no inventory.
const NEW: &str = "pc-bp1newnew";
const OTHER_ACCOUNT: &str = "6543210987654321";

fn gate_with(statements: &str, change: impl FnOnce(&mut Config)) -> Stand {
    limited_gate(statements, None, change)
}

fn limited_gate(statements: &str, limits: Option<&str>, change: impl FnOnce(&mut Config)) -> Stand {
    let world = limited_world(WORLD, &[("rights", &policy(statements))], limits);
    Stand::of_world(world, |config| {
        config.lookup = Some(Lookup::default());
        change(config);
    })
    .unwrap()
}

fn gate(statements: &str) -> Stand {
    gate_with(statements, |_| {})
}

/// A cluster of the cloud, in a migration.
fn put(stand: &Stand, id: &str, account: &str, tags: &[(&str, &str)], group: &str) {
    let state = stand.sandbox.state();
    let mut cluster = Cluster::new(id, account, "cn-shanghai", state.now());
    cluster.tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect::<BTreeMap<_, _>>();
    cluster.resource_group = group.to_owned();
    let stage = Stage::Syncing { direction: Direction::RdsToPolarDb };
    state.put(&cluster.migrating("rm-bp1demo", stage, state.durations())).unwrap();
}

fn describe(stand: &Stand, key: Key, id: &str) -> Answer {
    stand.call(key, "DescribeDBClusterMigration", &[("DBClusterId", id)])
}

/// Operations that the upstream was asked for, oldest first.
fn asked(stand: &Stand) -> Vec<String> {
    let action = |headers: &[(String, Vec<u8>)]| {
        let found = headers.iter().find(|(name, _)| name == "x-acs-action");
        String::from_utf8(found.unwrap().1.clone()).unwrap()
    };
    stand.forwarded().iter().map(|request| action(&request.headers)).collect()
}

fn event(answer: &Answer) -> Value {
    events::decision(answer.gate_request_id())
}

#[test]
fn a_cluster_that_the_inventory_lacks_is_looked_up_once_and_decided_by_what_is_found() {
    let stand = gate(
        r#"{ "Effect": "Allow", "Action": "polardb:*", "Resource": "acs:polardb:cn-shanghai:*:dbcluster/pc-bp1*" }"#,
    );
    put(&stand, NEW, ACCOUNT, &[], "");
    let answer = describe(&stand, ALICE, NEW);
    assert_eq!(answer.status, 200, "{answer:?}");
    let recorded = event(&answer);
    let resource = format!("acs:polardb:cn-shanghai:{ACCOUNT}:dbcluster/{NEW}");
    assert_eq!(recorded["checks"][0]["resource"], resource, "{recorded}");
    assert_eq!(recorded["looked_up"], 1);
    assert_eq!(describe(&stand, ALICE, NEW).status, 200);
    assert_eq!(
        asked(&stand),
        ["DescribeDBClusterAttribute", "DescribeDBClusterMigration", "DescribeDBClusterMigration"]
    );
}

#[test]
fn tags_and_resource_group_feed_the_condition_keys() {
    let stand = gate(
        r#"{ "Effect": "Allow", "Action": "polardb:*", "Resource": "*", "Condition": { "StringEquals": {
             "acs:ResourceTag/team": "dba", "acs:ResourceGroupId": "rg-a" } } }"#,
    );
    for (id, tags, group, code) in [
        ("pc-bp1one", [("team", "dba")], "rg-a", ""),
        ("pc-bp1two", [("team", "web")], "rg-a", "Forbidden.RAM"),
        ("pc-bp1three", [("team", "dba")], "rg-b", "Forbidden.RAM"),
        // The inventory has this one in another region, and what it says counts: nothing is mixed.
        (CLUSTER, [("team", "dba")], "rg-a", "Forbidden.RAM"),
    ] {
        put(&stand, id, ACCOUNT, &tags, group);
        let answer = describe(&stand, ALICE, id);
        assert_eq!(answer.code(), code, "{id}: {answer:?}");
    }
}

#[test]
fn what_the_inventory_leaves_out_is_added_where_both_agree() {
    let tagged = r#"{ "Effect": "Allow", "Action": "polardb:*", "Resource": "*", "Condition": { "StringEquals": {
                      "acs:ResourceTag/team": "dba" } } }"#;
    let stand = gate(tagged);
    let state = stand.sandbox.state();
    let mut cluster = Cluster::new(CLUSTER, ACCOUNT, "cn-hangzhou", state.now());
    cluster.tags.insert("team".to_owned(), "dba".to_owned());
    let stage = Stage::Syncing { direction: Direction::RdsToPolarDb };
    state.put(&cluster.migrating("rm-bp1demo", stage, state.durations())).unwrap();
    assert_eq!(describe(&stand, ALICE, CLUSTER).status, 200);
}

#[test]
fn that_a_cluster_is_not_there_is_told_to_those_who_may_do_it_with_every_cluster() {
    let of =
        |resource: &str| format!(r#"{{ "Effect": "Allow", "Action": "polardb:Describe*", "Resource": "{resource}" }}"#);
    for (statements, code) in [
        (of("*"), "InvalidDBClusterId.NotFound"),
        (of("acs:polardb:*:*:dbcluster/*"), "InvalidDBClusterId.NotFound"),
        (of("acs:polardb:cn-shanghai:*:dbcluster/*"), "Forbidden"),
        (of(&format!("acs:polardb:*:*:dbcluster/{NEW}")), "Forbidden"),
        (format!("{}, {}", of("*"), of(&format!("*/{NEW}")).replace("Allow", "Deny")), "Forbidden"),
    ] {
        let stand = gate(&statements);
        // It is somebody else's, which is the same.
        put(&stand, NEW, OTHER_ACCOUNT, &[], "");
        let answer = describe(&stand, ALICE, NEW);
        assert_eq!(answer.code(), code, "{statements}: {answer:?}");
        assert_eq!(answer.status, if code == "Forbidden" { 403 } else { 404 });
        assert!(event(&answer)["decision"].is_null());
        assert_eq!(describe(&stand, ALICE, NEW).code(), code);
        assert_eq!(asked(&stand), ["DescribeDBClusterAttribute"], "it is remembered");
    }
}

#[test]
fn calls_for_one_cluster_at_a_time_ask_once() {
    let stand = gate(ALL);
    put(&stand, NEW, ACCOUNT, &[], "");
    let (address, endpoint) = (stand.address, &stand.place.endpoint);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(move || {
                let pairs = [("DBClusterId", NEW)];
                let call = caller::signed(endpoint, ALICE, "DescribeDBClusterMigration", &pairs);
                assert_eq!(caller::exchange(address, &caller::bytes(&call)).status, 200);
            });
        }
    });
    assert_eq!(asked(&stand).iter().filter(|action| *action == "DescribeDBClusterAttribute").count(), 1);
}

#[test]
fn what_cannot_be_looked_up_is_refused() {
    // Nobody listens there; an answer that says nothing; none in time.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (empty, slow) = (Upstream::answering_after(Duration::ZERO), Upstream::answering_after(Duration::from_secs(30)));
    for address in [closed, empty.address, slow.address] {
        let stand = gate_with(ALL, |config| {
            config.upstreams[0].endpoint = Endpoint { tls: false, authority: address.to_string() };
        });
        let answer = describe(&stand, ALICE, NEW);
        assert_eq!((answer.status, answer.code().as_str()), (503, "ServiceUnavailable"), "{answer:?}");
        let recorded = event(&answer);
        assert!(recorded["reason"].as_str().unwrap().contains(NEW), "{recorded}");
        assert_eq!(recorded["forwarded"], false);
    }
}

#[test]
fn nothing_is_looked_up_for_whom_nothing_would_be_done() {
    let stand = limited_gate(ALL, Some("[[rate_limits]]\nrate = \"1/h\"\n"), |_| {});
    put(&stand, NEW, ACCOUNT, &[], "");
    let forged = Key { secret: "a guess", ..ALICE };
    assert_eq!(describe(&stand, forged, NEW).code(), "SignatureDoesNotMatch");
    assert_eq!(describe(&stand, ALICE, "PC-not-an-id").code(), "InvalidParameter");
    assert_eq!(describe(&stand, ALICE, NEW).code(), "Throttling.User");
    assert_eq!(asked(&stand).len(), 0);
}

#[test]
fn no_call_makes_more_than_a_few_lookups() {
    let stand = gate(ALL);
    let ids: Vec<String> = (0..17).map(|number| format!("pc-bp1n{number}")).collect();
    let answer =
        stand.call(ALICE, "DescribeDBClusters", &[("RegionId", "cn-hangzhou"), ("DBClusterIds", &ids.join(","))]);
    assert_eq!(answer.code(), "InvalidParameter", "{answer:?}");
    assert!(answer.message().contains("17 clusters"), "{answer:?}");
    assert_eq!(asked(&stand).len(), 0);
}

#[test]
fn without_being_asked_for_nothing_is_looked_up() {
    let stand = gate_with(ALL, |config| config.lookup = None);
    put(&stand, NEW, ACCOUNT, &[], "");
    assert_eq!(describe(&stand, ALICE, NEW).code(), "Forbidden");
    assert_eq!(asked(&stand).len(), 0);
}

#[test]
fn a_candidate_decides_by_what_was_looked_up_too() {
    let directory = candidate::candidate(WORLD, ALL);
    let stand = gate_with(ALL, |config| config.candidate = Some(directory.path().to_owned()));
    put(&stand, NEW, ACCOUNT, &[], "");
    assert_eq!(event(&describe(&stand, ALICE, NEW))["candidate"], "same");
}

#[test]
fn lookups_are_counted_by_what_they_come_to() {
    let watched = |config: &mut Config| {
        let place = AdminPlace::Address(SocketAddr::from(([127, 0, 0, 1], 0)));
        config.admin = Some(Admin { place, tls: None });
    };
    let counted = |stand: &Stand, lookups: [f64; 4]| {
        let scrape = scrape_once(admin(stand), "ramgate_lookups", lookups.iter().sum());
        let outcomes = ["remembered", "found", "absent", "failed"];
        assert_eq!(outcomes.map(|outcome| value(&scrape, "ramgate_lookups", &[("outcome", outcome)])), lookups);
        let all = value(&scrape, "ramgate_lookup_duration_seconds", &[("le", "+Inf")]);
        assert_eq!(all, lookups[1..].iter().sum::<f64>(), "those that the API was asked for take time");
    };
    let stand = gate_with(ALL, watched);
    put(&stand, NEW, ACCOUNT, &[], "");
    for _ in 0..3 {
        assert_eq!(describe(&stand, ALICE, NEW).status, 200);
    }
    assert_eq!(describe(&stand, ALICE, "pc-bp1nobody").status, 404);
    counted(&stand, [2.0, 1.0, 1.0, 0.0]);
    // One that is given up because the time is over has failed too.
    let slow = Upstream::answering_after(Duration::from_secs(30));
    let stand = gate_with(ALL, |config| {
        config.upstreams[0].endpoint = Endpoint { tls: false, authority: slow.address.to_string() };
        watched(config);
    });
    assert_eq!(describe(&stand, ALICE, NEW).status, 503);
    counted(&stand, [0.0, 0.0, 0.0, 1.0]);
}
