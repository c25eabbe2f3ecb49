//! Calls over HTTP/2: decided as those over HTTP/1.1 are, and bounded as they are. Row 10 and row 36 of the spec bypasses
//! are here, frame by frame.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use ramgate::gateway::Drained;
use ramgate::gateway::config::Config;
use ramgate::openapi::sign::SignedRequest;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use serde_json::Value;

use super::caller::{self, Answer, KeptOpen};
use super::events;
use super::rules::{ALICE, ALL, CLUSTER, assert_forwarded, gate_with};
use super::stand::{Authority, Stand};
use super::upstream::Upstream;

const DENY: &str = r#"{ "Effect": "Deny", "Action": "*", "Resource": "*" }"#;

/// A gate over TLS, and the file of its authority.
fn gate(statements: &str, change: impl FnOnce(&mut Config)) -> (Stand, PathBuf) {
    let directory = tempfile::tempdir().unwrap().keep();
    let authority = Authority::new(&directory);
    let stand = gate_with(statements, |config| {
        config.listeners[0].tls = Some(authority.listener(&["127.0.0.1"]));
        change(config);
    });
    (stand.unwrap(), authority.certificate)
}

fn closing(stand: &Stand) -> SignedRequest {
    caller::signed(&stand.place.endpoint, ALICE, "CloseDBClusterMigration", &[("DBClusterId", CLUSTER)])
}

fn trusting(authority: &Path) -> ClientConfig {
    let mut config = ramgate::gateway::tls::client(Some(authority)).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

/// An HTTP/2 connection of a client that keeps the rules.
struct Client {
    calls: h2::client::SendRequest<Bytes>,
    runtime: tokio::runtime::Handle,
    ended: tokio::task::JoinHandle<Result<(), h2::Error>>,
}

impl Client {
    fn to(stand: &Stand, authority: &Path) -> Self {
        let (config, address) = (trusting(authority), stand.address);
        let runtime = stand.gate().1.handle().clone();
        let (calls, ended) = runtime.block_on(async {
            let stream = tokio::net::TcpStream::connect(address).await.unwrap();
            let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
            let stream = connector.connect(ServerName::from(address.ip()), stream).await.unwrap();
            assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
            let (calls, connection) = h2::client::handshake(stream).await.unwrap();
            (calls, tokio::spawn(connection))
        });
        Self { calls, runtime, ended }
    }

    fn call(&self, signed: &SignedRequest) -> Result<Answer, h2::Error> {
        self.runtime.block_on(exchange(self.calls.clone(), request(signed), signed.body.clone()))
    }
}

/// As SDKs over HTTP/2 send it: the host is in `:authority` alone.
fn request(signed: &SignedRequest) -> Request<()> {
    let host = &signed.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host")).unwrap().1;
    let mut request = Request::builder().method(signed.method).uri(format!("https://{host}{}", signed.target));
    for (name, value) in signed.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("host")) {
        request = request.header(&**name, value);
    }
    request.body(()).unwrap()
}

async fn exchange(
    calls: h2::client::SendRequest<Bytes>,
    request: Request<()>,
    body: Bytes,
) -> Result<Answer, h2::Error> {
    let mut calls = calls.ready().await?;
    let (answer, mut stream) = calls.send_request(request, body.is_empty())?;
    if !body.is_empty() {
        stream.send_data(body, true)?;
    }
    let answer = answer.await?;
    let status = answer.status().as_u16();
    let head: String =
        answer.headers().iter().map(|(name, value)| format!("\r\n{name}: {}", value.to_str().unwrap())).collect();
    let mut body = answer.into_body();
    let mut bytes = Vec::new();
    while let Some(chunk) = body.data().await {
        let chunk = chunk?;
        body.flow_control().release_capacity(chunk.len())?;
        bytes.extend_from_slice(&chunk);
    }
    Ok(Answer { status, head, body: String::from_utf8(bytes).unwrap() })
}

