//! CLOSED: whatever fails, nothing passes that was not decided, nothing passes twice, and every caller gets an answer that
//! is its own or an error.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use ramgate::gateway::config;
use ramgate::openapi::{Call, Limits};

use super::caller::{self, Answer, bytes_with};
use super::events;
use super::raw::Raw;
use super::rules::{ALICE, ALL, CLUSTER, OTHER, SESSION, gate_with};
use super::scripted::{Deed, Scripted, answer_to, nonce, success};
use super::stand::{Stand, UPSTREAM};

const OPERATION: &str = "ModifyDBClusterDescription";

/// A gate in front of an upstream with a script.
fn gate(upstream: &Scripted) -> Stand {
    gate_waiting(upstream, Duration::from_secs(60))
}

/// One that waits so long for an answer.
fn gate_waiting(upstream: &Scripted, forward_timeout: Duration) -> Stand {
    gate_within(upstream, |limits| limits.forward_timeout = forward_timeout)
}

fn gate_within(upstream: &Scripted, change: impl FnOnce(&mut config::Limits)) -> Stand {
    let stand = gate_with(ALL, |config| {
        config.upstreams[0].endpoint.authority = upstream.address.to_string();
        config.limits.answer_bytes = 10_000;
        change(&mut config.limits);
    });
    stand.unwrap()
}

fn write(stand: &Stand, description: &str) -> Vec<u8> {
    let pairs = [("DBClusterId", CLUSTER), ("DBClusterDescription", description)];
    bytes_with(&caller::signed(&stand.place.endpoint, ALICE, OPERATION, &pairs), "")
}

/// Answers that are none.
fn broken_answers() -> Vec<(&'static str, Deed)> {
    let say = |bytes: &str| Deed::SayAndClose(bytes.as_bytes().to_vec());
    vec![
        ("reset", Deed::Reset),
        ("closed without a byte", say("")),
        ("half a head", say("HTTP/1.1 200 OK\r\ncontent-le")),
        ("half a body", say("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"RequestId\":\"x\"}")),
        ("half a chunked body", say("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n10\r\n{\"Requ")),
        ("no last chunk", say("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n")),
        ("rubbish", say("\0\0\0\x15\x03\x01rubbish\r\n\r\n")),
        ("another protocol", say("SSH-2.0-OpenSSH_9.9\r\n")),
        ("HTTP/2", say("HTTP/2.0 200 OK\r\ncontent-length: 2\r\n\r\n{}")),
        ("no status", say("HTTP/1.1 OK\r\ncontent-length: 2\r\n\r\n{}")),
        ("a status of four digits", say("HTTP/1.1 2000 OK\r\ncontent-length: 2\r\n\r\n{}")),
        ("a length that is none", say("HTTP/1.1 200 OK\r\ncontent-length: +2\r\n\r\n{}")),
        ("two lengths", say("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}x")),
        (
            "a chunk size that is none",
            say("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n"),
        ),
        ("a chunk size that is too large", {
            say("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n10000000000000000\r\n{}\r\n0\r\n\r\n")
        }),
        ("a header name that is none", say("HTTP/1.1 200 OK\r\nx a: b\r\ncontent-length: 2\r\n\r\n{}")),
        ("a header value with NUL", say("HTTP/1.1 200 OK\r\nx-a: b\0c\r\ncontent-length: 2\r\n\r\n{}")),
        ("switched protocols", say("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n")),
        ("interim answers alone", say("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n")),
        (
            "an answer that is too long",
            say(&format!("HTTP/1.1 200 OK\r\ncontent-length: 20000\r\n\r\n{}", "x".repeat(20_000))),
        ),
        (
            "an answer without end",
            Deed::SayAndClose([b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b'x'; 20_000]].concat()),
        ),
        ("a head that is too long", {
            Deed::SayAndClose(
                [b"HTTP/1.1 200 OK\r\nx-a: ".to_vec(), vec![b'x'; 1 << 20], b"\r\n\r\n".to_vec()].concat(),
            )
        }),
    ]
}

