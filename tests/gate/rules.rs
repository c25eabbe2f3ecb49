//! The rules of the gate (spec gate-rules), each by a test that is named after it. Those of G15 are in `shadow.rs`.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use ramgate::gateway::Drained;
use ramgate::gateway::config::{Config, Network};
use ramgate::json::SourceText;
use ramgate::openapi::{Call, Limits};
use ramgate::policy::Dialect;
use ramgate::report::{Finding, Severity};
use ramgate::store;
use serde_json::{Value, json};

use super::caller::{self, Answer, Key};
use super::events;
use super::stand::{ACCOUNT, FORWARDED_HEADERS, Stand, UPSTREAM, world};
use super::upstream::Upstream;

pub const ALICE: Key = Key { id: "LTAI5tAlice", secret: "canary-alice-secret", token: None };
pub const STRANGER: Key = Key { id: "LTAI5tStranger", secret: "canary-stranger-secret", token: None };
pub const SESSION: Key =
    Key { id: "STS.Session", secret: "canary-session-secret", token: Some("canary-session-token") };

/// In Hangzhou and in Beijing.
pub const CLUSTER: &str = "pc-bp1aaaa";
pub const OTHER: &str = "pc-2zebbbb";
/// Of another account.
const FOREIGN: &str = "pc-bp1cccc";

pub const WORLD: &str = r#"
allow_inline_secrets = true

[accounts.1234567890123456]
alias = "acme"

[accounts.1234567890123456.users.alice]
id = "2000000000000001"
attachments = [{ policy = "rights" }]
keys = [{ id = "LTAI5tAlice", secret = "canary-alice-secret" }]

[accounts.1234567890123456.roles.ops]
attachments = [{ policy = "rights" }]

[[accounts.1234567890123456.sessions]]
role = "ops"
name = "ci"
key = "STS.Session"
secret = "canary-session-secret"
token = "canary-session-token"
expires = "2099-01-01T00:00:00Z"

[accounts.6543210987654321.users.stranger]
id = "2000000000000009"
attachments = [{ policy = "rights" }]
keys = [{ id = "LTAI5tStranger", secret = "canary-stranger-secret" }]

[[resources]]
service = "polardb"
type = "dbcluster"
id = "pc-bp1aaaa"
account = "1234567890123456"
region = "cn-hangzhou"

[[resources]]
service = "polardb"
type = "dbcluster"
id = "pc-2zebbbb"
account = "1234567890123456"
region = "cn-beijing"

[[resources]]
service = "polardb"
type = "dbcluster"
id = "pc-bp1cccc"
account = "6543210987654321"
region = "cn-hangzhou"

[[resources]]
service = "polardb"
type = "dbnode"
id = "pi-bp1aaaa"
account = "1234567890123456"
region = "cn-hangzhou"
clusters = ["pc-bp1aaaa"]
"#;

