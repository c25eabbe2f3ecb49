//! ONE and SAME of whatever callers send: requests of all kinds and framings in any order, one behind the other on some
//! connections at once, in pieces, cut off anywhere.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use ramgate::openapi::{Call, Limits, WireRequest};
use serde_json::Value;

use super::caller::{self, Answer, Key};
use super::events;
use super::raw::{Raw, signed_v1};
use super::rules::{ALICE, CLUSTER, OTHER, gate_with};
use super::scripted::{Scripted, nonce};
use super::stand::{ACCOUNT, Stand};

/// Everything on one cluster, and nothing else.
const RIGHTS: &str =
    r#"{ "Effect": "Allow", "Action": "polardb:*", "Resource": "acs:polardb:*:*:dbcluster/pc-bp1aaaa" }"#;

const OPERATION: &str = "ModifyDBClusterDescription";

/// How long the last record of a connection that was given up may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Allowed,
    Denied,
    /// Signed with another secret.
    Forged,
    /// Denied as it was signed, and changed into one that is allowed.
    Altered,
    /// The request before it once more, byte by byte; allowed where there is none.
    Again,
}

/// How it is put into bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// ACS3, everything in the query.
    Query,
    /// V1 in a GET.
    Get,
    /// V1 in a form with a length.
    Form,
    /// V1 in a chunked form: the connection ends with its answer.
    Chunked,
    /// ACS3 with these header lines, which change nothing.
    Odd(&'static str),
    /// ACS3 that asks for the end of the connection.
    Last,
    /// ACS3 with these header lines, which make the head one that is refused: the connection ends with its answer.
    Broken(&'static str),
}

const ODD: [&str; 12] = [
    "x-forwarded-for: 127.0.0.1",
    "X-Original-URL: /?Action=DeleteDBCluster",
    "x-http-method-override: DELETE",
    "Te: trailers",
    "expect: 100-continue",
    "range: bytes=0-1",
    "if-none-match: *",
    "cookie: Action=DeleteDBCluster",
    "CONNECTION: keep-alive",
    "forwarded: for=127.0.0.1;proto=https",
    "accept-encoding: gzip, br",
    "x-empty:",
];

const BROKEN: [&str; 7] = [
    "content-length: 5",
    "transfer-encoding: chunked",
    "transfer-encoding : chunked",
    "x-a: b\r\n folded: c",
    "x-a\0: b",
    "no colon",
    ": no name",
];

/// How a connection comes to its end.
#[derive(Debug, Clone, Copy)]
enum End {
    /// Everything is sent, and every answer is read.
    Whole,
    /// Sending stops somewhere, and every answer is read.
    Cut(prop::sample::Index),
    /// The connection is closed somewhere, and nothing is read.
    Gone(prop::sample::Index),
}

#[derive(Debug, Clone)]
struct Plan {
    requests: Vec<(Kind, Framing)>,
    /// Where the bytes are taken apart.
    pieces: Vec<prop::sample::Index>,
    end: End,
}

fn plans() -> impl Strategy<Value = Vec<Plan>> {
    let kind = prop_oneof![
        4 => Just(Kind::Allowed),
        3 => Just(Kind::Denied),
        1 => Just(Kind::Forged),
        1 => Just(Kind::Altered),
        1 => Just(Kind::Again),
    ];
    let framing = prop_oneof![
        4 => Just(Framing::Query),
        3 => Just(Framing::Get),
        3 => Just(Framing::Form),
        1 => Just(Framing::Chunked),
        3 => prop::sample::select(&ODD[..]).prop_map(Framing::Odd),
        1 => Just(Framing::Last),
        1 => prop::sample::select(&BROKEN[..]).prop_map(Framing::Broken),
    ];
    let end = prop_oneof![
        3 => Just(End::Whole),
        1 => any::<prop::sample::Index>().prop_map(End::Cut),
        1 => any::<prop::sample::Index>().prop_map(End::Gone),
    ];
    let requests = prop::collection::vec((kind, framing), 1..7);
    let pieces = prop::collection::vec(any::<prop::sample::Index>(), 0..5);
    let plan = (requests, pieces, end).prop_map(|(requests, pieces, end)| Plan { requests, pieces, end });
    prop::collection::vec(plan, 1..4)
}

/// One request as it is sent.
struct Sent {
    kind: Kind,
    framing: Framing,
    /// What tells it from all others, but for one that is sent again.
    mark: String,
    bytes: Vec<u8>,
}

impl Sent {
    fn new(stand: &Stand, kind: Kind, framing: Framing, before: Option<&Self>) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        if let (Kind::Again, Some(before)) = (kind, before) {
            // The nonce of one that was not verified is not remembered.
            let kind = if matches!(before.kind, Kind::Forged | Kind::Altered) { before.kind } else { Kind::Again };
            return Self { kind, framing: before.framing, mark: before.mark.clone(), bytes: before.bytes.clone() };
        }
        let mark = format!("mark{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let cluster = if matches!(kind, Kind::Denied | Kind::Altered) { OTHER } else { CLUSTER };
        let key = if kind == Kind::Forged { Key { secret: "canary-another-secret", ..ALICE } } else { ALICE };
        let pairs = [("DBClusterId", cluster), ("DBClusterDescription", mark.as_str())];
        let host = &stand.place.endpoint;
        let form = |length: &str, body: &str| {
            let head = format!("POST / HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/x-www-form-urlencoded");
            format!("{head}\r\n{length}\r\n\r\n{body}").into_bytes()
        };
        let acs3 = |lines: &str| caller::bytes_with(&caller::signed(host, key, OPERATION, &pairs), lines);
        let bytes = match framing {
            Framing::Query => acs3(""),
            Framing::Odd(line) | Framing::Broken(line) => acs3(&format!("{line}\r\n")),
            Framing::Last => acs3("connection: close\r\n"),
            Framing::Get => {
                let query = signed_v1("GET", key, OPERATION, &pairs);
                format!("GET /?{query} HTTP/1.1\r\nhost: {host}\r\n\r\n").into_bytes()
            }
            Framing::Form => {
                let body = signed_v1("POST", key, OPERATION, &pairs);
                form(&format!("content-length: {}", body.len()), &body)
            }
            Framing::Chunked => {
                let body = signed_v1("POST", key, OPERATION, &pairs);
                let (first, second) = body.split_at(body.len() / 2);
                let chunks = [first, second].map(|part| format!("{:x}\r\n{part}\r\n", part.len())).concat();
                form("transfer-encoding: chunked", &format!("{chunks}0\r\n\r\n"))
            }
        };
        let bytes = if kind == Kind::Altered {
            // What is behind the sign that V1 encodes.
            let text = String::from_utf8(bytes).unwrap();
            text.replace(OTHER.trim_start_matches("pc-"), CLUSTER.trim_start_matches("pc-")).into_bytes()
        } else {
            bytes
        };
        Self { kind: if kind == Kind::Again { Kind::Allowed } else { kind }, framing, mark, bytes }
    }

    /// Whether nothing behind it is read.
    fn is_last(&self) -> bool {
        matches!(self.framing, Framing::Chunked | Framing::Last | Framing::Broken(_))
    }

    /// Whether it is one that the gate forwards, where it comes in whole and in its turn.
    fn passes(&self) -> bool {
        self.kind == Kind::Allowed && !matches!(self.framing, Framing::Broken(_))
    }

    fn code(&self) -> Option<&'static str> {
        match self.kind {
            _ if matches!(self.framing, Framing::Broken(_)) => None,
            Kind::Allowed => Some(""),
            Kind::Denied => Some("Forbidden.RAM"),
            Kind::Forged | Kind::Altered => Some("SignatureDoesNotMatch"),
            Kind::Again => Some("SignatureNonceUsed"),
        }
    }
}