/// Answers that do not come in time.
fn late_answers() -> [(&'static str, Deed); 2] {
    let slow = Deed::Dribble(success(&"x".repeat(10_000)), Duration::from_millis(100));
    [("silence", Deed::Silence), ("byte by byte", slow)]
}

/// The caller is told that the call may have been carried out, and it is made once.
#[track_caller]
fn assert_made_once(stand: &Stand, upstream: &Scripted, fault: &str) {
    let before = upstream.begun();
    let answer = stand.send(&last(&write(stand, fault)));
    assert_eq!((answer.status, answer.code().as_str()), (500, "InternalError"), "{fault}: {answer:?}");
    assert!(answer.message().contains("may have been carried out"), "{fault}: {answer:?}");
    assert_eq!(upstream.begun(), before + 1, "{fault}: a write is sent once");
    let event = events::decision(answer.gate_request_id());
    assert_eq!((&event["decision"], &event["code"]), (&"Allow".into(), &"InternalError".into()), "{fault}");
    assert_eq!(event["status"], 500, "{fault}");
}

#[test]
fn what_an_upstream_answers_that_is_no_answer_is_an_error_and_the_call_is_made_once() {
    let upstream = Scripted::new([]);
    let stand = gate(&upstream);
    for (fault, deed) in broken_answers() {
        // On a connection that was used before, where a proxy may believe that it can try again.
        let warm = stand.send(&last(&write(&stand, "warm")));
        assert_eq!(warm.status, 200, "{fault}: {warm:?}");
        upstream.then(deed);
        assert_made_once(&stand, &upstream, fault);
    }
}

#[test]
fn an_answer_that_comes_too_late_is_an_error_and_the_call_is_made_once() {
    let upstream = Scripted::new([]);
    let stand = gate_waiting(&upstream, Duration::from_secs(1));
    for (fault, deed) in late_answers() {
        upstream.then(deed);
        assert_made_once(&stand, &upstream, fault);
    }
}

#[test]
fn an_answer_that_begins_too_late_is_an_error_and_one_that_ends_late_is_passed_on() {
    let upstream = Scripted::new([]);
    let stand = gate_within(&upstream, |limits| limits.first_byte_timeout = Duration::from_secs(1));
    for (fault, deed) in late_answers() {
        upstream.then(deed);
        assert_made_once(&stand, &upstream, fault);
    }
    let (head, body) = ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", "{}");
    upstream.then(Deed::Halves(head.into(), Duration::from_secs(2), body.into()));
    let answer = stand.send(&last(&write(&stand, "late")));
    assert_eq!((answer.status, answer.body.as_str()), (200, body), "{answer:?}");
}

#[test]
fn a_connection_that_the_upstream_has_closed_costs_no_call_its_answer_and_sends_none_twice() {
    let upstream = Scripted::new([]);
    let stand = gate(&upstream);
    for calls in 1..=20 {
        // As one answers that keeps connections, and that closes this one all the same.
        upstream.then(Deed::SayAndClose(success("{}")));
        let answer = stand.send(&last(&write(&stand, "x")));
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(upstream.begun(), calls, "each call is sent once");
        upstream.wait_for_closed(calls);
    }
}

/// The same request, after which the connection is closed.
fn last(request: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(request.to_vec()).unwrap();
    text.replacen("\r\n", "\r\nconnection: close\r\n", 1).into_bytes()
}

#[test]
fn an_answer_that_only_looks_odd_is_passed_on() {
    let upstream = Scripted::new([]);
    let stand = gate(&upstream);
    for (odd, status, bytes) in [
        ("chunked", 200, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
        ("an interim answer first", 200, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"),
        ("up to the end of the connection", 200, "HTTP/1.1 200 OK\r\n\r\n{}"),
        ("HTTP/1.0", 200, "HTTP/1.0 200 OK\r\n\r\n{}"),
        ("no reason", 200, "HTTP/1.1 200\r\ncontent-length: 2\r\n\r\n{}"),
        ("an error", 404, "HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}"),
        (
            "a redirection is not followed",
            302,
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 2\r\n\r\n{}",
        ),
        ("headers of the connection", 200, {
            "HTTP/1.1 200 OK\r\nconnection: close, x-a\r\nx-a: b\r\nkeep-alive: x\r\nalt-svc: x\r\ncontent-length: 2\r\n\r\n{}"
        }),
    ] {
        upstream.then(Deed::SayAndClose(bytes.as_bytes().to_vec()));
        let answer = stand.send(&last(&write(&stand, "x")));
        assert_eq!((answer.status, answer.body.as_str()), (status, "{}"), "{odd}: {answer:?}");
        for gone in ["transfer-encoding", "x-a", "keep-alive", "alt-svc", "upgrade"] {
            assert_eq!(answer.header(gone), None, "{odd}");
        }
        assert_eq!(answer.header("content-length"), Some("2"), "{odd}");
    }
}

fn any_deed() -> impl Strategy<Value = Deed> {
    let broken: Vec<Deed> = broken_answers().into_iter().map(|(_, deed)| deed).collect();
    let stray = success(r#"{"RequestId":"stray"}"#);
    prop_oneof![
        3 => Just(Deed::Answer),
        2 => prop::sample::select(broken),
        // More than was asked for, on a connection that goes on.
        1 => Just(Deed::Say([success(r#"{"RequestId":"own"}"#), stray.clone()].concat())),
        1 => Just(Deed::Say([b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(), stray].concat())),
        1 => Just(Deed::Dribble(success(r#"{"RequestId":"own"}"#), Duration::from_micros(100))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(32) })]

    /// Whatever happens between the gate and its upstream, each caller gets the answer to its own call or an error, no
    /// call is made twice, and none is made that nobody made.
    #[test]
    fn no_fault_of_the_upstream_mixes_up_or_repeats_calls(deeds in prop::collection::vec(any_deed(), 1..12)) {
        let upstream = Scripted::new(deeds.clone());
        let stand = gate(&upstream);
        let mut connection = Raw::to(stand.address);
        for (index, deed) in deeds.iter().enumerate() {
            let description = format!("d{index}");
            connection.send(&write(&stand, &description));
            let answer = connection.answer(true).unwrap();
            prop_assert_eq!(upstream.begun(), index + 1, "{:?}", deed);
            let good = match deed {
                Deed::Answer => {
                    let sent = upstream.requests().pop().unwrap();
                    let call = Call::parse(&sent, &Limits::default()).unwrap();
                    prop_assert_eq!(call.parameters().get("DBClusterDescription"), Some(description.as_str()));
                    answer.status == 200 && answer.body == answer_to(&nonce(&sent))
                }
                Deed::Say(bytes) if bytes.starts_with(b"HTTP/1.1 204") => answer.status == 204 && answer.body.is_empty(),
                Deed::Say(_) | Deed::Dribble(..) => answer.status == 200 && answer.json()["RequestId"] == "own",
                _ => answer.status == 500 && answer.code() == "InternalError",
            };
            prop_assert!(good, "{:?}: {:?}", deed, answer);
        }
    }
}

#[test]
fn a_nonce_that_cannot_be_written_refuses_its_call() {
    let directory = tempfile::tempdir().unwrap();
    let journals = directory.path().join("journals");
    std::fs::create_dir(&journals).unwrap();
    let journal = journals.join("nonces");
    // So long that the first nonce that is written needs a new file.
    let end = (Timestamp::now() + SignedDuration::from_mins(20)).as_second();
    let lines = (0..13_000).map(|index| format!("{end} LTAI5tSomebody {index:064x}\n")).collect::<String>();
    std::fs::write(&journal, format!("ramgate nonces 1\n{lines}")).unwrap();
    let stand = gate_with(ALL, |config| config.nonce_journal = Some(journal.clone())).unwrap();
    std::fs::remove_dir_all(&journals).unwrap();
    for _ in 0..3 {
        let answer = stand.call(ALICE, "CloseDBClusterMigration", &[("DBClusterId", CLUSTER)]);
        assert_eq!((answer.status, answer.code().as_str()), (503, "ServiceUnavailable"), "{answer:?}");
        assert!(!answer.body.contains("journals"), "where it is stays untold: {answer:?}");
        let event = events::decision(answer.gate_request_id());
        assert_eq!((&event["forwarded"], &event["decision"]), (&false.into(), &serde_json::Value::Null), "{event}");
    }
    assert_eq!(stand.forwarded().len(), 0);
    assert!(stand.migrating(CLUSTER));
    // A journal that can be written again is written again.
    std::fs::create_dir(&journals).unwrap();
    std::fs::write(&journal, "").unwrap();
    let answer = stand.call(ALICE, "CloseDBClusterMigration", &[("DBClusterId", CLUSTER)]);
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[test]
fn a_fault_tells_nobody_a_secret() {
    let upstream = Scripted::new(broken_answers().into_iter().map(|(_, deed)| deed));
    let stand = gate(&upstream);
    let mut told = String::new();
    let mut tell = |answer: &Answer| told.push_str(&format!("{}{}", answer.head, answer.body));
    for _ in broken_answers() {
        tell(&stand.call(SESSION, OPERATION, &[("DBClusterId", CLUSTER), ("DBClusterDescription", "x")]));
    }
    // Refusals of every stage, each with the caller's secrets in it or near it.
    let host = &stand.place.endpoint;
    let call = || caller::signed(host, SESSION, "CloseDBClusterMigration", &[("DBClusterId", OTHER)]);
    for line in [
        "x-acs-bearer-token: canary-session-token",
        "content-length: 5",
        "x-a : b",
        "authorization: canary-session-token",
    ] {
        tell(&stand.send(&bytes_with(&call(), &format!("{line}\r\nconnection: close\r\n"))));
    }
    let mut cut = call();
    for (name, value) in &mut cut.headers {
        if name == "x-acs-security-token" {
            value.push('x');
        }
    }
    tell(&stand.send(&bytes_with(&cut, "connection: close\r\n")));
    let query = "AccessKeyId=STS.Session&SecurityToken=canary-session-token&Signature=canary-session-token";
    let request = format!("GET /?{query} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    tell(&stand.send(request.as_bytes()));
    let logged = events::written();
    for key in [ALICE, SESSION, UPSTREAM] {
        for secret in [Some(key.secret), key.token].into_iter().flatten() {
            assert!(!told.contains(secret), "{secret} was answered");
            assert!(!logged.contains(secret), "{secret} was logged");
        }
    }
    for word in ["authorization", "Signature="] {
        let shown = told.matches(word).count();
        assert!(!told.contains(&format!("{word}ACS3")), "a signature was answered: {shown}");
    }
}
