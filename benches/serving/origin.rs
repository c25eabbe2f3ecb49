//! The upstream that everything is passed on to: it answers each request with the same 60 bytes.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

/// 60 bytes.
const BODY: &str = r#"{"RequestId":"00000000-0000-0000-0000-000000000000","A":"b"}"#;

/// Serves on a free loopback port for as long as the process lives, one thread a connection.
pub fn serve() -> SocketAddr {
    assert_eq!(BODY.len(), 60);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            std::thread::spawn(move || answer(stream));
        }
    });
    address
}

/// Answers requests without a body until the other end closes.
fn answer(mut stream: TcpStream) {
    stream.set_nodelay(true).unwrap();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json;charset=utf-8\r\ncontent-length: {}\r\n\r\n{BODY}",
        BODY.len()
    );
    let mut buffer = [0; 8192];
    let mut filled = 0;
    loop {
        match stream.read(&mut buffer[filled..]) {
            Ok(0) | Err(_) => return,
            Ok(read) => filled += read,
        }
        if buffer[..filled].ends_with(b"\r\n\r\n") {
            filled = 0;
            if stream.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }
}