/// What came of a connection.
struct Conversation {
    local: SocketAddr,
    /// Marks of those that may have been forwarded: they were sent whole, and nothing before them ended the connection.
    may_pass: Vec<String>,
    /// The answers, where they were waited for, and the requests that they are to.
    answers: Option<Vec<(Answer, Option<String>)>>,
    /// What is not as it should be of them.
    wrong: Option<String>,
}

fn converse(stand: &Stand, plan: &Plan) -> Conversation {
    let mut sent: Vec<Sent> = Vec::new();
    for (kind, framing) in &plan.requests {
        sent.push(Sent::new(stand, *kind, *framing, sent.last()));
    }
    let bytes: Vec<u8> = sent.iter().flat_map(|request| request.bytes.iter().copied()).collect();
    let length = match plan.end {
        End::Whole => bytes.len(),
        End::Cut(at) | End::Gone(at) => at.index(bytes.len() + 1),
    };
    // Those that are sent whole, up to the first that ends the connection.
    let (mut end, mut whole) = (0, Vec::new());
    for request in &sent {
        end += request.bytes.len();
        if end > length {
            break;
        }
        whole.push(request);
        if request.is_last() {
            break;
        }
    }
    let may_pass = whole.iter().filter(|request| request.passes()).map(|request| request.mark.clone()).collect();
    let mut connection = Raw::to(stand.address);
    let local = connection.local;
    let mut cuts: Vec<usize> = plan.pieces.iter().map(|at| at.index(length + 1)).chain([0, length]).collect();
    cuts.sort_unstable();
    for piece in cuts.windows(2) {
        connection.send(&bytes[piece[0]..piece[1]]);
        std::thread::sleep(Duration::from_micros(300));
    }
    if matches!(plan.end, End::Gone(_)) {
        return Conversation { local, may_pass, answers: None, wrong: None };
    }
    connection.end();
    let answers = connection.answers(true);
    // One for each whole request, in their order; one more at most for what was cut off.
    let over = whole.last().is_some_and(|request| request.is_last()) || length == end;
    let right = answers.len() == whole.len() || (!over && answers.len() == whole.len() + 1);
    let mut wrong = (!right).then(|| format!("{} answers to {} requests", answers.len(), whole.len()));
    let mut matched = Vec::new();
    for (index, answer) in answers.into_iter().enumerate() {
        let request = whole.get(index);
        let right = match request.and_then(|request| request.code()) {
            Some("") => answer.status == 200,
            Some(code) => answer.code() == code,
            None => (400..500).contains(&answer.status),
        };
        if !right {
            wrong = wrong.or_else(|| Some(format!("answer {index}: {answer:?}")));
        }
        let mark = request.filter(|request| request.passes()).map(|request| request.mark.clone());
        matched.push((answer, mark));
    }
    Conversation { local, may_pass, answers: Some(matched), wrong }
}

