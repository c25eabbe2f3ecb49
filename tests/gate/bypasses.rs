//! How authorizers and their gateways were bypassed, and that this gate is not: one test for each published case, named
//! after its row of spec bypasses, section 1.
//!
//! Rows that are not here:
//! - 10 and 36 are about HTTP/2: http2.rs has them, frame by frame.
//! - 14 is about prefixes that are stripped: nothing is, and `/` is the only path there is.
//! - 16, 19 (its second half), 24 (its first half) and 44 are about modes in which another proxy asks for decisions.
//! - 33 is about comparing in constant time, which `src/authn` leaves to aws-lc-rs; a timed test would prove nothing here.
//! - 34 is `no_secret_is_ever_logged_however_much_is` in serving.rs and `a_fault_tells_nobody_a_secret` in faults.rs.
//! - 38 is about limiters that are asked over a network: the gate's own is in its memory.
//! - 40 is in proxies.rs, 41 in the tests of the policy language.
//! - 42 is in reload.rs, on connections that are kept open; 43 in `tests/signature_vectors.rs`, with requests of SDKs that
//!   sign their `User-Agent`.

#[path = "bypasses/headers.rs"]
mod headers;

use std::time::{Duration, Instant};

use ramgate::openapi::sign::SignedRequest;

use super::caller::{self, Answer, bytes_with};
use super::raw::{Raw, Since, signed_v1};
use super::rules::{ALICE, CLUSTER, OTHER, gate_with};
use super::scripted::{Deed, Scripted};
use super::stand::Stand;

/// Everything on one cluster, and nothing else.
const RIGHTS: &str =
    r#"{ "Effect": "Allow", "Action": "polardb:*", "Resource": "acs:polardb:*:*:dbcluster/pc-bp1aaaa" }"#;

const LOOK: &str = "DescribeDBClusterMigration";
const CLOSE: &str = "CloseDBClusterMigration";
const LAST: &str = "connection: close\r\n";

fn gate() -> Stand {
    gate_with(RIGHTS, |config| config.limits.body_timeout = Duration::from_secs(1)).unwrap()
}

fn look(stand: &Stand) -> SignedRequest {
    caller::signed(&stand.place.endpoint, ALICE, LOOK, &[("DBClusterId", CLUSTER)])
}

/// A call that the policies deny.
fn denied(stand: &Stand) -> SignedRequest {
    caller::signed(&stand.place.endpoint, ALICE, CLOSE, &[("DBClusterId", OTHER)])
}

/// A call in V1 with its parameters in the query, and these header lines.
fn v1(stand: &Stand, query: &str, lines: &str) -> Vec<u8> {
    format!("GET /?{query} HTTP/1.1\r\nhost: {}\r\n{lines}\r\n", stand.place.endpoint).into_bytes()
}

fn allowed_query() -> String {
    signed_v1("GET", ALICE, LOOK, &[("DBClusterId", CLUSTER)])
}

/// Sends bytes on a connection of their own, and gives every answer and how many requests were forwarded; ONE holds.
#[track_caller]
fn send(stand: &Stand, bytes: &[u8]) -> (Vec<Answer>, usize) {
    let since = Since::now(stand);
    let mut connection = Raw::to(stand.address);
    connection.send(bytes);
    let answers = connection.answers(true);
    let forwarded = since.assert_one(stand, connection.local, answers.len());
    (answers, forwarded)
}

/// Nothing of these bytes is forwarded, and there is one answer: a refusal that SDKs can read.
#[track_caller]
fn assert_nothing_passes(stand: &Stand, bytes: &[u8]) -> Answer {
    let (mut answers, forwarded) = send(stand, bytes);
    assert_eq!((answers.len(), forwarded), (1, 0), "{answers:?}");
    let answer = answers.remove(0);
    assert!((400..500).contains(&answer.status) && !answer.code().is_empty(), "{answer:?}");
    answer
}

