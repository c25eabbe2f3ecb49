//! A caller that sends whatever bytes it is given, and counts what came of them.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use jiff::Timestamp;
use ramgate::catalog::Parameters;
use ramgate::openapi::sign::{date_text, rpc_v1_signature};
use ramgate::openapi::{Call, Limits};
use secrecy::SecretString;

use super::caller::{self, Answer, Key};
use super::events;
use super::stand::Stand;

/// Long enough for everything that a gate does by itself; a connection that is still open then stays open.
const PATIENCE: Duration = Duration::from_secs(20);

/// One connection.
pub struct Raw {
    stream: BufReader<TcpStream>,
    pub local: SocketAddr,
}

impl Raw {
    pub fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let local = stream.local_addr().unwrap();
        Self { stream: BufReader::new(stream), local }
    }

    /// Sends bytes; that the other end takes no more of them shows in its answers.
    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.get_mut().write_all(bytes);
    }

    /// Says that nothing more will be sent.
    pub fn end(&mut self) {
        let _ = self.stream.get_mut().shutdown(Shutdown::Write);
    }

    /// Whether an answer or the end of the connection is there, without waiting for it.
    pub fn is_answered(&mut self) -> bool {
        let stream = self.stream.get_ref();
        stream.set_nonblocking(true).unwrap();
        let there = !matches!(stream.peek(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock);
        stream.set_nonblocking(false).unwrap();
        there
    }

    /// The next answer, which may come without the body that its length tells of; nothing where the connection is closed
    /// before it.
    pub fn answer(&mut self, with_body: bool) -> Option<Answer> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            match self.stream.read_line(&mut head) {
                Ok(0) => {
                    assert_eq!(head, "", "half an answer");
                    return None;
                }
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("no answer, and no end of the connection: {error}"),
            }
        }
        let status = head[9..12].parse().unwrap();
        let mut answer = Answer { status, head: head.trim_end().to_owned(), body: String::new() };
        if with_body && status >= 200 && status != 204 {
            let length = answer.header("content-length").unwrap_or_else(|| panic!("{answer:?}")).parse().unwrap();
            let mut body = vec![0; length];
            self.stream.read_exact(&mut body).unwrap();
            answer.body = String::from_utf8(body).unwrap();
        }
        Some(answer)
    }

    /// Every answer up to the end of the connection, which the other end has to close; interim ones aside.
    pub fn answers(&mut self, with_body: bool) -> Vec<Answer> {
        std::iter::from_fn(|| self.answer(with_body)).filter(|answer| answer.status >= 200).collect()
    }
}

/// What a gate had forwarded and recorded at some moment, to tell what came after it.
pub struct Since {
    forwarded: usize,
    log: usize,
}

impl Since {
    pub fn now(stand: &Stand) -> Self {
        Self { forwarded: stand.forwarded().len(), log: events::mark() }
    }

    /// ONE: every request that reached the upstream has one record that allows just it, and every answer to
    /// `local` has one record. Gives how many requests were forwarded.
    #[track_caller]
    pub fn assert_one(&self, stand: &Stand, local: SocketAddr, answers: usize) -> usize {
        assert!(stand.gate().0.log().flush());
        let decisions = events::decisions_since(self.log, stand.log_id(), local);
        assert_eq!(decisions.len(), answers, "one record an answer: {decisions:?}");
        let mut allowed: Vec<String> = decisions
            .iter()
            .filter(|event| event["decision"] == "Allow")
            .map(|event| {
                let [check] = &event["checks"].as_array().unwrap()[..] else { panic!("one check: {event}") };
                format!("{} {} {}", event["operation"], check["action"], check["resource"])
            })
            .collect();
        let forwarded = stand.forwarded();
        let forwarded = &forwarded[self.forwarded..];
        let mut sent: Vec<String> = forwarded
            .iter()
            .map(|request| {
                let call = Call::parse(request, &Limits::default()).unwrap();
                let cluster = call.parameters().get("DBClusterId").unwrap();
                format!(
                    "\"{0}\" \"polardb:{0}\" \"acs:polardb:cn-hangzhou:{1}:dbcluster/{cluster}\"",
                    call.action(),
                    super::stand::ACCOUNT
                )
            })
            .collect();
        allowed.sort();
        sent.sort();
        assert_eq!(sent, allowed, "what was sent is what was allowed");
        sent.len()
    }
}

/// The parameters of a call, signed now in V1 for this method: encoded, as they stand in a query or a form.
pub fn signed_v1(method: &str, key: Key, operation: &str, pairs: &[(&str, &str)]) -> String {
    let now = date_text(Timestamp::now());
    let nonce = uuid::Uuid::new_v4().to_string();
    let common = [
        ("AccessKeyId", key.id),
        ("Action", operation),
        ("Format", "JSON"),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureNonce", nonce.as_str()),
        ("SignatureVersion", "1.0"),
        ("Timestamp", now.as_str()),
        ("Version", "2017-08-01"),
    ];
    let mut parameters: Parameters = caller::parameters(&[&common[..], pairs].concat());
    let signature = rpc_v1_signature(method, &parameters, &SecretString::from(key.secret));
    parameters.insert("Signature", signature).unwrap();
    let encode = |text| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    let pairs = parameters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}
