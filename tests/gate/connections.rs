//! How long connections live, and how many there may be.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use ramgate::gateway::Drained;
use ramgate::gateway::config::Config;

use super::admin::{admin, looked_after, scrape_once, value};
use super::caller::{self, KeptOpen};
use super::proxies::{blocks, relayed};
use super::rules::{ALICE, ALL, CLUSTER, gate_with};
use super::stand::Stand;

/// Far longer than a test may take.
const LONG: Duration = Duration::from_secs(3600);

fn describing(stand: &Stand) -> Vec<u8> {
    let pairs = [("DBClusterId", CLUSTER)];
    caller::bytes_with(&caller::signed(&stand.place.endpoint, ALICE, "DescribeDBClusterMigration", &pairs), "")
}

/// Whether the other end closes the connection without another byte.
fn is_closed(stream: &mut TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    matches!(stream.read(&mut [0; 1]), Ok(0))
}

#[test]
fn a_connection_is_closed_once_it_was_idle_for_its_time() {
    let stand = gate_with(ALL, |config| {
        config.limits.header_timeout = LONG;
        config.limits.idle_timeout = Duration::from_secs(1);
    });
    let stand = stand.unwrap();
    let mut connection = KeptOpen::to(stand.address);
    assert_eq!(connection.exchange(&describing(&stand)).unwrap().status, 200);
    assert!(is_closed(connection.stream()));
}

#[test]
fn the_time_of_a_head_begins_with_its_first_byte_and_the_idle_time_before_does_not_count() {
    let stand = gate_with(ALL, |config| {
        config.limits.header_timeout = Duration::from_secs(1);
        config.limits.idle_timeout = LONG;
    });
    let stand = stand.unwrap();
    let mut connection = KeptOpen::to(stand.address);
    for _ in 0..2 {
        assert_eq!(connection.exchange(&describing(&stand)).unwrap().status, 200);
        std::thread::sleep(Duration::from_millis(1500));
    }
    connection.stream().write_all(b"POST / HT").unwrap();
    assert!(is_closed(connection.stream()));
    // The first one on a connection has its time from the beginning.
    for sent in [&b""[..], b"POST / HT"] {
        let mut stream = TcpStream::connect(stand.address).unwrap();
        stream.write_all(sent).unwrap();
        assert!(is_closed(&mut stream));
    }
}

#[test]
fn a_gate_that_ends_answers_what_is_on_its_way_on_open_connections_and_says_that_it_was_the_last() {
    let stand = gate_with(ALL, |config| config.limits.header_timeout = Duration::from_secs(20)).unwrap();
    let (mut fresh, mut used) = (KeptOpen::to(stand.address), KeptOpen::to(stand.address));
    // Signed ahead, since the gate is not there any more to ask for its address; more than are called in time.
    let mut calls: Vec<_> = (0..2_000).map(|_| describing(&stand)).collect();
    let last = calls.pop().unwrap();
    let exchange = |connection: &mut KeptOpen, call: &[u8]| {
        let answer = connection.exchange(call).expect("an answer");
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.header("connection").map(str::to_owned)
    };
    assert_eq!(exchange(&mut used, &calls.pop().unwrap()), None);
    let ending = std::thread::spawn(move || stand.shut());
    let said = calls.iter().find_map(|call| exchange(&mut used, call));
    assert_eq!(said.as_deref(), Some("close"));
    assert!(is_closed(used.stream()));
    assert_eq!(exchange(&mut fresh, &last).as_deref(), Some("close"));
    assert!(is_closed(fresh.stream()));
    assert_eq!(ending.join().unwrap(), Drained::Whole);
}