/// A policy of one statement.
pub fn policy(statement: &str) -> String {
    format!(r#"{{ "Version": "1", "Statement": [{statement}] }}"#)
}

pub const ALL: &str = r#"{ "Effect": "Allow", "Action": "*", "Resource": "*" }"#;

/// Allows everything on one cluster.
fn only(cluster: &str) -> String {
    format!(r#"{{ "Effect": "Allow", "Action": "polardb:*", "Resource": "acs:polardb:*:*:dbcluster/{cluster}" }}"#)
}

/// A gate whose callers all have a policy of these statements.
pub fn gate(statements: &str) -> Stand {
    gate_with(statements, |_| {}).unwrap()
}

pub fn gate_with(statements: &str, change: impl FnOnce(&mut Config)) -> Result<Stand, Vec<Finding>> {
    let stand = Stand::of_world(world(WORLD, &[("rights", &policy(statements))]), change)?;
    stand.migrate(&[(CLUSTER, "cn-hangzhou"), (OTHER, "cn-beijing")]);
    Ok(stand)
}

pub fn close(stand: &Stand, key: Key, cluster: &str) -> Answer {
    stand.call(key, "CloseDBClusterMigration", &[("DBClusterId", cluster)])
}

/// Refused under `code`, recorded so, and nothing was forwarded.
#[track_caller]
pub fn assert_refused(stand: &Stand, answer: &Answer, code: &str) {
    assert_eq!(answer.code(), code, "{answer:?}");
    assert_eq!(stand.forwarded().len(), 0, "nothing reaches the upstream");
    let event = events::decision(answer.gate_request_id());
    assert_eq!(event["code"], code, "{event}");
    assert_eq!(event["forwarded"], false, "{event}");
    assert_eq!(event["status"], answer.status, "{event}");
}

#[track_caller]
pub fn assert_forwarded(stand: &Stand, answer: &Answer) {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(!stand.forwarded().is_empty());
}

fn errors(findings: Vec<Finding>) -> Vec<String> {
    let errors = findings.into_iter().filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| finding.code).collect()
}

#[test]
fn g1_callers_reach_only_what_their_own_account_owns() {
    let stand = gate(ALL);
    let foreign = close(&stand, ALICE, FOREIGN);
    assert_refused(&stand, &foreign, "Forbidden");
    assert!(!foreign.body.contains("6543210987654321"), "whose it is stays untold: {foreign:?}");
    for owner in ["OwnerId", "ResourceOwnerId"] {
        let pairs = [("DBClusterId", CLUSTER), (owner, "6543210987654321")];
        assert_refused(&stand, &stand.call(ALICE, "CloseDBClusterMigration", &pairs), &format!("Invalid{owner}"));
    }
    // An account without an upstream of its own never gets that of another.
    assert_refused(&stand, &close(&stand, STRANGER, FOREIGN), "Forbidden");
    assert_refused(&stand, &close(&stand, STRANGER, CLUSTER), "Forbidden");

    let own = [("DBClusterId", CLUSTER), ("OwnerId", ACCOUNT)];
    assert_forwarded(&stand, &stand.call(ALICE, "CloseDBClusterMigration", &own));
}

#[test]
fn g2_a_key_that_cannot_be_known_meets_a_deny_and_no_allow() {
    let allow = r#"{ "Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": { "Bool": { "acs:MFAPresent": "true" } } }"#;
    let stand = gate(allow);
    assert_refused(&stand, &close(&stand, ALICE, CLUSTER), "Forbidden.RAM");

    for operator in ["Bool", "StringNotEquals"] {
        let deny = format!(
            r#"{ALL}, {{ "Effect": "Deny", "Action": "polardb:Close*", "Resource": "*",
                "Condition": {{ "{operator}": {{ "acs:MFAPresent": "false" }} }} }}"#
        );
        let Err(findings) = gate_with(&deny, |_| {}) else {
            panic!("{operator}: a Deny on an unknown key must not load")
        };
        assert_eq!(errors(findings), ["unsupplied-key"]);
        let stand = gate_with(&deny, |config| {
            config.acknowledged_keys.insert("acs:mfapresent".to_owned());
        });
        let stand = stand.unwrap();
        let answer = close(&stand, ALICE, CLUSTER);
        assert_refused(&stand, &answer, "Forbidden.RAM");
        assert_eq!(answer.json()["AccessDeniedDetail"]["NoPermissionType"], "ExplicitDeny");
    }
}

#[test]
fn g3_region_and_owner_of_a_cluster_come_from_the_inventory() {
    let in_hangzhou = r#"{ "Effect": "Allow", "Action": "*", "Resource": "acs:polardb:cn-hangzhou:*:dbcluster/*" }"#;
    let stand = gate(in_hangzhou);
    let answer = close(&stand, ALICE, "pc-unknown");
    assert_refused(&stand, &answer, "Forbidden");
    assert_eq!(answer.status, 403, "a missing cluster must not look deleted");
    assert_refused(&stand, &close(&stand, ALICE, OTHER), "Forbidden.RAM");
    let moved = [("DBClusterId", OTHER), ("RegionId", "cn-hangzhou")];
    assert_refused(&stand, &stand.call(ALICE, "CloseDBClusterMigration", &moved), "InvalidParameter");
    assert_forwarded(&stand, &close(&stand, ALICE, CLUSTER));

    let one_region = |config: &mut Config| config.upstreams[0].region = Some("cn-hangzhou".to_owned());
    let stand = gate_with(in_hangzhou, one_region).unwrap();
    stand.migrate(&[("pc-unknown", "cn-hangzhou")]);
    assert_forwarded(&stand, &close(&stand, ALICE, "pc-unknown"));
}