/// What the upstream was sent, and what is on record of it, as far as it was looked at.
struct Book<'a> {
    stand: &'a Stand,
    upstream: &'a Scripted,
    log: usize,
    requests: usize,
    records: usize,
    may_pass: HashSet<String>,
    passed: HashSet<String>,
}

impl Book<'_> {
    /// ONE and SAME of everything that is new.
    fn settle(&mut self, conversations: &[Conversation]) {
        self.may_pass.extend(conversations.iter().flat_map(|one| one.may_pass.iter().cloned()));
        let (requests, records) = self.settled(conversations);
        let mut marks = HashMap::new();
        for request in &requests {
            // Parsed, it is what was decided.
            let call = Call::parse(request, &Limits::default()).unwrap();
            let mark = call.parameters().get("DBClusterDescription").unwrap().to_owned();
            let said: Vec<(&str, &str)> = call.parameters().iter().collect();
            assert_eq!(said, [("DBClusterDescription", mark.as_str()), ("DBClusterId", CLUSTER)]);
            assert_eq!((call.action(), call.version()), (OPERATION, "2017-08-01"));
            assert!(self.may_pass.contains(&mark), "{mark} must not be forwarded: {request:?}");
            assert!(self.passed.insert(mark.clone()), "{mark} was forwarded twice");
            marks.insert(nonce(request), mark);
        }
        let resource = format!("acs:polardb:cn-hangzhou:{ACCOUNT}:dbcluster/{CLUSTER}");
        let mut forwarded = HashMap::new();
        for record in records.iter().filter(|record| record["forwarded"] == true) {
            let nonce = record["upstream_request_id"].as_str().unwrap_or_else(|| panic!("{record}"));
            let mark = marks.remove(nonce).unwrap_or_else(|| panic!("it has another record: {record}"));
            assert_eq!((&record["decision"], &record["operation"]), (&"Allow".into(), &OPERATION.into()), "{record}");
            let [check] = &record["checks"].as_array().unwrap()[..] else { panic!("one check: {record}") };
            assert_eq!(check["resource"], resource.as_str(), "{record}");
            forwarded.insert(record["request_id"].as_str().unwrap(), mark);
        }
        assert!(marks.is_empty(), "without a record: {marks:?}");
        for conversation in conversations {
            assert_eq!(conversation.wrong, None);
            let Some(answers) = &conversation.answers else { continue };
            assert_eq!(of(&records, conversation.local), answers.len(), "one record an answer");
            for (answer, mark) in answers {
                assert_eq!(forwarded.get(answer.gate_request_id()), mark.as_ref(), "{answer:?}");
            }
        }
    }

    /// Requests of the upstream and records that are new, once there is a record of each. What comes of a connection
    /// that was given up may be new only next time.
    fn settled(&mut self, conversations: &[Conversation]) -> (Vec<WireRequest>, Vec<Value>) {
        let began = Instant::now();
        loop {
            assert!(self.stand.gate().0.log().flush());
            let records = events::decisions_of(self.log, self.stand.log_id()).split_off(self.records);
            let requests = self.upstream.requests().split_off(self.requests);
            let forwarded = records.iter().filter(|record| record["forwarded"] == true).count();
            let all = conversations.iter().all(|one| match &one.answers {
                Some(answers) => of(&records, one.local) >= answers.len(),
                None => true,
            });
            if all && forwarded == requests.len() {
                self.requests += requests.len();
                self.records += records.len();
                return (requests, records);
            }
            assert!(began.elapsed() < PATIENCE, "{forwarded} records of {} requests: {records:?}", requests.len());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// How many of these records are of calls from `peer`.
fn of(records: &[Value], peer: SocketAddr) -> usize {
    records.iter().filter(|record| record["peer"] == peer.to_string()).count()
}

#[test]
fn one_and_same_hold_whatever_is_sent() {
    let upstream = Scripted::new([]);
    let stand = gate_with(RIGHTS, |config| config.upstreams[0].endpoint.authority = upstream.address.to_string());
    let stand = stand.unwrap();
    let book = RefCell::new(Book {
        stand: &stand,
        upstream: &upstream,
        log: events::mark(),
        requests: 0,
        records: 0,
        may_pass: HashSet::new(),
        passed: HashSet::new(),
    });
    let mut runner = TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) });
    let result = runner.run(&plans(), |plans| {
        let conversations: Vec<Conversation> = std::thread::scope(|scope| {
            let talks: Vec<_> = plans.iter().map(|plan| scope.spawn(|| converse(&stand, plan))).collect();
            talks.into_iter().map(|talk| talk.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
        });
        book.borrow_mut().settle(&conversations);
        Ok(())
    });
    // With the case in its smallest form.
    result.unwrap_or_else(|failure| panic!("{failure}"));
    book.borrow_mut().settle(&[]);
    let passed = book.borrow().passed.len();
    assert!(passed > 100, "{passed} of all requests were forwarded");
}