#[test]
fn a_gate_that_ends_closes_connections_on_which_nothing_comes() {
    let stand = gate_with(ALL, |config| {
        config.limits.header_timeout = Duration::from_secs(2);
        config.limits.idle_timeout = LONG;
    });
    let stand = stand.unwrap();
    let (mut fresh, mut used) = (KeptOpen::to(stand.address), KeptOpen::to(stand.address));
    assert_eq!(used.exchange(&describing(&stand)).unwrap().status, 200);
    assert_eq!(stand.shut(), Drained::Whole);
    assert!(is_closed(fresh.stream()) && is_closed(used.stream()));
}

/// A connection on which a call is answered, kept open; `None` where the gate closes it instead.
fn answered(stand: &Stand, before: &[u8]) -> Option<KeptOpen> {
    let mut connection = KeptOpen::to(stand.address);
    // It may be closed while it is written to.
    let _ = connection.stream().write_all(before);
    let answer = connection.exchange(&describing(stand))?;
    assert_eq!(answer.status, 200, "{answer:?}");
    Some(connection)
}

/// As [`answered`], once a connection before it is given up.
fn answered_soon(stand: &Stand, before: &[u8]) -> KeptOpen {
    let began = Instant::now();
    loop {
        if let Some(connection) = answered(stand, before) {
            return connection;
        }
        assert!(began.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_client_has_no_more_connections_than_one_may() {
    let stand = looked_after(|config| config.limits.connections_per_client = 2);
    stand.migrate(&[(CLUSTER, "cn-hangzhou")]);
    let first = answered(&stand, b"").unwrap();
    let _second = answered(&stand, b"").unwrap();
    assert!(answered(&stand, b"").is_none());
    let scrape = scrape_once(admin(&stand), "ramgate_connections_refused", 1.0);
    assert_eq!(value(&scrape, "ramgate_connections_refused", &[("reason", "client")]), 1.0);
    drop(first);
    answered_soon(&stand, b"");
}

#[test]
fn connections_behind_proxies_are_those_of_their_callers() {
    let behind = |trusted: &[&str], change: fn(&mut Config)| {
        let stand = looked_after(|config| {
            config.limits.connections_per_client = 1;
            config.listeners[0].proxies.trusted = blocks(trusted);
            config.listeners[0].proxies.protocol = true;
            change(config);
        });
        stand.migrate(&[(CLUSTER, "cn-hangzhou")]);
        stand
    };
    let stand = behind(&[], |_| {});
    let mut open = Vec::new();
    for (caller, taken) in [
        ("192.0.2.1:4711", true),
        ("192.0.2.1:4712", false),
        ("192.0.2.2:4711", true),
        ("[2001:db8::1]:4711", true),
        ("[2001:db8::2]:4711", false),
        ("[2001:db8:0:1::1]:4711", true),
    ] {
        let connection = answered(&stand, &relayed(caller));
        assert_eq!(connection.is_some(), taken, "{caller}");
        open.extend(connection);
    }
    // Over the connections of a trusted proxy come the calls of many: these are not counted.
    let stand = behind(&["127.0.0.1"], |config| config.listeners[0].proxies.protocol = false);
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut connection = KeptOpen::to(stand.address);
        let pairs = [("DBClusterId", CLUSTER)];
        let request = caller::signed(&stand.place.endpoint, ALICE, "DescribeDBClusterMigration", &pairs);
        let call = caller::bytes_with(&request, "x-forwarded-for: 192.0.2.1\r\n");
        assert_eq!(connection.exchange(&call).unwrap().status, 200);
        open.push(connection);
    }
}

#[test]
fn a_crowd_waits_in_the_queue_and_is_served_in_its_turn() {
    let stand = gate_with(ALL, |config| config.limits.connections = 1).unwrap();
    // The one place, and the connection that is accepted next, are taken.
    let first = KeptOpen::to(stand.address);
    let crowd: Vec<TcpStream> =
        (0..400).map(|_| TcpStream::connect_timeout(&stand.address, Duration::from_secs(20)).unwrap()).collect();
    drop(first);
    for mut client in crowd {
        client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        client.write_all(b"GET /x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
}
