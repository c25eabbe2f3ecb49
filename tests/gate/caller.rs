//! A caller that signs its own calls and sees every byte of the answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use ramgate::catalog::Parameters;
use ramgate::openapi::sign::{Credential, SignedRequest, SigningRequest, acs3_signature, sign_acs3};
use ramgate::openapi::{CanonicalRequest, Format, canonical_query};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use secrecy::SecretString;
use serde_json::Value;

/// An access key.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    pub id: &'static str,
    pub secret: &'static str,
    pub token: Option<&'static str>,
}

impl Key {
    pub fn credential(self) -> Credential {
        Credential {
            access_key_id: self.id.to_owned(),
            secret: SecretString::from(self.secret),
            security_token: self.token.map(SecretString::from),
        }
    }
}

pub fn parameters(pairs: &[(&str, &str)]) -> Parameters {
    let mut parameters = Parameters::new();
    for (name, value) in pairs {
        parameters.insert(*name, *value).unwrap();
    }
    parameters
}

/// A V3 call to `host`, signed now with a nonce of its own.
pub fn signed(host: &str, key: Key, operation: &str, pairs: &[(&str, &str)]) -> SignedRequest {
    sign_acs3(&SigningRequest {
        host,
        action: operation,
        version: "2017-08-01",
        parameters: &parameters(pairs),
        credential: &key.credential(),
        date: Timestamp::now(),
        nonce: &uuid::Uuid::new_v4().to_string(),
        format: Format::Json,
    })
}

/// The same call with further headers, which are signed too.
pub fn signed_with(
    host: &str,
    key: Key,
    operation: &str,
    pairs: &[(&str, &str)],
    further: &[(&str, &str)],
) -> SignedRequest {
    let mut request = signed(host, key, operation, pairs);
    request.headers.retain(|(name, _)| !matches!(&**name, "accept" | "authorization"));
    request.headers.extend(further.iter().map(|(name, value)| ((*name).to_owned().into(), (*value).to_owned())));
    request.headers.sort();
    let payload_hash = request.headers.iter().find(|(name, _)| name == "x-acs-content-sha256").unwrap().1.clone();
    let headers: Vec<_> = request.headers.iter().map(|(name, value)| (&**name, value.into())).collect();
    let canonical = CanonicalRequest {
        method: "POST",
        query: &canonical_query(&parameters(pairs)),
        headers: &headers,
        payload_hash: &payload_hash,
    };
    let authorization = format!(
        "ACS3-HMAC-SHA256 Credential={},SignedHeaders={},Signature={}",
        key.id,
        canonical.signed_headers(),
        acs3_signature(&canonical, &SecretString::from(key.secret))
    );
    request.headers.push(("authorization".into(), authorization));
    request
}

/// The bytes of a request, on a connection that is closed after it.
pub fn bytes(request: &SignedRequest) -> Vec<u8> {
    bytes_with(request, "connection: close\r\n")
}

/// The bytes of a request with these header lines more.
pub fn bytes_with(request: &SignedRequest, lines: &str) -> Vec<u8> {
    let mut text = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
    for (name, value) in &request.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("content-length: {}\r\n{lines}\r\n", request.body.len()));
    [text.as_bytes(), &request.body].concat()
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// `Code` of the body; empty for a success.
    pub fn code(&self) -> String {
        self.json().get("Code").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    pub fn message(&self) -> String {
        self.json().get("Message").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "))
            .find_map(|(known, value)| known.eq_ignore_ascii_case(name).then_some(value))
    }

    /// The gate's own id of the call.
    pub fn gate_request_id(&self) -> &str {
        self.header("x-ramgate-request-id").unwrap_or_else(|| panic!("{self:?}"))
    }
}

/// Sends bytes and reads the answer up to the end of the connection.
pub fn exchange(address: SocketAddr, request: &[u8]) -> Answer {
    let mut stream = connect(address);
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: `{answer}`"));
    Answer { status: head[9..12].parse().unwrap(), head: head.to_owned(), body: body.to_owned() }
}

type Tls = StreamOwned<ClientConnection, TcpStream>;

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// A connection that is kept open from one call to the next.
pub struct KeptOpen<S = TcpStream> {
    stream: BufReader<S>,
}

impl KeptOpen {
    pub fn to(address: SocketAddr) -> Self {
        Self { stream: BufReader::new(connect(address)) }
    }

    /// The connection itself.
    pub fn stream(&mut self) -> &mut TcpStream {
        self.stream.get_mut()
    }
}

impl KeptOpen<Tls> {
    /// Over TLS, and the certificate that the other end showed.
    pub fn securely_to(address: SocketAddr, authority: &Path) -> (Self, Vec<u8>) {
        Self::relayed_to(address, authority, b"")
    }

    /// The same, with these bytes before TLS begins.
    pub fn relayed_to(address: SocketAddr, authority: &Path, before: &[u8]) -> (Self, Vec<u8>) {
        let config = Arc::new(ramgate::gateway::tls::client(Some(authority)).unwrap());
        let connection = ClientConnection::new(config, ServerName::from(address.ip())).unwrap();
        let mut stream = connect(address);
        stream.write_all(before).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        stream.conn.complete_io(&mut stream.sock).unwrap();
        let shown = stream.conn.peer_certificates().unwrap()[0].to_vec();
        (Self { stream: BufReader::new(stream) }, shown)
    }
}

impl<S: Read + Write> KeptOpen<S> {
    /// The answer to a request; `None` where the other end has closed the connection.
    pub fn exchange(&mut self, request: &[u8]) -> Option<Answer> {
        self.stream.get_mut().write_all(request).ok()?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.stream.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let status = head[9..12].parse().unwrap();
        let mut answer = Answer { status, head: head.trim_end().to_owned(), body: String::new() };
        let mut body = vec![0; answer.header("content-length").unwrap().parse().unwrap()];
        self.stream.read_exact(&mut body).ok()?;
        answer.body = String::from_utf8(body).unwrap();
        Some(answer)
    }
}
