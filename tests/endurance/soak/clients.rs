//! Callers that make one call after the other, over HTTP/1.1, in the clear and over TLS, and over HTTP/2.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use ramgate::openapi::sign::SignedRequest;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use uuid::Uuid;

use super::Soak;
use super::calls::{Call, Caller, Kind, bytes};
use super::ledger::{Answer, Lost};
use super::weather::{Fault, Random};

/// How long a caller waits: longer than the gate may take for anything.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Most calls over one connection.
const CALLS: usize = 2000;

/// Calls at once over one HTTP/2 connection.
const STREAMS: usize = 8;

/// How a caller comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Plain,
    Tls,
    Http2,
}

/// A connection over HTTP/1.1.
pub struct Wire<S> {
    stream: BufReader<S>,
}

pub async fn connect(soak: &Soak, way: Way) -> Option<TcpStream> {
    let address = if way == Way::Plain { soak.gate.plain } else { soak.gate.secure };
    let stream = tokio::time::timeout(PATIENCE, TcpStream::connect(address)).await.ok()?.ok()?;
    stream.set_nodelay(true).ok()?;
    Some(stream)
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub fn new(stream: S) -> Self {
        Self { stream: BufReader::new(stream) }
    }

    pub fn stream(&mut self) -> &mut S {
        self.stream.get_mut()
    }

    pub async fn exchange(&mut self, request: &[u8]) -> Result<(Answer, bool), Lost> {
        let exchanged = tokio::time::timeout(PATIENCE, async {
            self.stream.get_mut().write_all(request).await?;
            self.stream.get_mut().flush().await?;
            self.answer().await
        });
        match exchanged.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(Lost::Closed),
            Err(_) => Err(Lost::Silence),
        }
    }

    /// The next answer, and whether the connection ends with it.
    pub async fn answer(&mut self) -> std::io::Result<(Answer, bool)> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.stream.read_line(&mut head).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
        let field = |name: &str| {
            let mut fields = head.lines().filter_map(|line| line.split_once(": "));
            fields.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        };
        let length = field("content-length").and_then(|length| length.parse().ok()).expect("a length");
        let request_id = field("x-ramgate-request-id").map(read_id).expect("an id");
        let last = field("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        let status = head[9..12].parse().unwrap();
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        Ok((Answer { status, request_id, code: code(&body) }, last))
    }
}

fn read_id(text: &str) -> u128 {
    Uuid::parse_str(text).expect("an id").as_u128()
}

/// The error code of a body; empty where there is none.
fn code(body: &[u8]) -> String {
    let body = String::from_utf8_lossy(&body[..body.len().min(4096)]);
    let code = body.split_once("\"Code\":\"").and_then(|(_, rest)| rest.split_once('"'));
    code.map(|(code, _)| code.to_owned()).unwrap_or_default()
}

async fn secured(soak: &Soak, http2: bool) -> Option<TlsStream<TcpStream>> {
    let stream = connect(soak, Way::Tls).await?;
    let connector = TlsConnector::from(Arc::clone(if http2 { &soak.http2 } else { &soak.tls }));
    let name = ServerName::from(soak.gate.secure.ip());
    tokio::time::timeout(PATIENCE, connector.connect(name, stream)).await.ok()?.ok()
}

