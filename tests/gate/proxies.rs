//! Where a call comes from when proxies stand before the gate (spec gate-rules G13).

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use proptest::prelude::*;
use ramgate::gateway::config::{Config, Proxies};
use ramgate::gateway::proxy_protocol::{self, Announced, HeaderError};
use ramgate::openapi::sign::SignedRequest;
use ramgate::policy::IpBlock;
use serde_json::Value;

use super::caller::{self, Answer, KeptOpen};
use super::events;
use super::rules::{ALICE, ALL, CLUSTER, assert_forwarded, assert_refused, close, gate_with};
use super::stand::{Authority, Stand};

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// `LOCAL` and `PROXY`.
const OWN: u8 = 0x20;
const RELAYED: u8 = 0x21;

pub fn blocks(blocks: &[&str]) -> Vec<IpBlock> {
    blocks.iter().map(|block| IpBlock::parse(block).unwrap()).collect()
}

fn behind(statements: &str, protocol: bool, trusted: &[&str]) -> Stand {
    let proxies = Proxies { protocol, trusted: blocks(trusted) };
    gate_with(statements, |config: &mut Config| config.listeners[0].proxies = proxies).unwrap()
}

fn request(stand: &Stand) -> SignedRequest {
    caller::signed(&stand.place.endpoint, ALICE, "CloseDBClusterMigration", &[("DBClusterId", CLUSTER)])
}

/// A call that proxies added these header lines to.
fn with_lines(stand: &Stand, lines: &[&str]) -> Vec<u8> {
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    caller::bytes_with(&request(stand), &format!("connection: close\r\n{lines}"))
}

fn through(stand: &Stand, lines: &[&str]) -> Answer {
    stand.send(&with_lines(stand, lines))
}

/// A header of the PROXY protocol.
fn header(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
    [SIGNATURE, &[command, family], &length, rest].concat()
}

pub fn relayed(source: &str) -> Vec<u8> {
    let source: SocketAddr = source.parse().unwrap();
    let octets = |address: SocketAddr| match address {
        SocketAddr::V4(address) => address.ip().octets().to_vec(),
        SocketAddr::V6(address) => address.ip().octets().to_vec(),
    };
    let here: SocketAddr = if source.is_ipv4() { "192.0.2.9:443" } else { "[2001:db8::9]:443" }.parse().unwrap();
    let ports = [source.port().to_be_bytes(), here.port().to_be_bytes()].concat();
    header(RELAYED, if source.is_ipv4() { 0x11 } else { 0x21 }, &[octets(source), octets(here), ports].concat())
}

fn record(kind: u8, value: &[u8]) -> Vec<u8> {
    [&[kind][..], &u16::try_from(value.len()).unwrap().to_be_bytes(), value].concat()
}

/// `rest` after `head`, its length counted in.
fn longer(head: &[u8], rest: &[u8]) -> Vec<u8> {
    header(head[12], head[13], &[&head[16..], rest].concat())
}

/// What came back on a connection that began with these bytes; nothing where it was closed without an answer.
fn answered(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // The gate may close while it is written to.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}"),
    }
    answer
}