/// One call passes, as it was meant.
#[track_caller]
fn assert_passes_as_meant(stand: &Stand, bytes: &[u8]) {
    let (answers, forwarded) = send(stand, bytes);
    assert_eq!((answers.len(), forwarded), (1, 1), "{answers:?}");
    assert_eq!(answers[0].status, 200, "{answers:?}");
    let sent = stand.forwarded().pop().unwrap();
    let call = ramgate::openapi::Call::parse(&sent, &ramgate::openapi::Limits::default()).unwrap();
    assert_eq!(call.action(), LOOK);
    assert_eq!(call.parameters().iter().collect::<Vec<_>>(), [("DBClusterId", CLUSTER)]);
    assert_eq!((sent.method.as_str(), sent.target.split('?').next()), ("POST", Some("/")));
}

#[test]
fn row_1_upgrade_makes_no_tunnel_for_a_second_request() {
    let stand = gate();
    for upgrade in ["x", "websocket", "h2c", "TLS/1.0, HTTP/2.0"] {
        let first = bytes_with(&look(&stand), &format!("connection: upgrade\r\nupgrade: {upgrade}\r\n"));
        let (answers, forwarded) = send(&stand, &[first, bytes_with(&denied(&stand), LAST)].concat());
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!((statuses.as_slice(), forwarded), (&[200, 403][..], 1), "{upgrade}");
        assert_eq!(answers[1].code(), "Forbidden.RAM");
    }
}

#[test]
fn row_2_no_combination_of_framings_and_versions_passes_more_than_was_decided() {
    let stand = gate();
    let smuggled = String::from_utf8(bytes_with(&denied(&stand), "")).unwrap();
    let lengths = [None, Some(0), Some(5), Some(smuggled.len()), Some(smuggled.len() + 5), Some(10_000)];
    let codings = [None, Some("chunked"), Some("identity"), Some("chunked, identity"), Some("xchunked"), Some("")];
    for version in ["1.0", "1.1"] {
        for length in lengths {
            for coding in codings {
                let length = length.map_or_else(String::new, |length| format!("content-length: {length}\r\n"));
                let coding = coding.map_or_else(String::new, |coding| format!("transfer-encoding: {coding}\r\n"));
                for lines in [format!("{length}{coding}"), format!("{coding}{length}")] {
                    let head = format!("POST /?{} HTTP/{version}\r\n", allowed_query());
                    let head = format!("{head}host: {}\r\n{lines}\r\n0\r\n\r\n{smuggled}", stand.place.endpoint);
                    let since = Since::now(&stand);
                    let mut connection = Raw::to(stand.address);
                    connection.send(head.as_bytes());
                    connection.end();
                    let answers = connection.answers(true);
                    // The first is signed for another method; the second is denied.
                    assert_eq!(since.assert_one(&stand, connection.local, answers.len()), 0, "{head}");
                    if !length.is_empty() && !coding.is_empty() {
                        assert_eq!(answers.len(), 1, "both framings end the connection: {head}");
                    }
                    assert!(answers.iter().all(|answer| !answer.code().is_empty()), "{answers:?}");
                }
            }
        }
    }
}

#[test]
fn row_3_an_early_answer_leaves_no_bytes_that_become_a_request() {
    let stand = gate();
    let inner = bytes_with(&look(&stand), LAST);
    // Far over the limit of a body: it is refused before it has come in.
    let body = inner.repeat((1 << 20) / inner.len() + 1);
    let head = format!("POST / HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n\r\n", stand.place.endpoint, body.len());
    let answer = assert_nothing_passes(&stand, &[head.as_bytes(), &body].concat());
    assert_eq!(answer.code(), "InvalidParameter");
    let chunk = format!("{:x}\r\n", body.len());
    let head =
        format!("POST / HTTP/1.1\r\nhost: {}\r\ntransfer-encoding: chunked\r\n\r\n{chunk}", stand.place.endpoint);
    assert_nothing_passes(&stand, &[head.as_bytes(), &body, b"\r\n0\r\n\r\n"].concat());

    // One that is received whole and denied does not cost the connection.
    let signed = signed_v1("POST", ALICE, CLOSE, &[("DBClusterId", OTHER), ("Comment", &"x".repeat(60_000))]);
    let head = format!(
        "POST / HTTP/1.1\r\nhost: {}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n",
        stand.place.endpoint,
        signed.len()
    );
    let (answers, forwarded) =
        send(&stand, &[head.as_bytes(), signed.as_bytes(), &bytes_with(&look(&stand), LAST)].concat());
    assert_eq!((answers.len(), forwarded), (2, 1), "{answers:?}");
    assert_eq!((answers[0].status / 100, answers[1].status), (4, 200), "{answers:?}");
}

