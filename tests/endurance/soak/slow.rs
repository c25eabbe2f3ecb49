//! Clients that take their time, that do not read, that hang up, and that say nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Soak;
use super::calls::{Caller, Kind, bytes};
use super::clients::{PATIENCE, Way, Wire, connect};
use super::ledger::Lost;
use super::weather::Random;

/// What such a client does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Sends a head byte by byte.
    SlowHead,
    /// Sends a body byte by byte.
    SlowBody,
    /// Asks for large answers and reads none of them.
    Unreading,
    /// Sends a write and hangs up.
    HangingUp,
    /// Opens connections and says nothing.
    Silent,
    /// Sends what is no HTTP.
    Babbling,
}

impl Manner {
    pub const ALL: [Self; 6] =
        [Self::SlowHead, Self::SlowBody, Self::Unreading, Self::HangingUp, Self::Silent, Self::Babbling];

    fn name(self) -> &'static str {
        match self {
            Self::SlowHead => "slow head",
            Self::SlowBody => "slow body",
            Self::Unreading => "reads nothing",
            Self::HangingUp => "hangs up",
            Self::Silent => "says nothing",
            Self::Babbling => "no HTTP",
        }
    }
}

/// Goes on in its manner to the end.
pub async fn client(soak: Arc<Soak>, manner: Manner, random: Random) {
    let mut caller = Caller::new(&soak.gate.plain.to_string(), random);
    while let Some(busy) = soak.work(None).await {
        if let Some(stream) = connect(&soak, Way::Plain).await {
            match manner {
                Manner::SlowHead => slow_head(&soak, &mut caller, stream).await,
                Manner::SlowBody => slow_body(&soak, stream).await,
                Manner::Unreading => unreading(&soak, &mut caller, stream).await,
                Manner::HangingUp => hanging_up(&soak, &mut caller, stream).await,
                Manner::Silent => ended(&soak, manner, stream).await,
                Manner::Babbling => babbling(&soak, &mut caller, stream).await,
            }
        }
        drop(busy);
        // Calls of those who hang up go on: so few that they alone are never too many.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Waits for the end of a connection, which the gate has to bring about.
async fn ended(soak: &Soak, manner: Manner, mut stream: TcpStream) {
    let (mut answered, mut ended) = (false, false);
    let mut buffer = vec![0; 64 * 1024];
    // As long as something comes the gate is at it: what was asked for may take its time.
    while let Ok(read) = tokio::time::timeout(PATIENCE, stream.read(&mut buffer)).await {
        if !matches!(read, Ok(1..)) {
            ended = true;
            break;
        }
        answered = true;
    }
    let outcome = match (ended, answered) {
        (true, false) => "closed",
        (true, true) => "answered and closed",
        (false, _) => "left open",
    };
    if answered || manner == Manner::SlowBody || manner == Manner::Babbling {
        soak.unanswered(1);
    }
    soak.ledger.count(manner.name(), outcome.to_owned());
    if !ended {
        soak.ledger.mistake("connection left open", manner.name().to_owned());
    }
}

async fn slow_head(soak: &Soak, caller: &mut Caller, mut stream: TcpStream) {
    let call = soak.ledger.begin(Kind::Allowed, true, false, soak.worlds.now());
    // Whole only after longer than a head may take.
    let request = bytes(&caller.sign(&call));
    for byte in request.chunks(4) {
        if stream.write_all(byte).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    soak.ledger.lost(&call, Lost::Abandoned, &soak.weather);
    ended(soak, Manner::SlowHead, stream).await;
}

async fn slow_body(soak: &Soak, mut stream: TcpStream) {
    let began = Instant::now();
    let head = format!("POST / HTTP/1.1\r\nhost: {}\r\ncontent-length: 10000\r\n\r\n", soak.gate.plain);
    let mut open = stream.write_all(head.as_bytes()).await.is_ok();
    while open && began.elapsed() < Duration::from_secs(4) {
        open = stream.write_all(b"a").await.is_ok();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    ended(soak, Manner::SlowBody, stream).await;
}

async fn unreading(soak: &Soak, caller: &mut Caller, mut stream: TcpStream) {
    let calls: Vec<_> = (0..40).map(|_| soak.ledger.begin(Kind::Allowed, false, true, soak.worlds.now())).collect();
    for call in &calls {
        let request = bytes(&caller.sign(call));
        let sent = tokio::time::timeout(Duration::from_secs(1), stream.write_all(&request)).await;
        if !matches!(sent, Ok(Ok(()))) {
            break;
        }
    }
    // Longer than the gate waits for a reader.
    tokio::time::sleep(Duration::from_secs(6)).await;
    for call in &calls {
        soak.ledger.lost(call, Lost::Abandoned, &soak.weather);
    }
    ended(soak, Manner::Unreading, stream).await;
}

async fn hanging_up(soak: &Soak, caller: &mut Caller, stream: TcpStream) {
    let call = soak.ledger.begin(Kind::Allowed, true, false, soak.worlds.now());
    let request = bytes(&caller.sign(&call));
    let mut wire = Wire::new(stream);
    // Some wait a little, some for nothing.
    let _ = wire.stream().write_all(&request).await;
    let wait = caller.random.between(Duration::ZERO, Duration::from_millis(3));
    let _ = tokio::time::timeout(wait, std::future::pending::<()>()).await;
    if caller.random.below(2) == 0 {
        let _ = wire.stream().set_zero_linger();
    }
    soak.ledger.lost(&call, Lost::Abandoned, &soak.weather);
    soak.ledger.count(Manner::HangingUp.name(), "gone".to_owned());
}

async fn babbling(soak: &Soak, caller: &mut Caller, mut stream: TcpStream) {
    let bytes: Vec<u8> = (0..1 + caller.random.below(2000)).map(|_| caller.random.next().to_le_bytes()[0]).collect();
    let _ = stream.write_all(&bytes).await;
    let _ = stream.write_all(b"\r\n\r\n").await;
    ended(soak, Manner::Babbling, stream).await;
}