#[test]
fn g13_the_rightmost_hop_that_is_not_trusted_is_the_caller() {
    let proxies = ["127.0.0.0/8", "10.0.0.0/8", "fd00::/8"];
    let stand = behind(ALL, false, &proxies);
    let unknown = Value::Null;
    for (lines, source, secure) in [
        (&["X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https"][..], "192.0.2.1", Value::from(true)),
        (&["x-forwarded-for: 192.0.2.1", "x-forwarded-proto: HTTP"], "192.0.2.1", Value::from(false)),
        // What the caller wrote itself stands further left, and is not read, readable or not.
        (&["X-Forwarded-For: 10.0.0.1, 192.0.2.1", "X-Forwarded-Proto: https"], "192.0.2.1", Value::from(true)),
        (&["X-Forwarded-For: nonsense,, , 192.0.2.1"], "192.0.2.1", unknown.clone()),
        (&["X-Forwarded-For: \u{e9}", "X-Forwarded-For: 192.0.2.1"], "192.0.2.1", unknown.clone()),
        // Lines of one header are one list.
        (&["X-Forwarded-For: 198.51.100.1", "X-Forwarded-For: 192.0.2.1, 10.0.0.1"], "192.0.2.1", unknown.clone()),
        // The protocol is that of the same hop.
        (
            &["X-Forwarded-For: 198.51.100.1, 192.0.2.1, 10.0.0.1", "X-Forwarded-Proto: http, https, http"],
            "192.0.2.1",
            Value::from(true),
        ),
        (
            &["X-Forwarded-For: 192.0.2.1, 10.0.0.1", "X-Forwarded-Proto: https", "X-Forwarded-Proto: http"],
            "192.0.2.1",
            Value::from(true),
        ),
        (&["X-Forwarded-For: 192.0.2.1, 10.0.0.1", "X-Forwarded-Proto: https"], "192.0.2.1", unknown.clone()),
        // Where all are trusted it is the first of them.
        (&["X-Forwarded-For: 10.0.0.1, 10.0.0.2"], "10.0.0.1", unknown.clone()),
        (&["X-Forwarded-For: 192.0.2.1:4711"], "192.0.2.1", unknown.clone()),
        (&["X-Forwarded-For: ::ffff:192.0.2.1"], "192.0.2.1", unknown.clone()),
        (&["X-Forwarded-For: 192.0.2.1, ::ffff:10.0.0.1"], "192.0.2.1", unknown.clone()),
        (&["X-Forwarded-For: 2001:db8::1, [fd00::1], [fd00::2]:443"], "2001:db8::1", unknown),
        // Other headers by such names are read by nobody.
        (
            &["X-Forwarded-For: 192.0.2.1", "X_Forwarded_For: 10.9.9.9", "Forwarded: for=10.9.9.9;proto=https"],
            "192.0.2.1",
            Value::Null,
        ),
    ] {
        let answer = through(&stand, lines);
        let event = events::decision(answer.gate_request_id());
        assert_eq!(event["source"], source, "{lines:?}: {event}");
        assert_eq!(event.get("secure").cloned().unwrap_or_default(), secure, "{lines:?}: {event}");
        assert!(event["peer"].as_str().unwrap().starts_with("127.0.0.1:"), "the connection is on record too: {event}");
    }
}

#[test]
fn g13_a_trusted_proxy_that_does_not_tell_the_caller_is_refused() {
    let stand = behind(ALL, false, &["127.0.0.0/8"]);
    for lines in [
        &[][..],
        &["X-Forwarded-Proto: https"],
        // Taken out of the request by a caller that declared it a matter of the connection.
        &["Connection: X-Forwarded-For"],
        &["X-Forwarded-For:"],
        &["X-Forwarded-For: 192.0.2.1,"],
        &["X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: "],
        &["X-Forwarded-For: unknown"],
        &["X-Forwarded-For: 192.0.2.01"],
        &["X-Forwarded-For: 192.0.2"],
        &["X-Forwarded-For: 192.0.2.1:99999"],
        &["X-Forwarded-For: 192.0.2.1 192.0.2.2"],
        &["X-Forwarded-For: \"192.0.2.1\""],
        &["X-Forwarded-For: [192.0.2.1]"],
        &["X-Forwarded-For: gate.example"],
        &["X-Forwarded-For: 192.0.2.1\u{e9}"],
        &["X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: wss"],
        &["X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https,"],
        &["X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: \u{e9}"],
    ] {
        let answer = through(&stand, lines);
        assert_eq!(answer.status, 403, "{lines:?}: {answer:?}");
        assert_refused(&stand, &answer, "Forbidden");
        assert_eq!(events::decision(answer.gate_request_id())["source"], Value::Null, "{lines:?}");
    }
}

#[test]
fn g13_whoever_is_not_trusted_says_nothing_of_itself() {
    let claimed = r#"{ "Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": { "IpAddress": { "acs:SourceIp": "192.0.2.1" }, "Bool": { "acs:SecureTransport": "true" } } }"#;
    let lines = ["X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https"];
    for trusted in [&[][..], &["10.0.0.0/8"], &["127.0.0.2"], &["::/1"]] {
        let stand = behind(claimed, false, trusted);
        assert_refused(&stand, &through(&stand, &lines), "Forbidden.RAM");
    }
    let stand = behind(claimed, false, &["127.0.0.1"]);
    assert_forwarded(&stand, &through(&stand, &lines));
    // A hop that is not trusted cannot say that another one called it.
    let stand = behind(claimed, false, &["127.0.0.1"]);
    let lines = ["X-Forwarded-For: 192.0.2.1, 198.51.100.1", "X-Forwarded-Proto: https, https"];
    assert_refused(&stand, &through(&stand, &lines), "Forbidden.RAM");
}