#[test]
fn g4_a_guess_is_never_wider_and_says_that_it_is_stricter() {
    // Whether RAM asks about the cluster or about `*` is not known of this operation.
    let abort = |stand: &Stand| stand.call(ALICE, "AbortDBClusterMigration", &[("DBClusterId", CLUSTER)]);
    let stand = gate(&only(CLUSTER));
    let answer = abort(&stand);
    assert_refused(&stand, &answer, "Forbidden.RAM");
    assert!(answer.message().contains("stricter than the cloud"), "{answer:?}");
    assert_eq!(events::decision(answer.gate_request_id())["stricter_than_cloud"], true);

    let stand = gate(ALL);
    abort(&stand);
    assert_eq!(stand.forwarded().len(), 1);
}

#[test]
fn g5_every_id_of_a_call_counts() {
    let list = |stand: &Stand, ids: &str| {
        stand.call(ALICE, "DescribeDBClusters", &[("RegionId", "cn-hangzhou"), ("DBClusterIds", ids)])
    };
    let stand = gate(&only(CLUSTER));
    assert_refused(&stand, &list(&stand, &format!("{CLUSTER},{CLUSTER}x")), "Forbidden");
    assert_refused(&stand, &list(&stand, &format!("{CLUSTER},,")), "InvalidParameter");
    // Without the filter it lists every cluster.
    let unfiltered = stand.call(ALICE, "DescribeDBClusters", &[("RegionId", "cn-hangzhou")]);
    assert_refused(&stand, &unfiltered, "Forbidden.RAM");
    assert_forwarded(&stand, &list(&stand, CLUSTER));

    let both = format!("{}, {}", only(CLUSTER), only("*"));
    let stand = gate(&both);
    stand.call(ALICE, "RestartDBNode", &[("DBNodeId", "pi-bp1aaaa")]);
    assert_eq!(stand.forwarded().len(), 0, "a node needs every alternative, `*` among them");
    let stand = gate(ALL);
    stand.call(ALICE, "RestartDBNode", &[("DBNodeId", "pi-bp1aaaa")]);
    assert_eq!(stand.forwarded().len(), 1);
}

#[test]
fn g6_only_declared_parameters_pass_and_each_only_once() {
    let stand = gate(ALL);
    let answer = stand.call(ALICE, "CloseDBClusterMigration", &[("DBClusterId", CLUSTER), ("Force", "true")]);
    assert_refused(&stand, &answer, "InvalidParameter");
    assert!(answer.message().contains("catalogue"), "it says how to extend the catalogue: {answer:?}");
    let twice = caller::signed(&stand.place.endpoint, ALICE, "CloseDBClusterMigration", &[("DBClusterId", CLUSTER)]);
    for query in ["DBClusterId=pc-2zebbbb&DBClusterId=pc-bp1aaaa", "DBClusterId=pc-bp1aaaa&dbclusterid=pc-2zebbbb"] {
        let mut request = twice.clone();
        request.target = format!("/?{query}");
        assert_refused(&stand, &stand.send(&caller::bytes(&request)), "InvalidParameter");
    }
}

#[test]
fn g7_ids_have_the_form_of_ids() {
    let stand = gate(ALL);
    for id in ["pc-bp1*", "PC-BP1AAAA", "pc-bp1aaaa ", "pc-bp1aaaa/x", "*", "pc-bp1aaaaＡ"] {
        let answer = close(&stand, ALICE, id);
        assert_eq!(answer.status, 400, "{id}: {answer:?}");
        assert_refused(&stand, &answer, "InvalidParameter");
    }
    assert_refused(&stand, &close(&stand, ALICE, ""), "MissingDBClusterId");
}