#[test]
fn row_4_no_answer_of_the_upstream_makes_a_tunnel() {
    for answer in [
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
    ] {
        let upstream = Scripted::new([Deed::Say(answer.as_bytes().to_vec())]);
        let stand = gate_with(RIGHTS, |config| config.upstreams[0].endpoint.authority = upstream.address.to_string());
        let stand = stand.unwrap();
        let first = bytes_with(&look(&stand), "connection: upgrade\r\nupgrade: x\r\n");
        let mut connection = Raw::to(stand.address);
        connection.send(&[first, bytes_with(&denied(&stand), LAST)].concat());
        let answers = connection.answers(true);
        let codes: Vec<String> = answers.iter().map(Answer::code).collect();
        assert_eq!(codes, ["InternalError", "Forbidden.RAM"]);
        assert_eq!(upstream.begun(), 1);
    }
}

#[test]
fn row_5_numbers_are_digits_and_nothing_else() {
    let stand = gate();
    let huge = "1".repeat(40);
    for number in ["+0", "-0", "0x0", "0,0", "0 0", "", "18446744073709551616", huge.as_str(), "0_0", "٠"] {
        let lines = format!("content-length: {number}\r\n");
        assert_nothing_passes(&stand, &v1(&stand, &allowed_query(), &lines));
    }
    let query = signed_v1("POST", ALICE, LOOK, &[("DBClusterId", CLUSTER)]);
    for size in ["+0", "-0", "0x0", "g", "", "10000000000000000", "ffffffffffffffffffff", "0_0", " 0"] {
        let chunked = format!(
            "POST /?{query} HTTP/1.1\r\nhost: {}\r\ntransfer-encoding: chunked\r\n\r\n{size}\r\n\r\n",
            stand.place.endpoint
        );
        assert_nothing_passes(&stand, chunked.as_bytes());
    }
}

#[test]
fn row_6_an_empty_header_name_hides_nothing() {
    let stand = gate();
    for line in [":\r\n", ": x\r\n", ":content-length: 5\r\n", " : x\r\n"] {
        assert_nothing_passes(&stand, &v1(&stand, &allowed_query(), line));
    }
}

#[test]
fn row_7_an_empty_length_is_no_length() {
    let stand = gate();
    for lines in
        ["content-length:\r\n", "content-length:\r\ncontent-length:\r\n", "content-length: \r\ncontent-length: 0\r\n"]
    {
        assert_nothing_passes(&stand, &v1(&stand, &allowed_query(), lines));
    }
}

#[test]
fn row_8_a_header_name_of_64_kib_hides_no_second_length() {
    let stand = gate();
    for length in [65_535, 65_536, 65_537, 131_072] {
        let lines = format!("content-length: 0\r\n{}: x\r\ncontent-length: 5\r\n", "a".repeat(length));
        assert_nothing_passes(&stand, &v1(&stand, &allowed_query(), &lines));
    }
}