#[test]
fn g13_what_proxies_leave_unsaid_is_unknown() {
    // Unknown leaves an Allow unmet and a Deny met (G2), whichever way it asks.
    let on_tls = |effect: &str, secure: bool| {
        format!(
            r#"{{ "Effect": "{effect}", "Action": "*", "Resource": "*",
                "Condition": {{ "Bool": {{ "acs:SecureTransport": "{secure}" }} }} }}"#
        )
    };
    for secure in [true, false] {
        for statements in [on_tls("Allow", secure), format!("{ALL}, {}", on_tls("Deny", secure))] {
            let stand = behind(&statements, false, &["127.0.0.1"]);
            assert_refused(&stand, &through(&stand, &["X-Forwarded-For: 192.0.2.1"]), "Forbidden.RAM");
        }
    }
    let from = |effect: &str, operator: &str| {
        format!(
            r#"{{ "Effect": "{effect}", "Action": "*", "Resource": "*",
                "Condition": {{ "{operator}": {{ "acs:SourceIp": "127.0.0.1" }} }} }}"#
        )
    };
    for operator in ["IpAddress", "NotIpAddress"] {
        for statements in [from("Allow", operator), format!("{ALL}, {}", from("Deny", operator))] {
            let stand = behind(&statements, true, &[]);
            for family in [header(RELAYED, 0x31, &[0; 216]), header(RELAYED, 0x00, &[])] {
                let answer = stand.send(&[family, with_lines(&stand, &[])].concat());
                assert_refused(&stand, &answer, "Forbidden.RAM");
                let event = events::decision(answer.gate_request_id());
                assert_eq!((&event["source"], &event["secure"]), (&Value::Null, &Value::from(false)), "{event}");
            }
        }
    }
}

#[test]
fn g13_a_proxy_header_says_whose_connection_is_relayed() {
    let stand = behind(ALL, true, &[]);
    let tls = record(0x20, &[7, 0, 0, 0, 0, 0x21, 0, 7, b'T', b'L', b'S', b'v', b'1', b'.', b'3']);
    for (head, source) in [
        (relayed("192.0.2.1:4711"), "192.0.2.1"),
        (relayed("[2001:db8::1]:4711"), "2001:db8::1"),
        (relayed("[::ffff:192.0.2.1]:4711"), "192.0.2.1"),
        // Records are passed over, whatever they say.
        (
            longer(&relayed("192.0.2.1:4711"), &[record(0x04, &[0; 40]), record(0xea, b"vpce-1"), tls].concat()),
            "192.0.2.1",
        ),
        (longer(&relayed("192.0.2.1:4711"), &record(0x04, &[0; 4000])), "192.0.2.1"),
        // A proxy's own connection comes from the proxy.
        (header(OWN, 0x00, &[]), "127.0.0.1"),
        (header(OWN, 0x11, &relayed("192.0.2.1:4711")[16..]), "127.0.0.1"),
        (header(OWN, 0x00, b"anything"), "127.0.0.1"),
    ] {
        let lines = ["X-Forwarded-For: 198.51.100.7", "X-Forwarded-Proto: https"];
        let answer = stand.send(&[head.clone(), with_lines(&stand, &lines)].concat());
        let event = events::decision(answer.gate_request_id());
        assert_eq!(event["source"], source, "{head:?}: {event}");
        assert_eq!(event["secure"], false, "{event}");
        assert!(event["peer"].as_str().unwrap().starts_with("127.0.0.1:"), "{event}");
    }
}

