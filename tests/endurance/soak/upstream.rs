//! The upstream: it looks at everything that reaches it, and does with it what it is told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use ramgate::authn::{Hosts, KeyEntry, KeyRing, Verifier};
use ramgate::identity::{KeyStatus, Principal};
use ramgate::openapi::{Call, Limits, WireRequest};
use secrecy::SecretString;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use uuid::Uuid;

use super::calls::{marked, operation};
use super::ledger::Ledger;
use super::weather::Random;
use super::worlds::{ACCOUNT, UPSTREAM, Worlds};

/// Bytes of a large answer: more than a system keeps for a reader who does not read.
const LARGE: usize = 512 * 1024;

/// Of as many calls the signature of one is verified.
const VERIFIED: u64 = 8;

/// What the upstream does with calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Mood {
    Well,
    Frozen,
    Slow,
    Resetting,
    Garbage,
}

/// The upstream. It is at one address as long as there is one.
pub struct Upstream {
    pub address: SocketAddr,
    mood: AtomicU8,
    /// Up or down; every change ends the connections that there are.
    up: watch::Sender<(bool, u64)>,
    connections: AtomicU64,
    ledger: Arc<Ledger>,
    worlds: Arc<Worlds>,
    verifier: Verifier,
}

impl Upstream {
    pub async fn start(ledger: Arc<Ledger>, worlds: Arc<Worlds>, seed: u64) -> Arc<Self> {
        // An address of its own, whose ports no connection of a caller takes while it is down.
        let listener = bind("127.0.0.9:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let entry = KeyEntry {
            id: UPSTREAM.id.to_owned(),
            secret: SecretString::from(UPSTREAM.secret),
            status: KeyStatus::Active,
            not_after: None,
            principal: Principal::Owner { account: ACCOUNT.to_owned() },
            session: None,
        };
        let verifier = Verifier::new(KeyRing::new([entry]).unwrap(), Hosts::new([address.to_string()]));
        let up = watch::Sender::new((true, 0));
        let mood = AtomicU8::new(Mood::Well as u8);
        let upstream = Arc::new(Self { address, mood, up, connections: AtomicU64::new(0), ledger, worlds, verifier });
        tokio::spawn(Arc::clone(&upstream).run(listener, seed));
        upstream
    }

    pub fn set(&self, mood: Mood) {
        self.mood.store(mood as u8, Ordering::SeqCst);
    }

    /// Takes it away, or brings it back.
    pub fn set_up(&self, up: bool) {
        self.up.send_modify(|(now, changes)| (*now, *changes) = (up, *changes + 1));
    }

    /// Closes all connections.
    pub fn close(&self) {
        self.up.send_modify(|(_, changes)| *changes += 1);
    }

    fn mood(&self) -> Mood {
        let moods = [Mood::Well, Mood::Frozen, Mood::Slow, Mood::Resetting, Mood::Garbage];
        moods[usize::from(self.mood.load(Ordering::SeqCst))]
    }

    async fn run(self: Arc<Self>, listener: TcpListener, seed: u64) {
        let mut listener = Some(listener);
        let mut up = self.up.subscribe();
        loop {
            let Some(open) = &listener else {
                up.wait_for(|(up, _)| *up).await.unwrap();
                match bind(self.address) {
                    Ok(bound) => listener = Some(bound),
                    Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                }
                continue;
            };
            tokio::select! {
                accepted = open.accept() => {
                    if let Ok((stream, _)) = accepted {
                        let number = self.connections.fetch_add(1, Ordering::Relaxed);
                        tokio::spawn(Arc::clone(&self).serve(stream, Random::new(seed, 1 << 40 | number)));
                    }
                }
                changed = up.changed() => {
                    changed.unwrap();
                    if !up.borrow_and_update().0 {
                        listener = None;
                    }
                }
            }
        }
    }

    async fn serve(self: Arc<Self>, stream: TcpStream, random: Random) {
        let mut up = self.up.subscribe();
        // What the gate does with an upstream that ends a connection shows at the gate.
        tokio::select! {
            _ = self.converse(stream, random) => {}
            _ = up.changed() => {}
        }
    }

