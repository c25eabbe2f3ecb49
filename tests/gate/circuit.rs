//! Leaving an upstream alone that fails.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use ramgate::gateway::config::{Circuit, Config, Endpoint};

use super::admin::{admin, ask, looked_after, scrape, value};
use super::caller::{Answer, Key};
use super::events;
use super::rules::{ALICE, ALL, CLUSTER, SESSION, WORLD, policy};
use super::scripted::{Deed, Scripted, success};
use super::stand::{ACCOUNT, Stand};

/// A gate that leaves the upstream at `address` alone after so many failures, for so many seconds.
fn gate(address: SocketAddr, failures: u32, seconds: u64) -> Stand {
    looked_after(|config: &mut Config| {
        config.upstreams[0].endpoint = Endpoint { tls: false, authority: address.to_string() };
        config.circuit = Circuit { failures: Some(failures), open_for: Duration::from_secs(seconds) };
    })
}

fn write(stand: &Stand, key: Key) -> Answer {
    stand.call(key, "ModifyDBClusterDescription", &[("DBClusterId", CLUSTER), ("DBClusterDescription", "x")])
}

fn circuit(stand: &Stand) -> String {
    ask(admin(stand), "GET /readyz").json()["upstreams"][0]["circuit"].as_str().unwrap().to_owned()
}

/// Refused before anything of it was sent or promised.
#[track_caller]
fn assert_shed(answer: &Answer) {
    assert_eq!((answer.status, answer.code().as_str()), (503, "ServiceUnavailable"), "{answer:?}");
    assert!(answer.message().contains("was not carried out"), "{answer:?}");
    let wait: u64 = answer.header("x-acs-retry-after").unwrap().parse().unwrap();
    assert!((1..=60_000).contains(&wait), "{wait}");
    let events = events::of_call(answer.gate_request_id());
    assert_eq!(events.len(), 1, "no intent of what is not sent: {events:?}");
    assert_eq!(events[0]["forwarded"], false, "{events:?}");
    assert!(events[0]["reason"].as_str().unwrap().contains("no call goes to it"), "{events:?}");
}

#[test]
fn an_upstream_that_cannot_be_reached_is_left_alone_and_tried_again_by_one_call() {
    // An address of loopback that nobody else takes a port of.
    let address = {
        let [_, a, b, c] = uuid::Uuid::new_v4().as_u128().to_be_bytes()[..4] else { unreachable!() };
        let listener = TcpListener::bind((Ipv4Addr::new(127, a, b, c.max(2)), 0)).unwrap();
        listener.local_addr().unwrap()
    };
    let stand = gate(address, 3, 1);
    for _ in 0..3 {
        assert_eq!(circuit(&stand), "closed");
        let answer = write(&stand, ALICE);
        assert_eq!((answer.status, answer.header("x-acs-retry-after")), (503, None), "{answer:?}");
    }
    assert_eq!(circuit(&stand), "open");
    let upstream = Scripted::at(address);
    let began = Instant::now();
    let mut shed = 0;
    loop {
        let answer = write(&stand, ALICE);
        if answer.status == 200 {
            break;
        }
        assert_shed(&answer);
        shed += 1;
        assert!(began.elapsed() < Duration::from_secs(20), "{answer:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!((circuit(&stand), upstream.begun()), ("closed".to_owned(), 1));
    let scrape = scrape(admin(&stand));
    let labels = [("upstream", &*address.to_string())];
    assert_eq!(value(&scrape, "ramgate_upstream_circuit_state", &labels), 0.0);
    assert_eq!(value(&scrape, "ramgate_upstream_circuit_openings", &labels), 1.0);
    assert_eq!(value(&scrape, "ramgate_upstream_errors", &[("kind", "unreachable")]), 3.0);
    assert_eq!(value(&scrape, "ramgate_upstream_errors", &[("kind", "shed")]), f64::from(shed));
}

#[test]
fn no_caller_alone_can_have_an_upstream_left_alone() {
    let upstream = Scripted::new([]);
    let stand = gate(upstream.address, 4, 60);
    // Whatever the API answers is an answer.
    for status in ["400 Bad Request", "404 Not Found", "500 Internal Server Error", "503 Service Unavailable"] {
        for _ in 0..4 {
            upstream.then(Deed::Say(format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\n{{}}").into_bytes()));
            assert_eq!(write(&stand, ALICE).status.to_string(), status[..3]);
        }
    }
    for _ in 0..8 {
        upstream.then(Deed::Reset);
        assert_eq!(write(&stand, ALICE).status, 500);
    }
    assert_eq!((circuit(&stand), upstream.begun()), ("closed".to_owned(), 24));
    for _ in 0..2 {
        upstream.then(Deed::Reset);
        assert_eq!(write(&stand, SESSION).status, 500);
    }
    assert_eq!(circuit(&stand), "open");
    assert_shed(&write(&stand, ALICE));
    assert_eq!(upstream.begun(), 26, "nothing goes to it any more");
}

#[test]
fn an_answer_that_is_too_long_says_that_somebody_answers() {
    let upstream = Scripted::new([]);
    let stand = looked_after(|config| {
        config.upstreams[0].endpoint = Endpoint { tls: false, authority: upstream.address.to_string() };
        config.circuit = Circuit { failures: Some(2), open_for: Duration::from_secs(3600) };
        config.limits.answer_bytes = 100;
    });
    for key in [ALICE, SESSION, ALICE, SESSION] {
        upstream.then(Deed::Say(success(&"x".repeat(200))));
        assert_eq!(write(&stand, key).status, 500);
    }
    assert_eq!(circuit(&stand), "closed");
}

#[test]
fn a_reload_leaves_a_circuit_as_it_is_unless_it_is_set_otherwise() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().to_owned();
    let configure = |failures: u32| {
        let text = format!(
            "[[listeners]]\naddress = \"127.0.0.1:0\"\nplain = true\n[[upstreams]]\nproduct = \"polardb\"\nversion = \
             \"2017-08-01\"\naccount = \"{ACCOUNT}\"\nendpoint = \"http://127.0.0.1:1\"\nplain = true\ncredential = \
             \"caller\"\n[circuit]\nfailures = {failures}\nopen_for = 60\n[gate]\nnonces_in_memory = true\n"
        );
        std::fs::write(folder.join("ramgate.toml"), text).unwrap();
    };
    let (stand, mut watch) = Stand::of_files(directory, |folder, _| {
        std::fs::create_dir(folder.join("policies")).unwrap();
        std::fs::write(folder.join("world.toml"), WORLD).unwrap();
        std::fs::write(folder.join("policies/rights.json"), policy(ALL)).unwrap();
        configure(1);
    });
    let (gate, runtime) = stand.gate();
    assert_eq!(write(&stand, ALICE).header("x-acs-retry-after"), None);
    assert_shed(&write(&stand, ALICE));
    std::fs::write(folder.join("policies/rights.json"), policy(ALL) + "\n").unwrap();
    assert_eq!(runtime.block_on(gate.reload(&mut watch)).unwrap().generation, 1);
    assert_shed(&write(&stand, ALICE));
    configure(0);
    assert_eq!(runtime.block_on(gate.reload(&mut watch)).unwrap().generation, 2);
    for _ in 0..3 {
        let answer = write(&stand, ALICE);
        assert_eq!((answer.status, answer.header("x-acs-retry-after")), (503, None), "{answer:?}");
    }
}