#[test]
fn g8_an_unknown_operation_is_refused_and_no_check_is_not_no_policy() {
    let stand = gate(ALL);
    for operation in ["FreezeDBCluster", "closedbclustermigration"] {
        let answer = stand.call(ALICE, operation, &[("DBClusterId", CLUSTER)]);
        assert_eq!(answer.status, 404);
        assert_refused(&stand, &answer, "InvalidApi.NotFound");
    }
    // Documented as needing no authorization: its action must be allowed on `*` all the same.
    let stand = gate(&only(CLUSTER));
    let pairs = [("RegionId", "cn-hangzhou"), ("ZoneId", "cn-hangzhou-a"), ("PayType", "Postpaid")];
    let answer = stand.call(ALICE, "DescribeDBClusterAvailableResources", &pairs);
    assert_refused(&stand, &answer, "Forbidden.RAM");
    let stand = gate(ALL);
    stand.call(ALICE, "DescribeDBClusterAvailableResources", &pairs);
    assert_eq!(stand.forwarded().len(), 1);
}

#[test]
fn g9_a_key_of_the_owner_stops_the_gate_unless_it_is_asked_for() {
    let toml = WORLD.replace(
        "alias = \"acme\"",
        "alias = \"acme\"\nkeys = [{ id = \"LTAI5tOwner\", secret = \"canary-owner-secret\" }]",
    );
    let with_owner = || world(&toml, &[("rights", &policy(ALL))]);
    let Err(findings) = Stand::of_world(with_owner(), |_| {}) else { panic!("an owner's key must not load") };
    assert_eq!(errors(findings), ["root-key"]);
    let stand = Stand::of_world(with_owner(), |config| config.allow_root_keys = true).unwrap();
    stand.migrate(&[(CLUSTER, "cn-hangzhou")]);
    let owner = Key { id: "LTAI5tOwner", secret: "canary-owner-secret", token: None };
    assert_forwarded(&stand, &close(&stand, owner, CLUSTER));
}