#[test]
fn row_9_an_expectation_moves_no_body_into_the_next_request() {
    let stand = gate();
    for expect in
        ["100-continue", "100-Continue", "100-continue, x", "y", "", " 100-continue\t", "100-continue\r\nexpect: x"]
    {
        let lines = format!("expect: {expect}\r\n");
        // With a body that comes at once, without one, and in a GET that has none.
        let form = signed_v1("POST", ALICE, LOOK, &[("DBClusterId", CLUSTER)]);
        let with_body = format!(
            "POST / HTTP/1.1\r\nhost: {}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n{lines}\r\n{form}",
            stand.place.endpoint,
            form.len()
        );
        for first in [with_body.into_bytes(), bytes_with(&look(&stand), &lines), v1(&stand, &allowed_query(), &lines)] {
            let (answers, forwarded) = send(&stand, &[first, bytes_with(&denied(&stand), LAST)].concat());
            let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
            assert_eq!((statuses.as_slice(), forwarded), (&[200, 403][..], 1), "{expect:?}");
        }
        // A body that is announced and does not come is no other request's beginning.
        let announced =
            format!("POST / HTTP/1.1\r\nhost: {}\r\ncontent-length: 900\r\n{lines}\r\n", stand.place.endpoint);
        let rest = bytes_with(&look(&stand), "");
        assert!(rest.len() < 900);
        assert_nothing_passes(&stand, &[announced.as_bytes(), &rest].concat());
    }
}

/// Every path but `/` itself.
const PATHS: [&str; 26] = [
    "//",
    "///",
    "//admin/x",
    "/;x",
    "/;",
    "/\\",
    "/./",
    "/.",
    "/..",
    "/../",
    "/%2e",
    "/%2e%2e/",
    "/%2f",
    "/%2F",
    "/%5c",
    "/x/..",
    "/x/../",
    "/public/../admin",
    "/public/%2e%2e/admin",
    "/public/..;/",
    "/%252e%252e/",
    "/%252f",
    "/%00",
    "/a",
    "/ACS3",
    "/%20",
];

#[test]
fn rows_11_12_13_and_15_there_is_one_path_and_it_is_never_normalised() {
    let stand = gate();
    for path in PATHS {
        for prefix in [String::new(), format!("http://{}", stand.place.endpoint)] {
            let request = format!(
                "GET {prefix}{path}?{} HTTP/1.1\r\nhost: {}\r\n{LAST}\r\n",
                allowed_query(),
                stand.place.endpoint
            );
            assert_nothing_passes(&stand, request.as_bytes());
        }
    }
}

#[test]
fn row_17_no_name_stands_twice_in_any_place_or_spelling() {
    let stand = gate();
    let twice = [
        "Action=CloseDBClusterMigration",
        "action=CloseDBClusterMigration",
        "%41ction=CloseDBClusterMigration",
        "ACTION=DescribeDBClusterMigration",
        "DBClusterId=pc-2zebbbb",
        "dbclusterid=pc-2zebbbb",
        "DBClusterI%64=pc-2zebbbb",
        "Version=2017-08-01",
        "SignatureNonce=x",
    ];
    for other in twice {
        for query in [format!("{}&{other}", allowed_query()), format!("{other}&{}", allowed_query())] {
            assert_nothing_passes(&stand, &v1(&stand, &query, LAST));
        }
        // Once in the query, once in the form.
        let form = signed_v1("POST", ALICE, LOOK, &[("DBClusterId", CLUSTER)]);
        let both = format!(
            "POST /?{other} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/x-www-form-urlencoded\r\n{LAST}content-length: {}\r\n\r\n{form}",
            stand.place.endpoint,
            form.len()
        );
        assert_nothing_passes(&stand, both.as_bytes());
    }
    // The header of a V3 call against a parameter, and the headers of a V1 call against its parameters.
    let mut v3 = look(&stand);
    v3.target = format!("{}&Action={CLOSE}", v3.target);
    assert_nothing_passes(&stand, &bytes_with(&v3, LAST));
    for header in ["x-acs-action: CloseDBClusterMigration", "x-acs-version: 2018-01-01"] {
        assert_nothing_passes(&stand, &v1(&stand, &allowed_query(), &format!("{header}\r\n{LAST}")));
    }
}

