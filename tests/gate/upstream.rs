//! An upstream that takes its time.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Answers every request with a success, some time after its head was read.
pub struct Upstream {
    pub address: SocketAddr,
    calls: Receiver<()>,
}

impl Upstream {
    pub fn answering_after(delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (came, calls) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, came) = (stream.unwrap(), came.clone());
                std::thread::spawn(move || {
                    let mut head = Vec::new();
                    let mut byte = [0; 1];
                    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
                        head.extend_from_slice(&byte);
                    }
                    // Nobody may be waiting for it.
                    let _ = came.send(());
                    std::thread::sleep(delay);
                    let body = r#"{"RequestId":"00000000-0000-0000-0000-000000000000"}"#;
                    let _ = write!(
                        stream,
                        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: \
                         close\r\n\r\n{body}",
                        body.len()
                    );
                });
            }
        });
        Self { address, calls }
    }

    /// Waits until a call has come in.
    pub fn wait_for_a_call(&self) {
        self.calls.recv_timeout(Duration::from_secs(20)).unwrap();
    }
}