#[test]
fn g10_nothing_is_decided_without_a_verified_signature() {
    let stand = gate(ALL);
    let wrong = Key { secret: "canary-alice-secrey", ..ALICE };
    assert_refused(&stand, &close(&stand, wrong, CLUSTER), "SignatureDoesNotMatch");
    let nobody = Key { id: "LTAI5tNobody", ..ALICE };
    assert_refused(&stand, &close(&stand, nobody, CLUSTER), "InvalidAccessKeyId.NotFound");

    let host = &stand.place.endpoint;
    let anonymous = format!(
        "POST /?Action=CloseDBClusterMigration&Version=2017-08-01&DBClusterId={CLUSTER} HTTP/1.1\r\nhost: {host}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    assert_refused(&stand, &stand.send(anonymous.as_bytes()), "IncompleteSignature");
    let signed = caller::signed(host, ALICE, "CloseDBClusterMigration", &[("DBClusterId", CLUSTER)]);
    for header in ["x-acs-bearer-token", "x-acs-zero-trust-idtoken"] {
        let answer = claiming(&stand, &[(header, "canary-bearer")]);
        assert_refused(&stand, &answer, "IncompleteSignature");
        let reason = events::decision(answer.gate_request_id())["reason"].as_str().unwrap().to_owned();
        assert!(
            reason.contains("a token does not stand for a signature"),
            "{header} is refused for what it is: {reason}"
        );
    }
    let mut unknown = signed.clone();
    for (_, value) in unknown.headers.iter_mut().filter(|(name, _)| name == "authorization") {
        *value = value.replace("ACS3-HMAC-SHA256", "ACS3-HMAC-SM3");
    }
    assert_refused(&stand, &stand.send(&caller::bytes(&unknown)), "InvalidSignatureMethod");
    // What was signed was another cluster.
    let mut changed = signed;
    changed.target = changed.target.replace(CLUSTER, OTHER);
    assert_refused(&stand, &stand.send(&caller::bytes(&changed)), "SignatureDoesNotMatch");
    let event = events::decision(close(&stand, wrong, CLUSTER).gate_request_id());
    assert_eq!(event["principal"], Value::Null, "who it is was not found out: {event}");
    assert_eq!(event["decision"], Value::Null, "no policy was read: {event}");
}

#[test]
fn g11_a_session_is_one_that_the_world_holds() {
    let stand = gate(ALL);
    let other = Key { token: Some("canary-another-token"), ..SESSION };
    assert_refused(&stand, &close(&stand, other, CLUSTER), "InvalidSecurityToken.MismatchWithAccessKey");
    assert_refused(&stand, &close(&stand, Key { token: None, ..SESSION }, CLUSTER), "MissingSecurityToken");
    let answer = close(&stand, SESSION, CLUSTER);
    assert_forwarded(&stand, &answer);
    let event = events::decision(answer.gate_request_id());
    assert_eq!(event["principal"], "acs:ram::1234567890123456:assumed-role/ops/ci");
}

#[test]
fn g12_a_call_counts_once_and_at_one_place() {
    let directory = tempfile::tempdir().unwrap();
    let journal = directory.path().join("nonces");
    let journaled = |config: &mut Config| {
        config.nonce_journal = Some(journal.clone());
        config.listeners[0].hosts = vec!["gate.example:8443".to_owned()];
    };
    let stand = gate_with(ALL, journaled).unwrap();
    let elsewhere = caller::signed("other.example", ALICE, "CloseDBClusterMigration", &[("DBClusterId", CLUSTER)]);
    assert_refused(&stand, &stand.send(&caller::bytes(&elsewhere)), "InvalidProduct.NotFound");

    let once = caller::signed("gate.example:8443", ALICE, "CloseDBClusterMigration", &[("DBClusterId", CLUSTER)]);
    let once = caller::bytes(&once);
    assert_forwarded(&stand, &stand.send(&once));
    assert_eq!(stand.send(&once).code(), "SignatureNonceUsed");
    assert_eq!(stand.forwarded().len(), 1);
    stand.shut();

    let restarted = gate_with(ALL, journaled).unwrap();
    assert_refused(&restarted, &restarted.send(&once), "SignatureNonceUsed");
}

#[test]
fn g12_a_key_with_a_full_share_of_nonces_is_turned_away_and_no_other() {
    let stand = gate_with(ALL, |config| config.limits.nonces_per_key = 2).unwrap();
    for _ in 0..2 {
        close(&stand, ALICE, CLUSTER);
    }
    assert_eq!(close(&stand, ALICE, CLUSTER).code(), "Throttling.User");
    assert_eq!(stand.forwarded().len(), 2);
    close(&stand, SESSION, OTHER);
    assert_eq!(stand.forwarded().len(), 3);
}

/// A signed call that carries these headers as well, signed too.
fn claiming(stand: &Stand, headers: &[(&str, &str)]) -> Answer {
    let pairs = [("DBClusterId", CLUSTER)];
    let request = caller::signed_with(&stand.place.endpoint, ALICE, "CloseDBClusterMigration", &pairs, headers);
    stand.send(&caller::bytes(&request))
}

#[test]
fn g13_the_network_says_who_and_nothing_that_the_caller_writes() {
    let from = |condition: &str| {
        format!(r#"{{ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {condition} }}"#)
    };
    let loopback =
        from(r#"{ "IpAddress": { "acs:SourceIp": "127.0.0.0/8" }, "Bool": { "acs:SecureTransport": "false" } }"#);
    let stand = gate(&loopback);
    assert_forwarded(&stand, &close(&stand, ALICE, CLUSTER));

    for claimed in [
        from(r#"{ "IpAddress": { "acs:SourceIp": "10.0.0.0/8" } }"#),
        from(r#"{ "Bool": { "acs:SecureTransport": "true" } }"#),
    ] {
        let stand = gate(&claimed);
        for headers in [
            &[("x-forwarded-for", "10.0.0.1"), ("x-forwarded-proto", "https")][..],
            &[("forwarded", "for=10.0.0.1;proto=https"), ("x-real-ip", "10.0.0.1")],
            &[("x-acs-source-ip", "10.0.0.1"), ("x-acs-secure-transport", "true")],
            &[("x-acs-proxy-source-ip", "10.0.0.1"), ("x-acs-proxy-secure-transport", "true")],
            &[],
        ] {
            assert_refused(&stand, &claiming(&stand, headers), "Forbidden.RAM");
        }
        let signed = [("DBClusterId", CLUSTER), ("SourceIp", "10.0.0.1"), ("SecureTransport", "true")];
        assert_refused(&stand, &stand.call(ALICE, "CloseDBClusterMigration", &signed), "Forbidden.RAM");
    }
}

#[test]
fn g13_a_listener_says_which_network_its_callers_are_in() {
    let vpc = r#"{ "Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": { "StringEquals": { "acs:SourceVpc": "vpc-1" }, "IpAddress": { "acs:VpcSourceIp": "127.0.0.1" } } }"#;
    for (network, allowed) in [
        (Network::Vpc("vpc-1".to_owned()), true),
        (Network::Vpc("vpc-2".to_owned()), false),
        (Network::Public, false),
        (Network::Unstated, false),
    ] {
        let stand = gate_with(vpc, |config| config.listeners[0].network = network.clone()).unwrap();
        let answer = close(&stand, ALICE, CLUSTER);
        assert_eq!(answer.status == 200, allowed, "{network:?}: {answer:?}");
    }
}

#[test]
fn g14_what_was_decided_is_what_is_sent() {
    let stand = gate(ALL);
    let answer = claiming(&stand, &[("x-forwarded-for", "10.0.0.1"), ("cookie", "canary"), ("user-agent", "canary")]);
    assert_forwarded(&stand, &answer);
    let [sent] = &stand.forwarded()[..] else { panic!("one call, one request") };
    let call = Call::parse(sent, &Limits::default()).unwrap();
    assert_eq!(call.action(), "CloseDBClusterMigration");
    assert_eq!(call.parameters().iter().collect::<Vec<_>>(), [("DBClusterId", CLUSTER)]);
    assert_eq!(call.access_key_id(), UPSTREAM.id);
    let mut names: Vec<&str> = sent.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, FORWARDED_HEADERS);
    let values = sent.headers.iter().map(|(_, value)| String::from_utf8_lossy(value).into_owned());
    for value in values.chain([sent.target.clone()]).filter(|value| !value.contains(UPSTREAM.token.unwrap())) {
        for gone in ["canary", ALICE.id, "10.0.0.1"] {
            assert!(!value.contains(gone), "{gone} was passed on: {value}");
        }
    }
    let event = events::decision(answer.gate_request_id());
    assert_eq!(
        event["checks"],
        json!([{
            "action": "polardb:CloseDBClusterMigration",
            "resource": format!("acs:polardb:cn-hangzhou:{ACCOUNT}:dbcluster/{CLUSTER}"),
            "passed": true,
        }])
    );
    assert_eq!(event["upstream_request_id"], answer.json()["RequestId"], "the upstream's own id comes back");
    assert_eq!(answer.header("x-acs-request-id"), event["upstream_request_id"].as_str());
}

#[test]
fn g16_a_write_goes_on_where_its_caller_hangs_up_and_is_recorded() {
    let upstream = Upstream::answering_after(Duration::from_millis(400));
    let stand = gate_with(ALL, |config| config.upstreams[0].endpoint.authority = upstream.address.to_string()).unwrap();
    let request = caller::signed(&stand.place.endpoint, ALICE, "CloseDBClusterMigration", &[("DBClusterId", CLUSTER)]);
    let mark = events::mark();
    let mut stream = TcpStream::connect(stand.address).unwrap();
    stream.write_all(&caller::bytes(&request)).unwrap();
    upstream.wait_for_a_call();
    let peer = stream.local_addr().unwrap();
    drop(stream);
    let events = events::of_peer(mark, stand.log_id(), peer);
    let [intent, decision] = &events[..] else { panic!("{events:?}") };
    assert_eq!(intent["kind"], "intent", "the intent is on record first");
    assert_eq!(decision["forwarded"], true, "{decision}");
    assert_eq!(decision["status"], 200, "{decision}");
    assert_eq!(decision["write"], true);
}

#[test]
fn g16_a_read_leaves_no_intent() {
    let stand = gate(ALL);
    let answer = stand.call(ALICE, "DescribeDBClusterMigration", &[("DBClusterId", CLUSTER)]);
    assert_forwarded(&stand, &answer);
    let events = events::of_call(answer.gate_request_id());
    assert_eq!(events.len(), 1, "{events:?}");
}

#[test]
fn g16_a_call_that_the_upstream_does_not_answer_ends_at_its_deadline() {
    let upstream = Upstream::answering_after(Duration::from_secs(60));
    let stand = gate_with(ALL, |config| {
        config.upstreams[0].endpoint.authority = upstream.address.to_string();
        config.limits.forward_timeout = Duration::from_secs(1);
    });
    let stand = stand.unwrap();
    let answer = close(&stand, ALICE, CLUSTER);
    assert_eq!((answer.status, answer.code().as_str()), (500, "InternalError"), "{answer:?}");
    assert!(answer.message().contains("may have been carried out"), "{answer:?}");
    let event = events::decision(answer.gate_request_id());
    assert_eq!(event["decision"], "Allow", "{event}");
    assert_eq!(event["code"], "InternalError", "{event}");
    assert_eq!(event["forwarded"], true, "it may have been carried out: {event}");
}

#[test]
fn g16_an_upstream_that_cannot_be_reached_has_not_acted() {
    let nobody = SocketAddr::from(([127, 0, 0, 1], 9));
    let stand = gate_with(ALL, |config| config.upstreams[0].endpoint.authority = nobody.to_string()).unwrap();
    let answer = close(&stand, ALICE, CLUSTER);
    assert_eq!((answer.status, answer.code().as_str()), (503, "ServiceUnavailable"), "{answer:?}");
    assert!(answer.message().contains("was not carried out"), "{answer:?}");
    assert_eq!(events::decision(answer.gate_request_id())["forwarded"], false);
}

#[test]
fn g16_calls_under_way_are_seen_through_when_the_gate_ends() {
    let upstream = Upstream::answering_after(Duration::from_millis(400));
    let stand = gate_with(ALL, |config| config.upstreams[0].endpoint.authority = upstream.address.to_string()).unwrap();
    let request = caller::signed(&stand.place.endpoint, ALICE, "CloseDBClusterMigration", &[("DBClusterId", CLUSTER)]);
    let (address, request) = (stand.address, caller::bytes(&request));
    let calling = std::thread::spawn(move || caller::exchange(address, &request));
    upstream.wait_for_a_call();
    assert_eq!(stand.shut(), Drained::Whole);
    assert_eq!(calling.join().unwrap().status, 200);
    assert!(TcpStream::connect(address).is_err(), "no further call is taken");
}

#[test]
fn g17_a_world_with_a_policy_missing_is_not_served() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("world.toml"), WORLD).unwrap();
    let mistakes = |directory: &Path| match store::load(directory, &Dialect::strict()) {
        Ok(_) => panic!("it must not load"),
        Err(errors) => errors.mistakes.into_iter().map(|mistake| mistake.code).collect::<Vec<_>>(),
    };
    assert!(!mistakes(directory.path()).is_empty());
    std::fs::create_dir(directory.path().join("policies")).unwrap();
    std::fs::write(directory.path().join("policies/other.json"), policy(ALL)).unwrap();
    assert!(mistakes(directory.path()).contains(&"missing-policy".to_owned()));
    std::fs::write(directory.path().join("policies/rights.json"), "{").unwrap();
    assert!(!mistakes(directory.path()).is_empty());
    std::fs::write(directory.path().join("policies/rights.json"), policy(ALL)).unwrap();
    assert!(store::load(directory.path(), &Dialect::strict()).is_ok());
}

#[test]
fn g18_what_goes_in_the_clear_is_asked_for_and_shown() {
    let text = |plain: &str| {
        format!(
            "[[listeners]]\naddress = \"127.0.0.1:0\"\n{plain}\n[[upstreams]]\nproduct = \"polardb\"\nversion = \
             \"2017-08-01\"\naccount = \"{ACCOUNT}\"\nendpoint = \"http://127.0.0.1:1\"\n{plain}\ncredential = {{ id = \
             \"LTAI\", secret = \"env:S\" }}\n[gate]\nnonces_in_memory = true\n"
        )
    };
    let parse = |text: String| Config::parse(&SourceText::new("ramgate.toml", text), Path::new(""));
    assert_eq!(errors(parse(text("")).unwrap_err()), ["listener-transport", "upstream-transport"]);
    let mut config = parse(text("plain = true")).unwrap();
    config.world = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/demo");
    let shown: Vec<String> = ramgate::gateway::check(&config, false).into_iter().map(|finding| finding.code).collect();
    assert_eq!(shown, ["plain-upstream", "plain-listener"]);
}
