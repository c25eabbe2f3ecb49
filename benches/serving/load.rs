//! Calls, signed beforehand, made over connections that are kept open, one thread a connection.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use ramgate::catalog::Parameters;
use ramgate::openapi::Format;
use ramgate::openapi::sign::{SigningRequest, sign_acs3};

use super::contenders::{CALLER, CLUSTER};

/// Signed requests, each to be sent once.
pub struct Requests {
    bytes: Vec<Box<[u8]>>,
    fresh: AtomicUsize,
    any: AtomicUsize,
}

impl Requests {
    /// Signs `count` calls for `host`.
    pub fn signed(host: &str, count: usize) -> Self {
        let mut parameters = Parameters::new();
        parameters.insert("DBClusterId", CLUSTER).unwrap();
        let credential = CALLER.credential();
        let bytes = (0..count).map(|number| {
            let signed = sign_acs3(&SigningRequest {
                host,
                action: "DescribeDBClusterMigration",
                version: "2017-08-01",
                parameters: &parameters,
                credential: &credential,
                date: Timestamp::now(),
                nonce: &format!("{number}-of-a-bench"),
                format: Format::Json,
            });
            let mut text = format!("{} {} HTTP/1.1\r\n", signed.method, signed.target);
            for (name, value) in &signed.headers {
                text.push_str(&format!("{name}: {value}\r\n"));
            }
            text.push_str("content-length: 0\r\n\r\n");
            text.into_bytes().into_boxed_slice()
        });
        Self { bytes: bytes.collect(), fresh: AtomicUsize::new(0), any: AtomicUsize::new(0) }
    }

    /// One that nobody was sent yet who verifies it; for the others any will do.
    fn next(&self, verified: bool) -> &[u8] {
        let next = if verified { &self.fresh } else { &self.any }.fetch_add(1, Ordering::Relaxed);
        let index = if verified { next } else { next % self.bytes.len() };
        self.bytes.get(index).expect("more calls than were signed: sign more")
    }
}

/// What to make calls with.
pub struct Load {
    pub address: SocketAddr,
    /// Whether a call that is made twice is refused there.
    pub verified: bool,
    pub connections: usize,
    pub duration: Duration,
    /// From the beginning of a call to that of the next over the same connection; without it they follow at once.
    pub pause: Option<Duration>,
}

/// What came of it.
#[derive(Default)]
pub struct Done {
    pub latencies: Vec<Duration>,
    pub failed: usize,
    pub first_failure: Option<String>,
}

impl Load {
    pub fn run(&self, requests: &Requests) -> Done {
        let all = Mutex::new(Done::default());
        let end = Instant::now() + self.duration;
        std::thread::scope(|scope| {
            for number in 0..self.connections {
                let all = &all;
                scope.spawn(move || {
                    let own = self.connection(requests, number, end);
                    let mut all = all.lock().unwrap();
                    all.latencies.extend(own.latencies);
                    all.failed += own.failed;
                    all.first_failure = all.first_failure.take().or(own.first_failure);
                });
            }
        });
        all.into_inner().unwrap()
    }

    fn connection(&self, requests: &Requests, number: usize, end: Instant) -> Done {
        let mut stream = connect(self.address);
        let mut done = Done::default();
        let mut buffer = [0; 8192];
        // Spread over the pause, so that they do not all come at once.
        let mut due = Instant::now()
            + self.pause.map_or(Duration::ZERO, |pause| pause.mul_f64(number as f64 / self.connections as f64));
        loop {
            if self.pause.is_some() {
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
            }
            let begin = Instant::now();
            if begin >= end {
                return done;
            }
            stream.write_all(requests.next(self.verified)).unwrap();
            let read = read_answer(&mut stream, &mut buffer);
            done.latencies.push(begin.elapsed());
            if !buffer[..read].starts_with(b"HTTP/1.1 200") {
                done.failed += 1;
                done.first_failure = Some(String::from_utf8_lossy(&buffer[..read]).into_owned());
                return done;
            }
            due += self.pause.unwrap_or_default();
        }
    }
}

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

/// Reads one answer whose length its head tells.
fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) -> usize {
    let mut filled = 0;
    let mut whole = None;
    loop {
        let read = stream.read(&mut buffer[filled..]).unwrap();
        assert_ne!(read, 0, "the connection was closed");
        filled += read;
        if whole.is_none()
            && let Some(head) = buffer[..filled].windows(4).position(|window| window == b"\r\n\r\n")
        {
            let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
            let (_, length) = text.split_once("content-length:").expect("a content-length");
            let length: usize = length.lines().next().unwrap().trim().parse().unwrap();
            whole = Some(head + 4 + length);
        }
        if whole.is_some_and(|whole| filled >= whole) {
            return filled;
        }
    }
}
