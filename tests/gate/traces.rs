//! Spans of calls, as a collector gets them.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message;
use ramgate::gateway::Drained;
use ramgate::gateway::config::{Config, Endpoint, Lookup, Parents, Traces};

use super::admin::{admin, looked_after, scrape_once, value};
use super::caller::{self, Answer, Key};
use super::rules::{ALICE, ALL, CLUSTER, SESSION, close, gate_with};
use super::stand::{FORWARDED_HEADERS, Stand, UPSTREAM};
use super::upstream::Upstream;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SPAN: &str = "b7ad6b7169203331";

/// What a collector was sent.
#[derive(Default)]
struct Sent {
    requests: Vec<Vec<u8>>,
    spans: Vec<Span>,
    services: Vec<String>,
}

/// Takes spans by OTLP over HTTP.
struct Collector {
    address: SocketAddr,
    sent: Arc<Mutex<Sent>>,
}

impl Collector {
    fn new() -> Self {
        Self::answering("200 OK")
    }

    fn answering(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let sent = Arc::<Mutex<Sent>>::default();
        let taking = Arc::clone(&sent);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let taking = Arc::clone(&taking);
                std::thread::spawn(move || take(BufReader::new(stream.unwrap()), status, &taking));
            }
        });
        Self { address, sent }
    }

    fn traces(&self) -> Traces {
        Traces::to(format!("http://{}/v1/traces", self.address))
    }

    /// The spans of the call that was answered so, once they are there.
    fn spans_of(&self, answer: &Answer) -> Vec<Span> {
        let id = answer.gate_request_id().to_owned();
        self.spans_once(|span| attributes(span).get("ramgate.request_id") == Some(&id))
    }

    /// The spans of the trace that has such a span.
    fn spans_once(&self, such: impl Fn(&Span) -> bool) -> Vec<Span> {
        let began = Instant::now();
        loop {
            let sent = self.sent.lock().unwrap();
            if let Some(found) = sent.spans.iter().find(|span| such(span)) {
                return sent.spans.iter().filter(|span| span.trace_id == found.trace_id).cloned().collect();
            }
            drop(sent);
            assert!(began.elapsed() < Duration::from_secs(20));
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn take(mut stream: BufReader<std::net::TcpStream>, status: &str, taking: &Mutex<Sent>) {
    loop {
        let (mut line, mut length) = (String::new(), 0);
        let mut head = Vec::new();
        while stream.read_line(&mut line).is_ok_and(|read| read > 0) && line != "\r\n" {
            let field = line.to_ascii_lowercase();
            if let Some(value) = field.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            head.push(std::mem::take(&mut line));
        }
        let Some(first) = head.first() else { return };
        assert!(first.starts_with("POST /v1/traces "), "{first}");
        assert!(head.iter().any(|field| field.to_ascii_lowercase().contains("application/x-protobuf")), "{head:?}");
        let mut body = vec![0; length];
        stream.read_exact(&mut body).unwrap();
        let request = ExportTraceServiceRequest::decode(&body[..]).unwrap();
        let mut sent = taking.lock().unwrap();
        for resource in request.resource_spans {
            let described = resource.resource.unwrap().attributes;
            sent.services.extend(described.iter().filter(|pair| pair.key == "service.name").map(text));
            sent.spans.extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
        sent.requests.push(body);
        drop(sent);
        write!(stream.get_mut(), "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").unwrap();
    }
}

fn text(pair: &KeyValue) -> String {
    let told = |value: &Option<AnyValue>| match value.as_ref().and_then(|value| value.value.clone()) {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::BoolValue(truth)) => truth.to_string(),
        other => panic!("{other:?}"),
    };
    match pair.value.as_ref().and_then(|value| value.value.clone()) {
        Some(Value::ArrayValue(array)) => {
            array.values.into_iter().map(|value| told(&Some(value))).collect::<Vec<_>>().join(" ")
        }
        _ => told(&pair.value),
    }
}

fn attributes(span: &Span) -> BTreeMap<&str, String> {
    span.attributes.iter().map(|pair| (pair.key.as_str(), text(pair))).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn traced(statements: &str, collector: &Collector, change: impl FnOnce(&mut Traces)) -> Stand {
    gate_with(statements, |config| {
        let mut traces = collector.traces();
        change(&mut traces);
        config.traces = Some(traces);
    })
    .unwrap()
}

fn describe_in(stand: &Stand, key: Key, lines: &str) -> Answer {
    let pairs = [("DBClusterId", CLUSTER)];
    let request = caller::signed(&stand.place.endpoint, key, "DescribeDBClusterMigration", &pairs);
    stand.send(&caller::bytes_with(&request, &format!("connection: close\r\n{lines}")))
}

/// The span of the call itself, and its children in the order of their times.
fn apart(mut spans: Vec<Span>) -> (Span, Vec<Span>) {
    let whole = spans.iter().position(|span| span.kind() == SpanKind::Server).unwrap();
    let whole = spans.remove(whole);
    spans.sort_by_key(|span| (span.end_time_unix_nano, span.start_time_unix_nano));
    for span in &spans {
        assert_eq!((&span.trace_id, &span.parent_span_id), (&whole.trace_id, &whole.span_id), "{span:?}");
        assert!(span.start_time_unix_nano >= whole.start_time_unix_nano && span.trace_id.len() == 16, "{span:?}");
    }
    (whole, spans)
}

fn names(spans: &[Span]) -> Vec<&str> {
    spans.iter().map(|span| span.name.as_str()).collect()
}

#[test]
fn a_call_is_a_span_with_one_for_each_stage_below() {
    let collector = Collector::new();
    let stand = traced(ALL, &collector, |traces| traces.service = "gate-1".to_owned());
    let answer = close(&stand, ALICE, CLUSTER);
    assert_eq!(answer.status, 200, "{answer:?}");
    let (whole, stages) = apart(collector.spans_of(&answer));
    assert_eq!(whole.name, "CloseDBClusterMigration");
    assert!(whole.parent_span_id.is_empty(), "{whole:?}");
    assert_eq!(names(&stages), ["receive", "read", "authenticate", "resolve", "decide", "record", "sign", "upstream"]);
    // One begins where the other ends.
    for pair in stages.windows(2) {
        assert_eq!(pair[0].end_time_unix_nano, pair[1].start_time_unix_nano, "{pair:?}");
    }
    assert_eq!(stages[7].kind(), SpanKind::Client);
    let told = attributes(&whole);
    for (name, wanted) in [
        ("ramgate.outcome", "forwarded"),
        ("ramgate.principal", "acs:ram::1234567890123456:user/alice"),
        ("ramgate.product", "polardb"),
        ("ramgate.operation", "CloseDBClusterMigration"),
        ("ramgate.decision", "Allow"),
        ("ramgate.policy", "rights"),
        ("ramgate.write", "true"),
        ("ramgate.resources", "acs:polardb:cn-hangzhou:1234567890123456:dbcluster/pc-bp1aaaa"),
        ("client.address", "127.0.0.1"),
        ("http.response.status_code", "200"),
    ] {
        assert_eq!(told.get(name).map(String::as_str), Some(wanted), "{name}: {told:?}");
    }
    assert_eq!(attributes(&stages[7])["http.response.status_code"], "200");
    assert!(attributes(&stages[7]).contains_key("ramgate.upstream_request_id"));
    assert_eq!(collector.sent.lock().unwrap().services[0], "gate-1");
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/traces.md")).unwrap();
    for name in told.into_keys().chain(attributes(&stages[7]).into_keys()) {
        assert!(page.contains(&format!("| `{name}` |")), "{name} is documented");
    }
}

#[test]
fn a_call_that_is_refused_ends_in_the_stage_that_refuses_it() {
    let collector = Collector::new();
    let stand = traced(r#"{ "Effect": "Deny", "Action": "*", "Resource": "*" }"#, &collector, |_| {});
    let denied = close(&stand, ALICE, CLUSTER);
    let (whole, stages) = apart(collector.spans_of(&denied));
    assert_eq!(names(&stages), ["receive", "read", "authenticate", "resolve", "decide"]);
    let told = attributes(&whole);
    assert_eq!((told["error.type"].as_str(), told["ramgate.decision"].as_str()), ("Forbidden.RAM", "ExplicitDeny"));
    // Of a stranger's call nothing is told that it claims.
    let stranger = close(&stand, Key { secret: "a guess", ..ALICE }, CLUSTER);
    let (whole, stages) = apart(collector.spans_of(&stranger));
    assert_eq!((whole.name.as_str(), names(&stages).last()), ("call", Some(&"authenticate")));
    let told = attributes(&whole);
    assert_eq!(told["error.type"], "SignatureDoesNotMatch");
    assert!(!told.keys().any(|name| ["ramgate.operation", "ramgate.principal"].contains(name)), "{told:?}");
    assert_eq!(stand.forwarded().len(), 0);
    // An upstream that gives no answer is an error.
    let stand = gate_with(ALL, |config| {
        config.traces = Some(collector.traces());
        config.upstreams[0].endpoint = Endpoint { tls: false, authority: "127.0.0.1:1".to_owned() };
    });
    let failed = close(&stand.unwrap(), ALICE, CLUSTER);
    let (whole, stages) = apart(collector.spans_of(&failed));
    assert_eq!(names(&stages).last(), Some(&"upstream"));
    for span in [&whole, &stages[7]] {
        assert_eq!(span.status.as_ref().map(|status| status.code), Some(2), "{span:?}");
    }
}

#[test]
fn a_traceparent_is_followed_only_where_that_is_configured_and_only_for_verified_calls() {
    let collector = Collector::new();
    let header = |flags: &str| format!("traceparent: 00-{TRACE}-{SPAN}-{flags}\r\ntracestate: canary=state\r\n");
    let stand = traced(ALL, &collector, |_| {});
    let ignored = describe_in(&stand, ALICE, &header("01"));
    assert_eq!(ignored.status, 200, "{ignored:?}");
    let (whole, _) = apart(collector.spans_of(&ignored));
    assert_ne!(hex(&whole.trace_id), TRACE);
    assert!(whole.parent_span_id.is_empty());

    let following = traced(ALL, &collector, |traces| traces.parents = Parents::Callers);
    let followed = describe_in(&following, ALICE, &header("01"));
    let (whole, _) = apart(collector.spans_of(&followed));
    assert_eq!((hex(&whole.trace_id).as_str(), hex(&whole.parent_span_id).as_str()), (TRACE, SPAN));
    // What its caller does not have recorded is not, and a stranger has no say in it.
    let unsampled = describe_in(&following, ALICE, &header("00"));
    let stranger = describe_in(&following, Key { secret: "a guess", ..ALICE }, &header("01"));
    let (whole, _) = apart(collector.spans_of(&stranger));
    assert_ne!(hex(&whole.trace_id), TRACE);
    let sent = collector.sent.lock().unwrap();
    assert!(!sent.spans.iter().any(|span| attributes(span).values().any(|text| text == unsampled.gate_request_id())));
    assert!(!sent.requests.iter().any(|body| contains(body, "canary=state")));
    // No header of a caller goes further (G14).
    for stand in [&stand, &following] {
        for request in stand.forwarded() {
            let mut names: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
            names.sort_unstable();
            assert_eq!(names, FORWARDED_HEADERS);
        }
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn part_of_the_calls_is_traced_where_no_more_is_asked_for() {
    let collector = Collector::new();
    let none = traced(ALL, &collector, |traces| (traces.sample, traces.parents) = (0.0, Parents::Callers));
    for _ in 0..5 {
        assert_eq!(describe_in(&none, ALICE, "").status, 200);
    }
    // A caller that has its trace recorded has this part of it recorded.
    let asked = describe_in(&none, ALICE, &format!("traceparent: 00-{TRACE}-{SPAN}-01\r\n"));
    collector.spans_of(&asked);
    let sent = collector.sent.lock().unwrap();
    assert_eq!(sent.spans.iter().filter(|span| span.kind() == SpanKind::Server).count(), 1);
}

#[test]
fn no_span_holds_a_secret_or_the_value_of_a_parameter() {
    let collector = Collector::new();
    let stand = traced(ALL, &collector, |traces| traces.parents = Parents::Callers);
    let pairs = [
        ("DBClusterId", CLUSTER),
        ("AccountName", "canary-account"),
        ("AccountPassword", "canary-password"),
        ("AccountDescription", "canary-description"),
    ];
    let created = stand.call(ALICE, "CreateAccount", &pairs);
    let lines = "cookie: canary-cookie\r\nuser-agent: canary-agent\r\nbaggage: canary=baggage\r\n";
    let answers = [
        created,
        describe_in(&stand, SESSION, lines),
        describe_in(&stand, Key { secret: "canary-wrong", ..ALICE }, lines),
        describe_in(&stand, Key { id: "canary-key", ..ALICE }, lines),
        stand.call(ALICE, "CreateAccount", &[("canary-name", "canary-value")]),
        stand.send(b"GET /?canary=target HTTP/1.1\r\nhost: canary\r\nconnection: close\r\n\r\n"),
    ];
    for answer in &answers {
        collector.spans_of(answer);
    }
    assert_eq!(stand.shut(), Drained::Whole);
    let sent = collector.sent.lock().unwrap();
    for body in &sent.requests {
        let canary = body.windows(6).position(|window| window == b"canary");
        let around = |at: usize| String::from_utf8_lossy(&body[at..body.len().min(at + 40)]).into_owned();
        assert_eq!(canary.map(around), None);
        for secret in [UPSTREAM.id, UPSTREAM.secret, UPSTREAM.token.unwrap()] {
            assert!(!contains(body, secret), "{secret}");
        }
    }
}

#[test]
fn no_call_waits_for_a_collector_and_what_it_does_not_take_is_counted() {
    let refusing = Collector::answering("400 Bad Request");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let slow = Upstream::answering_after(Duration::from_secs(600));
    for (address, queue, reason) in
        [(refusing.address, 2048, "collector"), (slow.address, 1, "queue"), (closed, 1, "queue")]
    {
        let stand = looked_after(|config: &mut Config| {
            let traces = Traces::to(format!("http://{address}/v1/traces"));
            config.traces = Some(Traces { queue, ..traces });
        });
        stand.migrate(&[(CLUSTER, "cn-hangzhou")]);
        let began = Instant::now();
        let mut counted = 0.0;
        while counted == 0.0 {
            assert!(began.elapsed() < Duration::from_secs(60), "{reason}");
            for _ in 0..20 {
                assert_eq!(describe_in(&stand, ALICE, "").status, 200);
            }
            let scrape = scrape_once(admin(&stand), "ramgate_calls", 1.0);
            assert_eq!(value(&scrape, "ramgate_traces_sent", &[]), 0.0);
            counted = value(&scrape, "ramgate_traces_dropped", &[("reason", reason)]);
        }
        // The end of the gate does not wait for it either, beyond its bound.
        assert_eq!(stand.shut(), Drained::Whole);
    }
}

#[test]
fn what_waits_when_a_gate_ends_is_sent() {
    let collector = Collector::new();
    let stand = traced(ALL, &collector, |_| {});
    let answer = close(&stand, ALICE, CLUSTER);
    assert_eq!(stand.shut(), Drained::Whole);
    assert!(!collector.sent.lock().unwrap().spans.is_empty());
    collector.spans_of(&answer);
}

#[test]
fn calls_that_are_looked_up_for_say_so() {
    let collector = Collector::new();
    let stand = gate_with(ALL, |config| {
        config.traces = Some(collector.traces());
        config.lookup = Some(Lookup::default());
    });
    let stand = stand.unwrap();
    stand.migrate(&[("pc-bp1newnew", "cn-shanghai")]);
    let answer = stand.call(ALICE, "DescribeDBClusterMigration", &[("DBClusterId", "pc-bp1newnew")]);
    assert_eq!(answer.status, 200, "{answer:?}");
    let (whole, _) = apart(collector.spans_of(&answer));
    assert_eq!(attributes(&whole)["ramgate.looked_up"], "1");
}
