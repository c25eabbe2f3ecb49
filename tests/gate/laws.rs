//! What holds for every call, whatever is in it.

use std::net::SocketAddr;
use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;
use ramgate::authn::{Hosts, KeyEntry, KeyRing, NonceMemory, SessionToken, Verifier};
use ramgate::gateway::config::{Audit, Network};
use ramgate::gateway::{Connection, Origin, Outbound, Permitted, Pipeline, Received, Record, Refusal, Snapshot};
use ramgate::identity::{KeyStatus, Principal};
use ramgate::openapi::{Call, Limits, WireRequest};
use secrecy::SecretString;

use super::caller::{self, Key};
use super::events;
use super::raw::signed_v1;
use super::rules::{ALICE, ALL, CLUSTER, WORLD, policy};
use super::stand::{ACCOUNT, UPSTREAM, config, world};

const HOST: &str = "gate.example:8443";
const UPSTREAM_HOST: &str = "127.0.0.1:4000";

fn pipeline(statements: &str) -> Pipeline {
    let world = world(WORLD, &[("rights", &policy(statements))]);
    let config = config(SocketAddr::from(([127, 0, 0, 1], 4000)));
    let snapshot = Snapshot::of_world(&config, Ok(world)).unwrap().snapshot;
    Pipeline::new(snapshot, NonceMemory::in_memory())
}

/// The call as it would go to the upstream, or why it does not.
fn outbound(pipeline: &Pipeline, request: WireRequest) -> Result<Outbound, Refusal> {
    Ok(permitted(pipeline, request, Timestamp::now())?.sign(Timestamp::now(), "fresh")?)
}

/// The decision about a call that arrived at `at`.
pub fn permitted(pipeline: &Pipeline, request: WireRequest, at: Timestamp) -> Result<Permitted, Refusal> {
    let peer = SocketAddr::from(([192, 0, 2, 1], 5000));
    let connection = Arc::new(Connection::direct(peer, true, Network::Unstated, Hosts::new([HOST])));
    let mut record = Record::new("a test".to_owned(), &connection, &events::log(&Audit::default()).0);
    let origin = Origin { address: Some(connection.peer.ip()), secure: Some(true) };
    let request = request.try_into().unwrap();
    let received = Received { request, connection, origin, at };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(pipeline.permit(&received, &mut record))
}

/// A call in V1 with everything in the query.
pub fn rpc_v1(key: Key, operation: &str, pairs: &[(&str, &str)]) -> WireRequest {
    WireRequest {
        method: "GET".to_owned(),
        target: format!("/?{}", signed_v1("GET", key, operation, pairs)),
        headers: vec![("host".to_owned(), HOST.as_bytes().to_vec())],
        body: bytes::Bytes::new(),
    }
}

/// Whose call the upstream takes it for.
fn verified_by_the_upstream(request: &WireRequest) -> Call {
    let entry = KeyEntry {
        id: UPSTREAM.id.to_owned(),
        secret: SecretString::from(UPSTREAM.secret),
        status: KeyStatus::Active,
        not_after: None,
        principal: Principal::Owner { account: ACCOUNT.to_owned() },
        session: Some(SessionToken {
            token: SecretString::from(UPSTREAM.token.unwrap()),
            expires: "2099-01-01T00:00:00Z".parse().unwrap(),
        }),
    };
    let call = Call::parse(request, &Limits::default()).unwrap();
    let verifier = Verifier::new(KeyRing::new([entry]).unwrap(), Hosts::new([UPSTREAM_HOST]));
    drop(verifier.verify(call.clone(), Timestamp::now()).unwrap());
    call
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// SAME: what the upstream reads is what was decided, and it is signed with the account's own credential.
    #[test]
    fn what_the_upstream_reads_is_what_was_decided(
        description in "[^\\p{Cc}]{0,40}|[^\\p{Cc}]{2000,2600}",
        v1 in any::<bool>(),
    ) {
        let pipeline = pipeline(ALL);
        let pairs = [("DBClusterId", CLUSTER), ("DBClusterDescription", description.as_str())];
        let operation = "ModifyDBClusterDescription";
        let request = if v1 {
            rpc_v1(ALICE, operation, &pairs)
        } else {
            WireRequest::from(caller::signed(HOST, ALICE, operation, &pairs))
        };
        let decided = Call::parse(&request, &Limits::default()).unwrap();
        match outbound(&pipeline, request) {
            Ok(outbound) => {
                let sent = verified_by_the_upstream(&WireRequest::from(outbound.request().clone()));
                prop_assert_eq!(sent.action(), operation);
                prop_assert_eq!(sent.version(), decided.version());
                prop_assert_eq!(sent.parameters(), decided.parameters());
                prop_assert_eq!(sent.parameters().get("DBClusterDescription"), Some(description.as_str()));
            }
            // The one thing about such a call that the gate may mind.
            Err(refusal) => prop_assert!(description.is_empty(), "{refusal}"),
        }
    }

    /// CLOSED: a call of which one byte was changed on the way is not the caller's any more.
    #[test]
    fn a_call_with_a_changed_byte_is_never_forwarded_as_another(at in any::<prop::sample::Index>(), to in 33u8..127) {
        let pipeline = pipeline(ALL);
        let mut request = WireRequest::from(caller::signed(HOST, ALICE, "CloseDBClusterMigration", &[("DBClusterId", CLUSTER)]));
        let mut target = request.target.clone().into_bytes();
        let at = at.index(target.len());
        prop_assume!(target[at] != to);
        target[at] = to;
        request.target = String::from_utf8(target).unwrap();
        // What is no target at all is refused before it comes here.
        prop_assume!(request.target.parse::<http::Uri>().is_ok());
        if let Ok(outbound) = outbound(&pipeline, request) {
            // Only where it still says the same, as with a letter percent-encoded.
            let sent = verified_by_the_upstream(&WireRequest::from(outbound.request().clone()));
            prop_assert_eq!(sent.parameters().iter().collect::<Vec<_>>(), [("DBClusterId", CLUSTER)]);
        }
    }
}

#[test]
fn a_snapshot_that_is_put_in_force_decides_the_very_next_call() {
    let denying = pipeline(r#"{ "Effect": "Deny", "Action": "*", "Resource": "*" }"#);
    let close =
        || WireRequest::from(caller::signed(HOST, ALICE, "CloseDBClusterMigration", &[("DBClusterId", CLUSTER)]));
    assert!(matches!(outbound(&denying, close()), Err(Refusal::Denied(_))));
    let config = config(SocketAddr::from(([127, 0, 0, 1], 4000)));
    let allowing = Snapshot::of_world(&config, Ok(world(WORLD, &[("rights", &policy(ALL))]))).unwrap().snapshot;
    denying.replace(allowing);
    assert!(outbound(&denying, close()).is_ok());
}