/// What of a record does not differ from one call to the next.
fn decided(answer: &Answer) -> Value {
    let mut event = events::decision(answer.gate_request_id());
    let fields = event.as_object_mut().unwrap();
    for changing in ["request_id", "upstream_request_id", "time", "peer", "decided_us", "upstream_us", "total_us"] {
        fields.remove(changing);
    }
    event
}

#[test]
fn a_call_over_http2_is_decided_and_forwarded_as_one_over_http1_is() {
    for (statements, status, code) in [(ALL, 200, ""), (DENY, 403, "Forbidden.RAM")] {
        let (stand, authority) = gate(statements, |_| {});
        let over_http1 = KeptOpen::securely_to(stand.address, &authority).0;
        let first = { over_http1 }.exchange(&caller::bytes_with(&closing(&stand), "")).unwrap();
        stand.migrate(&[(CLUSTER, "cn-hangzhou")]);
        let client = Client::to(&stand, &authority);
        let second = client.call(&closing(&stand)).unwrap();
        assert_eq!((second.status, second.code().as_str()), (status, code), "{second:?}");
        assert_eq!(decided(&first), decided(&second));
        assert_eq!(decided(&second)["secure"], true);
        let [one, other] = &stand.forwarded()[..] else {
            assert_eq!(stand.forwarded().len(), 0);
            continue;
        };
        assert_eq!((&one.target, &one.body), (&other.target, &other.body));
        // A replay is one on whichever connection.
        let pairs = [("DBClusterId", CLUSTER)];
        let call = caller::signed(&stand.place.endpoint, ALICE, "DescribeDBClusterMigration", &pairs);
        assert_eq!(client.call(&call).unwrap().status, 200);
        assert_eq!(client.call(&call).unwrap().code(), "SignatureNonceUsed");
    }
}

#[test]
fn many_calls_share_a_connection() {
    let (stand, authority) = gate(ALL, |_| {});
    let client = Client::to(&stand, &authority);
    let describing = || {
        let pairs = [("DBClusterId", CLUSTER)];
        caller::signed(&stand.place.endpoint, ALICE, "DescribeDBClusterMigration", &pairs)
    };
    // With its answer the client knows how many it may make at once.
    assert_eq!(client.call(&describing()).unwrap().status, 200);
    let calls: Vec<_> = (0..150)
        .map(|_| {
            let call = describing();
            client.runtime.spawn(exchange(client.calls.clone(), request(&call), call.body))
        })
        .collect();
    for call in calls {
        assert_eq!(client.runtime.block_on(call).unwrap().unwrap().status, 200);
    }
    assert_eq!(stand.forwarded().len(), 151);
}

#[test]
fn http1_stays_for_clients_that_ask_for_it_and_listeners_that_offer_no_other() {
    let (stand, authority) = gate(ALL, |config| {
        config.listeners[0].tls.as_mut().unwrap().http2 = false;
    });
    let mut stream = tls(stand.address, &authority);
    assert_eq!(stream.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
    stream.write_all(&caller::bytes(&closing(&stand))).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer));
}

#[test]
fn a_body_over_http2_has_the_bounds_of_one_over_http1() {
    let (stand, authority) = gate(ALL, |config| {
        config.limits.body_bytes = 1000;
        config.limits.body_timeout = Duration::from_secs(1);
    });
    let client = Client::to(&stand, &authority);
    let mut large = closing(&stand);
    large.body = Bytes::from(vec![b'x'; 1001]);
    let answer = client.call(&large).unwrap();
    assert!(answer.message().contains("more than 1000 bytes"), "{answer:?}");
    assert_eq!(answer.header("connection"), None);
    // One whose body never comes, and a call that is answered meanwhile on the same connection.
    let slow = closing(&stand);
    let (waiting, unfinished) = client.runtime.block_on(async {
        let mut calls = client.calls.clone().ready().await.unwrap();
        calls.send_request(request(&slow), false).unwrap()
    });
    assert_eq!(client.call(&closing(&stand)).unwrap().status, 200);
    assert_eq!(client.runtime.block_on(waiting).unwrap().status(), 400);
    drop(unfinished);
    assert_eq!(stand.forwarded().len(), 1);
}

