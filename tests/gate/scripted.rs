//! An upstream that does to every request what it is told.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ramgate::openapi::WireRequest;

/// What the upstream does with a request.
#[derive(Debug, Clone)]
pub enum Deed {
    /// Answers with a success that repeats the request's own nonce.
    Answer,
    /// Sends these bytes and keeps the connection.
    Say(Vec<u8>),
    /// Sends these bytes and closes the connection.
    SayAndClose(Vec<u8>),
    /// Sends these bytes one by one, with a wait between.
    Dribble(Vec<u8>, Duration),
    /// Sends these bytes, waits, and sends these.
    Halves(Vec<u8>, Duration, Vec<u8>),
    /// Closes the connection before it has read the whole request, so that the system resets it.
    Reset,
    /// Says nothing.
    Silence,
}

/// The upstream. It does what stands first in its script, and answers where nothing is left.
/// Its answers are those of an API, or whatever it was made with.
pub struct Scripted {
    pub address: SocketAddr,
    script: Arc<Mutex<VecDeque<Deed>>>,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    begun: AtomicUsize,
    closed: AtomicUsize,
    whole: Mutex<Vec<WireRequest>>,
}

impl Scripted {
    pub fn new(script: impl IntoIterator<Item = Deed>) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap(), script, |request| success(&answer_to(&nonce(request))))
    }

    /// One whose answers are these.
    pub fn answering(answer: impl Fn(&WireRequest) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap(), [], answer)
    }

    /// One that answers at this very address.
    pub fn at(address: SocketAddr) -> Self {
        Self::on(TcpListener::bind(address).unwrap(), [], |request| success(&answer_to(&nonce(request))))
    }

    fn on(
        listener: TcpListener,
        script: impl IntoIterator<Item = Deed>,
        answer: impl Fn(&WireRequest) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        let answer = Arc::new(answer);
        let address = listener.local_addr().unwrap();
        let script = Arc::new(Mutex::new(script.into_iter().collect()));
        let seen = Arc::<Seen>::default();
        let shared = (Arc::clone(&script), Arc::clone(&seen));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let ((script, seen), answer) = (shared.clone(), Arc::clone(&answer));
                let stream = stream.unwrap();
                std::thread::spawn(move || {
                    serve(stream, &script, &seen, &*answer);
                    seen.closed.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        Self { address, script, seen }
    }

    /// Says what to do next.
    pub fn then(&self, deed: Deed) {
        self.script.lock().unwrap().push_back(deed);
    }

    /// Every request that came in whole, oldest first.
    pub fn requests(&self) -> Vec<WireRequest> {
        self.seen.whole.lock().unwrap().clone()
    }

    /// How many requests began to come in.
    pub fn begun(&self) -> usize {
        self.seen.begun.load(Ordering::SeqCst)
    }
}

impl Scripted {
    /// Waits until so many connections are closed.
    pub fn wait_for_closed(&self, count: usize) {
        let began = Instant::now();
        while self.seen.closed.load(Ordering::SeqCst) < count {
            assert!(began.elapsed() < Duration::from_secs(20), "a connection stays open");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// A whole answer with this body.
pub fn success(body: &str) -> Vec<u8> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json;charset=utf-8\r\ncontent-length: ";
    format!("{head}{}\r\n\r\n{body}", body.len()).into_bytes()
}

/// What [`Deed::Answer`] says to a request.
pub fn answer_to(nonce: &str) -> String {
    format!(r#"{{"RequestId":"{nonce}"}}"#)
}

pub fn nonce(request: &WireRequest) -> String {
    let nonce = request.headers.iter().find(|(name, _)| name == "x-acs-signature-nonce").unwrap();
    String::from_utf8(nonce.1.clone()).unwrap()
}

fn serve(
    stream: TcpStream,
    script: &Mutex<VecDeque<Deed>>,
    seen: &Seen,
    answer: &(dyn Fn(&WireRequest) -> Vec<u8> + Send + Sync),
) {
    // So short that most of a request is still unread when its deed is looked up.
    let mut stream = BufReader::with_capacity(16, stream);
    while stream.fill_buf().is_ok_and(|bytes| !bytes.is_empty()) {
        seen.begun.fetch_add(1, Ordering::SeqCst);
        let deed = script.lock().unwrap().pop_front().unwrap_or(Deed::Answer);
        if matches!(deed, Deed::Reset) {
            return;
        }
        let Some((mut request, length)) = head(&mut stream) else { return };
        let mut body = vec![0; length];
        stream.read_exact(&mut body).unwrap();
        request.body = body.into();
        let answer = answer(&request);
        seen.whole.lock().unwrap().push(request);
        let stream = stream.get_mut();
        // Nobody may be waiting for it.
        let _ = match deed {
            Deed::Answer => stream.write_all(&answer),
            Deed::Say(bytes) => stream.write_all(&bytes),
            Deed::SayAndClose(bytes) => {
                let _ = stream.write_all(&bytes);
                return;
            }
            Deed::Dribble(bytes, wait) => {
                for byte in bytes {
                    if stream.write_all(&[byte]).is_err() {
                        return;
                    }
                    std::thread::sleep(wait);
                }
                Ok(())
            }
            Deed::Halves(first, wait, second) => {
                let _ = stream.write_all(&first);
                std::thread::sleep(wait);
                stream.write_all(&second)
            }
            Deed::Reset | Deed::Silence => Ok(()),
        };
    }
}

/// The head of the next request, and the length of its body.
fn head(stream: &mut impl BufRead) -> Option<(WireRequest, usize)> {
    let mut line = || {
        let mut line = String::new();
        stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
        Some(line.trim_end().to_owned())
    };
    let start = line()?;
    let mut parts = start.split(' ');
    let (method, target) = (parts.next().unwrap().to_owned(), parts.next().unwrap().to_owned());
    let mut headers = Vec::new();
    loop {
        let line = line()?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(": ").unwrap();
        headers.push((name.to_owned(), value.as_bytes().to_vec()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, value)| std::str::from_utf8(value).unwrap().parse().unwrap());
    Some((WireRequest { method, target, headers, body: bytes::Bytes::new() }, length))
}