    async fn converse(&self, stream: TcpStream, mut random: Random) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let mut stream = BufReader::new(stream);
        loop {
            if stream.fill_buf().await?.is_empty() {
                return Ok(());
            }
            let mood = self.mood();
            if mood == Mood::Resetting && random.below(3) == 0 {
                return stream.get_ref().set_zero_linger();
            }
            let Some(request) = read(&mut stream).await? else { return Ok(()) };
            let (id, large) = self.look_at(&request);
            let answer = answer(id, large);
            match mood {
                Mood::Well => stream.write_all(&answer).await?,
                Mood::Frozen => {
                    while self.mood() == Mood::Frozen {
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                    stream.write_all(&answer).await?;
                }
                Mood::Slow => {
                    let (first, second) = answer.split_at(random.below(answer.len()));
                    for part in [first, second] {
                        tokio::time::sleep(random.between(Duration::ZERO, Duration::from_millis(400))).await;
                        stream.write_all(part).await?;
                    }
                }
                Mood::Resetting => {
                    // Before an answer or within it.
                    let part = if random.below(2) == 0 { 0 } else { answer.len() / 2 };
                    stream.write_all(&answer[..part]).await?;
                    return stream.get_ref().set_zero_linger();
                }
                Mood::Garbage => {
                    stream.write_all(&garbage(&mut random)).await?;
                    return Ok(());
                }
            }
        }
    }

    /// Whose call it is, after making sure that it is what was decided.
    fn look_at(&self, request: &WireRequest) -> (u64, bool) {
        let call = match Call::parse(request, &Limits::default()) {
            Ok(call) => call,
            Err(error) => {
                self.ledger.mistake("unreadable call forwarded", format!("{error}: {request:?}"));
                return (0, false);
            }
        };
        let write = call.action() == operation(true).0;
        let (action, marked_by) = operation(write);
        let mark = call.parameters().get(marked_by).and_then(marked);
        let Some((id, large)) = mark else {
            self.ledger.mistake("wrong allow", format!("it is of nobody: {} {:?}", call.action(), call.parameters()));
            return (0, false);
        };
        if id % VERIFIED == 0 {
            let date = call.timestamp().parse::<Timestamp>().unwrap();
            if let Err(error) = self.verifier.verify(call.clone(), date) {
                self.ledger.mistake("wrong signature towards the upstream", format!("{error}: {request:?}"));
            }
        }
        if let Some(sent) = self.ledger.arrives(id, &self.worlds) {
            let as_decided = (call.action(), call.parameters().len(), call.parameters().get("DBClusterId"))
                == (action, 2, Some(sent.kind.cluster()));
            if !as_decided || sent.write != write {
                self.ledger.mistake("another call forwarded", format!("{sent:?}: {:?}", call.parameters()));
            }
        }
        (id, large)
    }
}

/// Listens with room for a crowd.
fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(4096)
}

/// The request id by which the upstream answers a call.
fn request_id(id: u64) -> String {
    Uuid::from_u128(u128::from(id)).to_string()
}

/// The call that was answered by this request id.
pub fn call_of(request_id: &str) -> Option<u64> {
    u64::try_from(Uuid::parse_str(request_id).ok()?.as_u128()).ok()
}

fn answer(id: u64, large: bool) -> Vec<u8> {
    let padding = if large { "x".repeat(LARGE) } else { String::new() };
    let body = format!(r#"{{"RequestId":"{}","Padding":"{padding}"}}"#, request_id(id));
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json;charset=utf-8\r\ncontent-length: ";
    format!("{head}{}\r\n\r\n{body}", body.len()).into_bytes()
}

/// What is no answer; the connection is closed after it.
fn garbage(random: &mut Random) -> Vec<u8> {
    let all: [&[u8]; 10] = [
        b"",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"RequestId\"",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n{}{}{}",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{}",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        b"HTTP/9.9 999 No\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx-half-a-he",
    ];
    match random.below(all.len() + 1) {
        0 => (0..4096).map(|_| random.next().to_le_bytes()[0] | 0x80).collect(),
        index => all[index - 1].to_vec(),
    }
}

/// The next request; nothing where the connection ends within it.
async fn read(stream: &mut BufReader<TcpStream>) -> std::io::Result<Option<WireRequest>> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await? == 0 {
            return Ok(None);
        }
    }
    let mut lines = head.trim_end().split("\r\n");
    let mut start = lines.next().unwrap().split(' ');
    let (method, target) = (start.next().unwrap().to_owned(), start.next().unwrap().to_owned());
    let headers: Vec<(String, Vec<u8>)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").unwrap();
    let mut body = vec![0; std::str::from_utf8(&length.1).unwrap().parse().unwrap()];
    stream.read_exact(&mut body).await?;
    Ok(Some(WireRequest { method, target, headers, body: body.into() }))
}