#[test]
fn a_gate_that_ends_answers_what_is_under_way_on_http2_and_says_goodbye() {
    let upstream = Upstream::answering_after(Duration::from_millis(400));
    let (stand, authority) = gate(ALL, |config| {
        config.upstreams[0].endpoint.authority = upstream.address.to_string();
        config.limits.header_timeout = Duration::from_secs(2);
    });
    let client = Client::to(&stand, &authority);
    let signed = closing(&stand);
    let call = client.runtime.spawn(exchange(client.calls.clone(), request(&signed), signed.body));
    upstream.wait_for_a_call();
    // One that is idle, and never says that it has heard the goodbye.
    let mut idle = Raw::to(&stand, &authority);
    while idle.read().unwrap().kind != SETTINGS {}
    let (gate, runtime) = stand.into_gate();
    let ending = std::thread::spawn(move || (runtime.block_on(gate.shutdown()), runtime));
    assert_eq!(idle.goodbye().unwrap().error(), 0);
    let (drained, runtime) = ending.join().unwrap();
    assert_eq!(drained, Drained::Whole);
    assert_eq!(runtime.block_on(call).unwrap().unwrap().status, 200);
    while idle.read().is_some() {}
}

#[test]
fn an_idle_http2_connection_is_told_to_end() {
    let (stand, authority) = gate(ALL, |config| config.limits.idle_timeout = Duration::from_secs(1));
    let mut idle = Raw::to(&stand, &authority);
    assert_eq!(idle.goodbye().unwrap().error(), NO_ERROR);
    // And closed, whether or not what the client says last still arrives.
    let client = Client::to(&stand, &authority);
    assert_eq!(client.call(&closing(&stand)).unwrap().status, 200);
    let Client { calls, runtime, ended } = client;
    let ended = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(20), ended).await });
    assert!(ended.is_ok(), "it is still open");
    drop(calls);
}

// Frames, one by one.

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const NO_ERROR: u32 = 0;
const REFUSED_STREAM: u32 = 7;
const ENHANCE_YOUR_CALM: u32 = 11;

type Tls = StreamOwned<ClientConnection, TcpStream>;

fn tls(address: SocketAddr, authority: &Path) -> Tls {
    let connection = ClientConnection::new(Arc::new(trusting(authority)), ServerName::from(address.ip())).unwrap();
    let socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut stream = StreamOwned::new(connection, socket);
    stream.conn.complete_io(&mut stream.sock).unwrap();
    stream
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

fn hpack_text(text: &[u8], block: &mut Vec<u8>) {
    let mut length = text.len();
    if length < 127 {
        block.push(u8::try_from(length).unwrap());
    } else {
        block.push(127);
        length -= 127;
        while length >= 128 {
            block.push(u8::try_from(length % 128).unwrap() | 128);
            length /= 128;
        }
        block.push(u8::try_from(length).unwrap());
    }
    block.extend_from_slice(text);
}

/// A header list without compression.
fn hpack(fields: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        hpack_text(name, &mut block);
        hpack_text(value, &mut block);
    }
    block
}

/// The fields of a call that is allowed.
fn fields(signed: &SignedRequest) -> Vec<(Vec<u8>, Vec<u8>)> {
    let host = &signed.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host")).unwrap().1;
    let pseudo = [(":method", signed.method), (":scheme", "https"), (":authority", host), (":path", &signed.target)];
    let regular = signed.headers.iter().map(|(name, value)| (&**name, value.as_str()));
    let regular = regular.filter(|(name, _)| !name.eq_ignore_ascii_case("host"));
    let all = pseudo.into_iter().chain(regular);
    all.map(|(name, value)| (name.to_ascii_lowercase().into_bytes(), value.as_bytes().to_vec())).collect()
}