#[test]
fn row_18_the_last_of_many_parameters_counts_and_too_many_are_refused() {
    let stand = gate();
    let query = |tags: usize| {
        let tags: Vec<String> = (1..=tags).map(|index| format!("Tag.{index}.Key")).collect();
        let mut pairs: Vec<(&str, &str)> = tags.iter().map(|name| (name.as_str(), name.as_str())).collect();
        pairs.extend([("RegionId", "cn-beijing"), ("DBClusterIds", OTHER)]);
        let signed = signed_v1("POST", ALICE, "DescribeDBClusters", &pairs);
        // What decides comes last.
        let mut parts: Vec<&str> = signed.split('&').filter(|part| !part.starts_with("DBClusterIds=")).collect();
        let last = format!("DBClusterIds={OTHER}");
        parts.push(&last);
        parts.join("&")
    };
    for (tags, code) in
        [(1, "Forbidden.RAM"), (101, "Forbidden.RAM"), (1001, "InvalidParameter"), (10_001, "InvalidParameter")]
    {
        let form = query(tags);
        let request = format!(
            "POST / HTTP/1.1\r\nhost: {}\r\ncontent-type: application/x-www-form-urlencoded\r\n{LAST}content-length: {}\r\n\r\n{form}",
            stand.place.endpoint,
            form.len()
        );
        let answer = assert_nothing_passes(&stand, request.as_bytes());
        assert_eq!(answer.code(), code, "{tags}: {answer:?}");
    }
}

#[test]
fn row_19_a_body_over_the_limit_is_refused_whole() {
    let limit = 4096;
    let stand = gate_with(RIGHTS, |config| config.limits.body_bytes = limit).unwrap();
    // As long as the limit, and one byte more; what decides stands at the end, behind what a cut would leave.
    for (over, code) in [(0, "Forbidden.RAM"), (1, "InvalidParameter"), (4096, "InvalidParameter")] {
        for chunked in [false, true] {
            let form = signed_v1("POST", ALICE, LOOK, &[("DBClusterId", OTHER)]);
            let form = format!("{}{form}", "&".repeat(limit + over - form.len()));
            let (lines, body) = if chunked {
                ("transfer-encoding: chunked\r\n".to_owned(), format!("{:x}\r\n{form}\r\n0\r\n\r\n", form.len()))
            } else {
                (format!("content-length: {}\r\n", form.len()), form)
            };
            let request = format!(
                "POST / HTTP/1.1\r\nhost: {}\r\ncontent-type: application/x-www-form-urlencoded\r\n{LAST}{lines}\r\n{body}",
                stand.place.endpoint
            );
            assert_eq!(assert_nothing_passes(&stand, request.as_bytes()).code(), code, "{over}");
        }
    }
}

#[test]
fn row_37_what_never_ends_is_ended() {
    let stand = gate_with(RIGHTS, |config| {
        config.limits.header_timeout = Duration::from_secs(1);
        config.limits.body_timeout = Duration::from_secs(1);
    });
    let stand = stand.unwrap();
    let host = &stand.place.endpoint;
    // A head that comes byte by byte, a body that does, and a body without end.
    let slow = |head: &str, piece: &[u8], wait: Duration| {
        let began = Instant::now();
        let mut connection = Raw::to(stand.address);
        connection.send(head.as_bytes());
        while began.elapsed() < Duration::from_secs(3) && !connection.is_answered() {
            connection.send(piece);
            std::thread::sleep(wait);
        }
        connection.answers(true)
    };
    let drip = Duration::from_millis(100);
    assert_eq!(slow("GET / HTTP/1.1\r\nx-a: ", b"b", drip).len(), 0);
    for head in ["content-length: 10000", "transfer-encoding: chunked"] {
        let head = format!("POST / HTTP/1.1\r\nhost: {host}\r\n{head}\r\n\r\n");
        let answers = slow(&head, b"1\r\na\r\n", drip);
        assert_eq!(answers.iter().map(Answer::code).collect::<Vec<_>>(), ["InvalidParameter"]);
    }
    let head = format!("POST / HTTP/1.1\r\nhost: {host}\r\ntransfer-encoding: chunked\r\n\r\n");
    let chunk = [b"10000\r\n", &[b'a'; 65_536][..], b"\r\n"].concat();
    let answers = slow(&head, &chunk, Duration::ZERO);
    assert_eq!(answers.iter().map(Answer::code).collect::<Vec<_>>(), ["InvalidParameter"]);
    assert_eq!(stand.forwarded().len(), 0);
}
