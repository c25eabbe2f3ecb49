//! A caller that signs its own calls and sees every byte of the answers.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use jiff::Timestamp;
use ramgate::catalog::Parameters;
use ramgate::openapi::Format;
use ramgate::openapi::sign::{Credential, SignedRequest, SigningRequest, sign_acs3};
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

/// The bytes of a request, on a connection that is closed after it.
pub fn bytes(request: &SignedRequest) -> Vec<u8> {
    let mut text = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
    for (name, value) in &request.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("content-length: {}\r\nconnection: close\r\n\r\n", request.body.len()));
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
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: `{answer}`"));
    Answer { status: head[9..12].parse().unwrap(), head: head.to_owned(), body: body.to_owned() }
}