/// A connection on which frames are written as a test wants them.
struct Raw {
    stream: Tls,
}

#[derive(Debug)]
struct Frame {
    kind: u8,
    stream: u32,
    payload: Vec<u8>,
}

impl Frame {
    fn error(&self) -> u32 {
        let at = if self.kind == GOAWAY { 4 } else { 0 };
        u32::from_be_bytes(self.payload[at..at + 4].try_into().unwrap())
    }
}

impl Raw {
    fn to(stand: &Stand, authority: &Path) -> Self {
        let mut stream = tls(stand.address, authority);
        assert_eq!(stream.conn.alpn_protocol(), Some(&b"h2"[..]));
        stream.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()).unwrap();
        Self { stream }
    }

    /// Whether the other end still took it.
    fn write(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).and_then(|()| self.stream.flush()).is_ok()
    }

    /// The next frame; `None` once the connection is closed.
    fn read(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).ok()?;
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        self.stream.read_exact(&mut payload).ok()?;
        Some(Frame { kind: head[3], stream: u32::from_be_bytes(head[5..9].try_into().unwrap()), payload })
    }

    /// The first frame that is about `stream`, or ends the connection.
    fn outcome(&mut self, stream: u32) -> Option<Frame> {
        loop {
            let frame = self.read()?;
            if frame.kind == GOAWAY || (frame.stream == stream && frame.kind != WINDOW_UPDATE) {
                return Some(frame);
            }
        }
    }

    /// The frame that ends the connection.
    fn goodbye(&mut self) -> Option<Frame> {
        loop {
            let frame = self.read()?;
            if frame.kind == GOAWAY {
                return Some(frame);
            }
        }
    }

    /// The answer on a stream after its head.
    fn body(&mut self, stream: u32) -> String {
        loop {
            let frame = self.read().unwrap();
            if (frame.kind, frame.stream) == (DATA, stream) {
                return String::from_utf8(frame.payload).unwrap();
            }
        }
    }
}

/// Field lists of which none is a call's: what was made of the sound one, and the code of the answer, where there is one.
type Fields = Vec<(Vec<u8>, Vec<u8>)>;
type Change = fn(&mut Fields);

fn field(name: &str, value: &str) -> (Vec<u8>, Vec<u8>) {
    (name.as_bytes().to_vec(), value.as_bytes().to_vec())
}

fn set(fields: &mut Fields, name: &str, value: &str) {
    fields.iter_mut().find(|(known, _)| known == name.as_bytes()).unwrap().1 = value.as_bytes().to_vec();
}

fn remove(fields: &mut Fields, name: &str) {
    fields.retain(|(known, _)| known != name.as_bytes());
}

fn twice(fields: &mut Fields, name: &str) {
    let at = fields.iter().position(|(known, _)| known == name.as_bytes()).unwrap();
    fields.insert(at, fields[at].clone());
}