/// Calls until it is enough: where `until` is given until then, and otherwise to the end.
pub async fn client(soak: Arc<Soak>, way: Way, random: Random, until: Option<Instant>) {
    let address = if way == Way::Plain { soak.gate.plain } else { soak.gate.secure };
    let mut caller = Caller::new(&address.to_string(), random);
    while let Some(busy) = soak.work(until).await {
        let opened = Instant::now();
        let mut connected = false;
        match way {
            Way::Plain => {
                if let Some(stream) = connect(&soak, way).await {
                    connected = true;
                    converse(&soak, &mut caller, Wire::new(stream), until).await;
                }
            }
            Way::Tls => {
                if let Some(stream) = secured(&soak, false).await {
                    connected = true;
                    converse(&soak, &mut caller, Wire::new(stream), until).await;
                }
            }
            Way::Http2 => {
                if let Some(stream) = secured(&soak, true).await {
                    connected = true;
                    streams(&soak, &mut caller, stream, until).await;
                }
            }
        }
        drop(busy);
        if !connected {
            // The handshake of TLS has to be over in `header_timeout`, and needs a descriptor to begin.
            if !soak.weather.explains(&[Fault::Descriptors, Fault::Crowd], opened) {
                soak.ledger.mistake("no connection", format!("{way:?} after {:?}", opened.elapsed()));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// One call after the other over one connection.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    soak: &Soak,
    caller: &mut Caller,
    mut wire: Wire<S>,
    until: Option<Instant>,
) {
    // An allowed call that was answered, to make it again.
    let mut made: Option<Vec<u8>> = None;
    for _ in 0..=caller.random.below(CALLS) {
        if !soak.goes_on(until) {
            return;
        }
        let (kind, write, request) = match made.take() {
            Some(request) if caller.random.below(20) == 0 => (Kind::Replayed, false, Some(request)),
            kept => {
                made = kept;
                let (kind, write) = caller.draw();
                (kind, write, None)
            }
        };
        let call = soak.ledger.begin(kind, write, false, soak.worlds.now());
        let request = request.unwrap_or_else(|| bytes(&caller.sign(&call)));
        match wire.exchange(&request).await {
            Ok((answer, last)) => {
                soak.answered(&call, &answer);
                if kind == Kind::Allowed && answer.code.is_empty() {
                    made = Some(request);
                }
                if last {
                    return;
                }
            }
            Err(lost) => {
                soak.ledger.lost(&call, lost, &soak.weather);
                return;
            }
        }
    }
}

/// Some calls at once, again and again, over one HTTP/2 connection.
async fn streams(soak: &Soak, caller: &mut Caller, stream: TlsStream<TcpStream>, until: Option<Instant>) {
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
    let Ok((sender, connection)) = handshake else { return };
    let connection = tokio::spawn(connection);
    for _ in 0..=caller.random.below(CALLS / STREAMS) {
        if !soak.goes_on(until) {
            break;
        }
        let calls = (0..STREAMS).map(|_| {
            let (kind, write) = caller.draw();
            let call = soak.ledger.begin(kind, write, false, soak.worlds.now());
            let request = caller.sign(&call);
            tokio::spawn(stream_of(sender.clone(), call, request, soak.gate.secure.to_string()))
        });
        let calls: Vec<_> = calls.collect();
        let mut lost = false;
        for call in calls {
            let (call, answer) = call.await.unwrap();
            match answer {
                Ok(answer) => soak.answered(&call, &answer),
                Err(how) => {
                    soak.ledger.lost(&call, how, &soak.weather);
                    lost = true;
                }
            }
        }
        if lost {
            break;
        }
    }
    drop(sender);
    connection.abort();
}

type Sender = hyper::client::conn::http2::SendRequest<Full<Bytes>>;

async fn stream_of(
    mut sender: Sender,
    call: Call,
    signed: SignedRequest,
    host: String,
) -> (Call, Result<Answer, Lost>) {
    let mut request = http::Request::builder().method(signed.method).uri(format!("https://{host}{}", signed.target));
    for (name, value) in signed.headers.iter().filter(|(name, _)| name != "host") {
        request = request.header(&**name, value);
    }
    let request = request.body(Full::new(signed.body)).unwrap();
    let exchanged = tokio::time::timeout(PATIENCE, async {
        let response = sender.send_request(request).await?;
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        let request_id = read_id(head.headers["x-ramgate-request-id"].to_str().unwrap());
        Ok::<_, hyper::Error>(Answer { status: head.status.as_u16(), request_id, code: code(&body) })
    });
    let answer = match exchanged.await {
        Ok(answer) => answer.map_err(|_| Lost::Closed),
        Err(_) => Err(Lost::Silence),
    };
    (call, answer)
}