#[test]
fn g13_a_proxy_header_and_a_call_arrive_byte_by_byte() {
    let stand = behind(ALL, true, &[]);
    let mut stream = TcpStream::connect(stand.address).unwrap();
    stream.set_nodelay(true).unwrap();
    for byte in longer(&relayed("192.0.2.1:4711"), &record(0xea, b"vpce")) {
        stream.write_all(&[byte]).unwrap();
        std::thread::sleep(Duration::from_millis(1));
    }
    stream.write_all(&with_lines(&stand, &[])).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[test]
fn g13_a_connection_without_a_sound_proxy_header_is_closed() {
    let stand = behind(ALL, true, &[]);
    let v4 = relayed("192.0.2.1:4711");
    let (mut transport, mut command, mut version) = (v4.clone(), v4.clone(), v4.clone());
    (transport[13], command[12], version[12]) = (0x12, 0x22, 0x11);
    for (head, why) in [
        (Vec::new(), "none"),
        (b"PROXY TCP4 192.0.2.1 192.0.2.9 4711 443\r\n".to_vec(), "version 1"),
        (b"PROXY UNKNOWN\r\n".to_vec(), "version 1 of nobody"),
        (v4[1..].to_vec(), "its first byte is missing"),
        ([b"\n", &v4[..]].concat(), "a byte before it"),
        (version, "another version"),
        (command, "another command"),
        (transport, "UDP"),
        (header(RELAYED, 0x41, &v4[16..]), "another family"),
        (header(RELAYED, 0x10, &v4[16..]), "no transport"),
        (header(RELAYED, 0x11, &v4[16..27]), "shorter than its addresses"),
        (header(RELAYED, 0x21, &v4[16..]), "an IPv6 header with IPv4 addresses"),
        (header(RELAYED, 0x31, &[0; 215]), "shorter than its paths"),
        (longer(&v4, &[4]), "a record without length"),
        (longer(&v4, &[4, 0]), "a record with half a length"),
        (longer(&v4, &[4, 0, 2, 1]), "a record cut short"),
        (longer(&v4, &record(4, &[0; 4096])), "too long"),
    ] {
        let answer = answered(stand.address, &[head, with_lines(&stand, &[])].concat());
        assert!(answer.is_empty(), "{why}: {}", String::from_utf8_lossy(&answer));
    }
    assert_eq!(stand.forwarded().len(), 0);
    // A second header is the caller's, and no request.
    let answer = answered(stand.address, &[v4.clone(), v4, with_lines(&stand, &[])].concat());
    assert!(answer.starts_with(b"HTTP/1.1 400 "), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(stand.forwarded().len(), 0);
}

#[test]
fn g13_a_proxy_header_does_not_keep_a_connection_waiting() {
    let slow = gate_with(ALL, |config| {
        config.listeners[0].proxies.protocol = true;
        config.limits.header_timeout = Duration::from_secs(1);
    });
    let slow = slow.unwrap();
    for head in [&relayed("192.0.2.1:4711")[..20], &[]] {
        assert!(answered(slow.address, head).is_empty());
    }
}

#[test]
fn g13_only_a_trusted_peer_may_send_a_proxy_header_where_any_is_named() {
    let stand = behind(ALL, true, &["10.0.0.0/8"]);
    let call = [relayed("192.0.2.1:4711"), with_lines(&stand, &[])].concat();
    assert!(answered(stand.address, &call).is_empty());
    assert_eq!(stand.forwarded().len(), 0);
    // Without `proxy_protocol` the header is no request.
    let stand = behind(ALL, false, &["127.0.0.1"]);
    assert!(answered(stand.address, &call).starts_with(b"HTTP/1.1 400 "));
}

#[test]
fn g13_a_proxy_header_and_forwarded_headers_make_one_chain() {
    // The load balancer in front relays for a proxy, which writes the headers.
    let stand = behind(ALL, true, &["127.0.0.1", "10.0.0.0/8"]);
    for (head, lines, source, secure) in [
        (relayed("10.0.0.1:4711"), &["X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https"][..], "192.0.2.1", true),
        // A caller that reached the load balancer itself is believed nothing.
        (
            relayed("198.51.100.1:4711"),
            &["X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https"],
            "198.51.100.1",
            false,
        ),
        (header(OWN, 0x00, &[]), &["X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https"], "127.0.0.1", false),
    ] {
        let answer = stand.send(&[head, with_lines(&stand, lines)].concat());
        let event = events::decision(answer.gate_request_id());
        assert_eq!((event["source"].as_str(), &event["secure"]), (Some(source), &Value::from(secure)), "{event}");
    }
    let answer = stand.send(&[relayed("10.0.0.1:4711"), with_lines(&stand, &[])].concat());
    assert_eq!((answer.status, answer.code().as_str()), (403, "Forbidden"), "{answer:?}");
    assert_eq!(events::decision(answer.gate_request_id())["forwarded"], false);
}

#[test]
fn g13_the_caller_may_change_from_call_to_call_on_one_connection() {
    let stand = behind(ALL, false, &["127.0.0.1"]);
    let mut connection = KeptOpen::to(stand.address);
    for source in ["192.0.2.1", "192.0.2.2", "2001:db8::1"] {
        let call = caller::bytes_with(&request(&stand), &format!("X-Forwarded-For: {source}\r\n"));
        let answer = connection.exchange(&call).unwrap();
        assert_eq!(events::decision(answer.gate_request_id())["source"], source);
    }
}

#[test]
fn g13_a_proxy_header_precedes_tls() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new(directory.path());
    let stand = gate_with(ALL, |config| {
        config.listeners[0].proxies.protocol = true;
        config.listeners[0].tls = Some(authority.listener(&["127.0.0.1"]));
    });
    let stand = stand.unwrap();
    let (mut connection, _) = KeptOpen::relayed_to(stand.address, &authority.certificate, &relayed("192.0.2.1:4711"));
    let answer = connection.exchange(&with_lines(&stand, &[])).unwrap();
    assert_forwarded(&stand, &answer);
    let event = events::decision(answer.gate_request_id());
    assert_eq!((&event["source"], &event["secure"]), (&Value::from("192.0.2.1"), &Value::from(true)), "{event}");
}

#[test]
fn g13_a_call_without_proxies_comes_from_its_connection() {
    let stand = behind(ALL, false, &[]);
    let event = events::decision(close(&stand, ALICE, CLUSTER).gate_request_id());
    assert_eq!((&event["source"], &event["secure"]), (&Value::from("127.0.0.1"), &Value::from(false)), "{event}");
}

/// What is read of bytes that end, and how many of them are left.
fn read(mut bytes: &[u8]) -> (Result<Announced, HeaderError>, usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let read = runtime.block_on(proxy_protocol::read(&mut bytes));
    (read, bytes.len())
}

proptest! {
    #[test]
    fn a_proxy_header_is_read_to_its_end_and_no_further(
        source in any::<SocketAddr>(),
        records in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..60)), 0..20),
        after in prop::collection::vec(any::<u8>(), 0..100),
        cut in any::<prop::sample::Index>(),
    ) {
        let records: Vec<u8> = records.iter().flat_map(|(kind, value)| record(*kind, value)).collect();
        let head = longer(&relayed(&SocketAddr::new(source.ip(), source.port()).to_string()), &records);
        let (announced, left) = read(&[&head[..], &after].concat());
        let expected = SocketAddr::new(source.ip().to_canonical(), source.port());
        prop_assert_eq!(announced.unwrap(), Announced::Relayed(expected));
        prop_assert_eq!(left, after.len());
        let cut = read(&head[..cut.index(head.len())]).0;
        prop_assert!(matches!(cut, Err(HeaderError::Read(_))), "{:?}", cut);
    }

    #[test]
    fn bytes_that_look_like_a_proxy_header_are_refused_or_read_and_never_more_than_they_announce(
        command in prop_oneof![Just(OWN), Just(RELAYED), any::<u8>()],
        family in prop_oneof![Just(0x00), Just(0x11), Just(0x21), Just(0x31), any::<u8>()],
        length in prop_oneof![0u16..300, any::<u16>()],
        rest in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let head = [SIGNATURE, &[command, family], &length.to_be_bytes(), &rest].concat();
        let (announced, left) = read(&head);
        if announced.is_ok() {
            prop_assert_eq!(rest.len() - left, usize::from(length));
        }
    }

    #[test]
    fn what_does_not_begin_with_the_signature_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        prop_assume!(!bytes.starts_with(SIGNATURE));
        prop_assert!(read(&bytes).0.is_err());
    }
}