/// What ends the stream or the connection (RFC 9113, 8.1.1): such a request is not even answered.
const MALFORMED: &[(&str, Change)] = &[
    ("no method", |fields| remove(fields, ":method")),
    ("no scheme", |fields| remove(fields, ":scheme")),
    ("no path", |fields| remove(fields, ":path")),
    ("an empty path", |fields| set(fields, ":path", "")),
    ("two methods", |fields| twice(fields, ":method")),
    ("two paths", |fields| twice(fields, ":path")),
    ("two authorities", |fields| twice(fields, ":authority")),
    ("two schemes", |fields| twice(fields, ":scheme")),
    ("a status", |fields| fields.insert(0, field(":status", "200"))),
    ("a protocol", |fields| fields.insert(0, field(":protocol", "websocket"))),
    ("an unknown pseudo-header field", |fields| fields.insert(0, field(":forwarded", "x"))),
    ("a pseudo-header field after the others", |fields| {
        let path = fields.remove(3);
        fields.push(path);
    }),
    ("a name in upper case", |fields| fields.push(field("X-Sdk", "x"))),
    ("an empty name", |fields| fields.push(field("", "x"))),
    ("a name with a blank", |fields| fields.push(field("x sdk", "x"))),
    ("a name with a colon", |fields| fields.push(field("x:sdk", "x"))),
    ("a name with a line end", |fields| fields.push(field("x-a: b\r\nx-sdk", "x"))),
    ("connection", |fields| fields.push(field("connection", "close"))),
    ("connection that names a signed header", |fields| fields.push(field("connection", "x-acs-action"))),
    ("keep-alive", |fields| fields.push(field("keep-alive", "timeout=5"))),
    ("proxy-connection", |fields| fields.push(field("proxy-connection", "keep-alive"))),
    ("transfer-encoding", |fields| fields.push(field("transfer-encoding", "chunked"))),
    ("upgrade", |fields| fields.push(field("upgrade", "websocket"))),
    ("te", |fields| fields.push(field("te", "gzip"))),
    ("a line end in a value", |fields| fields.push(field("x-sdk", "a\r\nx-acs-action: DeleteDBCluster"))),
    ("a carriage return in a value", |fields| fields.push(field("x-sdk", "a\rb"))),
    ("a line feed in a value", |fields| fields.push(field("x-sdk", "a\nb"))),
    ("a NUL in a value", |fields| fields.push(field("x-sdk", "a\0b"))),
    ("a line end in the path", |fields| set(fields, ":path", "/ HTTP/1.1\r\nhost: x\r\n\r\n")),
    ("a blank in the path", |fields| set(fields, ":path", "/ x")),
    ("a NUL in the path", |fields| set(fields, ":path", "/\0")),
    ("a line end in the method", |fields| set(fields, ":method", "POST\r\nx: y")),
    ("an absolute path", |fields| set(fields, ":path", "https://other.example/")),
    ("a blank in the authority", |fields| set(fields, ":authority", "a b")),
    ("a line end in the authority", |fields| set(fields, ":authority", "a\r\nx: y")),
    ("a path in the authority", |fields| set(fields, ":authority", "gate.example/x")),
    ("a length that the body does not have", |fields| fields.push(field("content-length", "5"))),
    ("a length that is no number", |fields| fields.push(field("content-length", "+0"))),
    ("two lengths", |fields| fields.extend([field("content-length", "0"), field("content-length", "1")])),
    ("a tunnel with a path", |fields| set(fields, ":method", "CONNECT")),
];

/// What is answered, and with which code.
const REFUSED: &[(&str, &str, Change)] = &[
    ("another host", "InvalidParameter", |fields| fields.push(field("host", "other.example"))),
    ("the host without its port", "InvalidParameter", |fields| fields.push(field("host", "127.0.0.1"))),
    ("two hosts", "InvalidParameter", |fields| {
        let authority = fields[2].1.clone();
        fields.extend([(b"host".to_vec(), authority.clone()), (b"host".to_vec(), authority)]);
    }),
    ("another authority", "InvalidProduct.NotFound", |fields| set(fields, ":authority", "other.example")),
    ("a user in the authority", "InvalidParameter", |fields| {
        fields[2].1.splice(0..0, *b"user@");
    }),
    ("no host", "IncompleteSignature", |fields| remove(fields, ":authority")),
    ("another scheme", "InvalidParameter", |fields| set(fields, ":scheme", "http")),
    ("an unheard-of scheme", "InvalidParameter", |fields| set(fields, ":scheme", "file")),
    ("a path without slash", "InvalidParameter", |fields| {
        fields[3].1.remove(0);
    }),
    ("a path of a star", "InvalidParameter", |fields| set(fields, ":path", "*")),
    ("another path", "InvalidApi.NotFound", |fields| set(fields, ":path", "//")),
    ("another method", "UnsupportedHTTPMethod", |fields| set(fields, ":method", "PUT")),
    ("a tunnel", "InvalidParameter", |fields| {
        set(fields, ":method", "CONNECT");
        remove(fields, ":scheme");
        remove(fields, ":path");
    }),
    ("an action twice", "InvalidParameter", |fields| twice(fields, "x-acs-action")),
];

