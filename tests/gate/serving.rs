//! What else holds of a gate that serves.

use std::fs::Permissions;
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ramgate::gateway::config::Endpoint;
use ramgate::gateway::tls;
use ramgate::openapi::Format;
use ramgate::openapi::sign::{SigningRequest, sign_acs3};

use super::caller::{self, Key};
use super::events;
use super::rules::{
    ALICE, ALL, CLUSTER, OTHER, SESSION, STRANGER, WORLD, assert_forwarded, assert_refused, close, gate, gate_with,
    policy,
};
use super::stand::{Authority, Stand, UPSTREAM, credential, world};

#[test]
fn no_secret_is_ever_logged_however_much_is() {
    let stand = gate(ALL);
    close(&stand, ALICE, CLUSTER);
    close(&stand, SESSION, OTHER);
    close(&stand, Key { secret: "canary-alice-secrex", ..ALICE }, CLUSTER);
    close(&stand, Key { token: Some("canary-another-token"), ..SESSION }, CLUSTER);
    let logged = events::written();
    assert!(logged.contains("TRACE"), "everything is logged");
    for key in [ALICE, SESSION, UPSTREAM, Key { token: Some("canary-another-token"), ..STRANGER }] {
        for secret in [Some(key.secret), key.token].into_iter().flatten() {
            assert!(!logged.contains(secret), "{secret} was logged");
        }
    }
}

#[test]
fn an_upstream_over_tls_is_called_where_its_authority_is_trusted() {
    // Behind the gate stands another, which takes the first one's credential for that of a caller.
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new(directory.path());
    let toml = WORLD.replace(
        "keys = [{ id = \"LTAI5tAlice\", secret = \"canary-alice-secret\" }]",
        "keys = [{ id = \"LTAI5tInner\", secret = \"canary-inner-secret\" }]",
    );
    let inner = Stand::of_world(world(&toml, &[("rights", &policy(ALL))]), |config| {
        config.listeners[0].tls = Some(authority.listener(&["127.0.0.1"]));
    });
    let inner = inner.unwrap();
    let outer = |ca| {
        gate_with(ALL, |config| {
            let upstream = &mut config.upstreams[0];
            upstream.endpoint = Endpoint { tls: true, authority: inner.address.to_string() };
            upstream.ca = ca;
            upstream.credential = credential(Key { id: "LTAI5tInner", secret: "canary-inner-secret", token: None });
        })
        .unwrap()
    };
    inner.migrate(&[(CLUSTER, "cn-hangzhou")]);
    let answer = close(&outer(None), ALICE, CLUSTER);
    assert_eq!((answer.status, answer.code().as_str()), (503, "ServiceUnavailable"), "{answer:?}");
    assert_eq!(inner.forwarded().len(), 0);
    let answer = close(&outer(Some(authority.certificate.clone())), ALICE, CLUSTER);
    assert_forwarded(&inner, &answer);
}

#[test]
fn a_private_key_that_others_can_read_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let files = Authority::new(directory.path()).listener(&["127.0.0.1"]);
    assert!(tls::server(&files).is_ok());
    std::fs::set_permissions(&files.key, Permissions::from_mode(0o644)).unwrap();
    let told = tls::server(&files).unwrap_err().to_string();
    assert!(told.contains("listener.key") && told.contains("chmod 600"), "{told}");
}

#[test]
fn a_head_over_its_bounds_is_told_so_by_its_status() {
    let stand = gate(ALL);
    for fields in ["x: y\r\n".repeat(101), format!("x: {}\r\n", "y".repeat(33_000))] {
        let answer = stand.send(format!("POST / HTTP/1.1\r\nhost: gate\r\n{fields}\r\n").as_bytes());
        assert_eq!(answer.status, 431, "{answer:?}");
        assert_refused(&stand, &answer, "InvalidParameter");
    }
}

#[test]
fn a_call_that_was_signed_too_long_ago_is_refused() {
    let stand = gate(ALL);
    let request = sign_acs3(&SigningRequest {
        host: &stand.place.endpoint,
        action: "CloseDBClusterMigration",
        version: "2017-08-01",
        parameters: &caller::parameters(&[("DBClusterId", CLUSTER)]),
        credential: &ALICE.credential(),
        date: Timestamp::now() - SignedDuration::from_mins(16),
        nonce: "n",
        format: Format::Json,
    });
    assert_refused(&stand, &stand.send(&caller::bytes(&request)), "InvalidTimeStamp.Expired");
}

#[test]
fn a_client_that_takes_nothing_of_its_answers_loses_its_place() {
    let stand = gate_with(ALL, |config| {
        config.limits.connections = 1;
        config.limits.write_timeout = Duration::from_secs(1);
    });
    let stand = stand.unwrap();
    let greedy = TcpStream::connect(stand.address).unwrap();
    greedy.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
    // Asks on and reads nothing, until neither end can write any more.
    let asking = b"GET /x HTTP/1.1\r\nhost: x\r\n\r\n".repeat(1000);
    while (&greedy).write_all(&asking).is_ok() {}
    assert_forwarded(&stand, &close(&stand, ALICE, CLUSTER));
    drop(greedy);
}