#[test]
fn what_http1_could_not_say_is_not_said_over_http2_either() {
    let (stand, authority) = gate(ALL, |_| {});
    let sound = |change: &Change| {
        let mut fields = fields(&closing(&stand));
        change(&mut fields);
        frame(HEADERS, END_HEADERS | END_STREAM, 1, &hpack(&fields))
    };
    for (what, change) in MALFORMED {
        let mut raw = Raw::to(&stand, &authority);
        raw.write(&sound(change));
        let outcome = raw.outcome(1);
        let refused = outcome.as_ref().is_none_or(|frame| frame.kind == RST_STREAM || frame.kind == GOAWAY);
        assert!(refused, "{what}: {outcome:?}");
    }
    for (what, code, change) in REFUSED {
        let mut raw = Raw::to(&stand, &authority);
        raw.write(&sound(change));
        let outcome = raw.outcome(1).unwrap_or_else(|| panic!("{what}: closed"));
        assert_eq!(outcome.kind, HEADERS, "{what}: {outcome:?}");
        let body = raw.body(1);
        assert!(body.contains(&format!(r#""Code":"{code}""#)), "{what}: {body}");
    }
    assert_eq!(stand.forwarded().len(), 0);
    // The host may stand twice where it says the same.
    let changes: [Change; 2] = [
        |_| {},
        |fields| {
            let authority = fields[2].1.clone();
            fields.push((b"host".to_vec(), authority));
        },
    ];
    for change in &changes {
        let mut raw = Raw::to(&stand, &authority);
        raw.write(&sound(change));
        assert_eq!(raw.outcome(1).unwrap().kind, HEADERS);
        assert!(raw.body(1).contains("RequestId"));
    }
    assert_eq!(stand.forwarded().len(), 2);
}

#[test]
fn a_body_that_is_not_as_long_as_announced_is_no_call() {
    let (stand, authority) = gate(ALL, |_| {});
    for (announced, sent) in [("3", &b"ab"[..]), ("1", b"ab"), ("0", b"ab")] {
        let mut raw = Raw::to(&stand, &authority);
        let mut fields = fields(&closing(&stand));
        fields.push(field("content-length", announced));
        raw.write(&[frame(HEADERS, END_HEADERS, 1, &hpack(&fields)), frame(DATA, END_STREAM, 1, sent)].concat());
        let outcome = raw.outcome(1);
        assert!(outcome.as_ref().is_none_or(|frame| frame.kind == RST_STREAM), "{announced}: {outcome:?}");
    }
    assert_eq!(stand.forwarded().len(), 0);
}

#[test]
fn more_streams_than_the_limit_are_refused_one_by_one() {
    let upstream = Upstream::answering_after(Duration::from_millis(400));
    let (stand, authority) = gate(ALL, |config| {
        config.upstreams[0].endpoint.authority = upstream.address.to_string();
        config.limits.streams = 2;
    });
    let mut raw = Raw::to(&stand, &authority);
    // The setting must be known to the client before it counts.
    while raw.read().unwrap().kind != SETTINGS {}
    raw.write(&frame(SETTINGS, 1, 0, &[]));
    for stream in [1, 3, 5] {
        let fields = fields(&closing(&stand));
        raw.write(&frame(HEADERS, END_HEADERS | END_STREAM, stream, &hpack(&fields)));
    }
    let refused = raw.outcome(5).unwrap();
    assert_eq!((refused.kind, refused.error()), (RST_STREAM, REFUSED_STREAM), "{refused:?}");
    assert_eq!(raw.outcome(1).unwrap().kind, HEADERS);
}

/// A connection that costs more than it should is ended, and others are served as before.
fn assert_ended(stand: &Stand, authority: &Path, raw: &mut Raw, what: &str) {
    if let Some(goodbye) = raw.goodbye() {
        assert_eq!(goodbye.error(), ENHANCE_YOUR_CALM, "{what}: {goodbye:?}");
        while raw.read().is_some() {}
    }
    assert!(stand.forwarded().is_empty(), "{what}");
    let answer = Client::to(stand, authority).call(&closing(stand)).unwrap();
    assert_forwarded(stand, &answer);
}

#[test]
fn rapid_resets_end_the_connection() {
    let (stand, authority) = gate(ALL, |_| {});
    let mut raw = Raw::to(&stand, &authority);
    let block = hpack(&[
        field(":method", "POST"),
        field(":scheme", "https"),
        field(":authority", &stand.place.endpoint),
        field(":path", "/"),
    ]);
    let mut sent = 0;
    for burst in 0..1000 {
        let streams = (0..100).map(|at| (burst * 100 + at) * 2 + 1);
        let frames: Vec<u8> = streams
            .flat_map(|stream| {
                let reset = frame(RST_STREAM, 0, stream, &8u32.to_be_bytes());
                [frame(HEADERS, END_HEADERS | END_STREAM, stream, &block), reset].concat()
            })
            .collect();
        if !raw.write(&frames) {
            break;
        }
        sent += 100;
    }
    assert!(sent < 100_000, "it was ended before all of them were sent");
    assert_ended(&stand, &authority, &mut raw, "resets");
}

#[test]
fn resets_that_the_gate_is_made_to_send_end_the_connection() {
    let (stand, authority) = gate(ALL, |_| {});
    let mut raw = Raw::to(&stand, &authority);
    for stream in (0..100_000).map(|at| at * 2 + 1) {
        let fields = hpack(&fields(&closing(&stand)));
        // A window that grows by nothing is a mistake of the stream.
        let grown = frame(WINDOW_UPDATE, 0, stream, &0u32.to_be_bytes());
        if !raw.write(&[frame(HEADERS, END_HEADERS, stream, &fields), grown].concat()) {
            assert!(stream > 1);
            return assert_ended(&stand, &authority, &mut raw, "provoked resets");
        }
    }
    panic!("it was never ended");
}

#[test]
fn heads_without_end_end_the_connection() {
    let (stand, authority) = gate(ALL, |_| {});
    let fields = hpack(&fields(&closing(&stand)));
    let filler = hpack(&vec![field("x-filler", &"x".repeat(1000)); 15]);
    for (what, continuation) in [("empty", Vec::new()), ("small", hpack(&[field("a", "b")])), ("large", filler)] {
        let mut raw = Raw::to(&stand, &authority);
        raw.write(&frame(HEADERS, END_STREAM, 1, &fields));
        let endless = frame(CONTINUATION, 0, 1, &continuation);
        let taken = (0..100_000).take_while(|_| raw.write(&endless)).count();
        assert!(taken < 100_000, "{what}");
        if let Some(goodbye) = raw.goodbye() {
            assert_ne!(goodbye.error(), 0, "{what}: {goodbye:?}");
        }
    }
    // One that is merely too large is answered, and the connection goes on.
    let mut raw = Raw::to(&stand, &authority);
    let large = hpack(&[field("x-filler", &"x".repeat(16_000)), field("x-filler", &"x".repeat(17_000))]);
    let (first, rest) = large.split_at(16_000);
    let head = [
        frame(HEADERS, END_STREAM, 1, &fields),
        frame(CONTINUATION, 0, 1, first),
        frame(CONTINUATION, 0, 1, &rest[..16_000]),
        frame(CONTINUATION, END_HEADERS, 1, &rest[16_000..]),
    ];
    raw.write(&head.concat());
    let outcome = raw.outcome(1).unwrap();
    assert_eq!(outcome.kind, HEADERS, "{outcome:?}");
    assert!(stand.forwarded().is_empty());
    let answer = Client::to(&stand, &authority).call(&closing(&stand)).unwrap();
    assert_forwarded(&stand, &answer);
}
