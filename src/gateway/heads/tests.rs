use std::collections::VecDeque;

use proptest::prelude::*;
use tokio::io::AsyncReadExt;

use super::*;

const BOUNDS: Bounds = Bounds { bytes: 8192, headers: 16 };

/// A stream that gives what it has piece by piece, with a wait before each, and then ends.
struct Pieces {
    pieces: VecDeque<Vec<u8>>,
    waits: bool,
}

impl AsyncRead for Pieces {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let this = self.get_mut();
        this.waits = !this.waits;
        if this.waits {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Some(mut piece) = this.pieces.pop_front() {
            let rest = piece.split_off(piece.len().min(buf.remaining()));
            if !rest.is_empty() {
                this.pieces.push_front(rest);
            }
            buf.put_slice(&piece);
        }
        Poll::Ready(Ok(()))
    }
}

/// What a reader gets of `bytes` that come in pieces of this length and are read in turns of at most `at_once`, and
/// whether a head was refused.
fn read(bytes: &[u8], piece: usize, at_once: usize) -> (Vec<u8>, Option<HeadError>) {
    let refused = RefusedHead::default();
    let stream = Pieces { pieces: bytes.chunks(piece).map(<[u8]>::to_vec).collect(), waits: false };
    let mut heads = Heads::new(stream, BOUNDS, refused.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut got = Vec::new();
    runtime.block_on(async {
        let mut buffer = vec![0; at_once];
        loop {
            match heads.read(&mut buffer).await.unwrap() {
                0 => break,
                length => got.extend_from_slice(&buffer[..length]),
            }
        }
    });
    (got, refused.0.get().cloned())
}

fn request(body: &[u8]) -> Vec<u8> {
    let head = format!("POST /?a=b HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

const BAD: [&[u8]; 6] = [
    b"GET / HTTP/1.1\r\nhost : a\r\n\r\n",
    b"POST / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\na",
    b"GET /#a HTTP/1.1\r\n\r\n",
    b"\x16\x03\x01\x02\x00\r\n\r\n",
    b"POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
];

proptest! {
    /// However they are cut, good requests pass byte by byte as they came, whatever their bodies look like; and of a
    /// refused head, or of what comes after it, nothing passes.
    #[test]
    fn good_requests_pass_unchanged_and_nothing_of_a_bad_one_does(
        bodies in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..64),
            prop::sample::select(&BAD[..]).prop_map(<[u8]>::to_vec),
            Just(request(b"a call in a body")),
        ], 0..5),
        bad in prop::sample::select(&BAD[..]),
        piece in 1..200_usize,
        at_once in 1..200_usize,
    ) {
        let good: Vec<u8> = bodies.iter().flat_map(|body| request(body)).collect();
        prop_assert_eq!(read(&good, piece, at_once), (good.clone(), None));
        let (got, refused) = read(&[&good[..], bad, &request(b"")].concat(), piece, at_once);
        prop_assert!(refused.is_some());
        prop_assert_eq!(got, [&good[..], SUBSTITUTE].concat());
    }

    /// After a chunked request everything passes: the reader ends the connection with its answer.
    #[test]
    fn a_chunked_request_passes_unchanged(
        rest in prop::collection::vec(any::<u8>(), 0..300),
        piece in 1..100_usize,
    ) {
        let head = b"POST / HTTP/1.1\r\nhost: a\r\nTransfer-Encoding: Chunked\r\n\r\n";
        let bytes = [&head[..], &rest].concat();
        prop_assert_eq!(read(&bytes, piece, 100), (bytes, None));
    }

    /// Whatever comes, it either passes as it is, or a substitute takes its place.
    #[test]
    fn nothing_else_than_what_came_or_the_substitute_is_read(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b"GET / HTTP/1.1:\r\n"[..])], 0..400),
        piece in 1..100_usize,
    ) {
        let (got, refused) = read(&bytes, piece, 100);
        let passed = if refused.is_some() { got.strip_suffix(SUBSTITUTE).unwrap() } else { &got };
        prop_assert!(bytes.starts_with(passed));
    }
}

#[test]
fn a_head_over_a_bound_is_refused_as_soon_as_it_is() {
    let head = |filling: usize| format!("GET / HTTP/1.1\r\na: {}\r\n\r\n", "b".repeat(filling));
    let most = BOUNDS.bytes - head(0).len();
    for piece in [1, 100, 100_000] {
        assert_eq!(read(head(most).as_bytes(), piece, 100).1, None);
        for longer in [head(most + 1), "a".repeat(BOUNDS.bytes)] {
            assert_eq!(read(longer.as_bytes(), piece, 100).1, Some(HeadError::TooLarge { limit: BOUNDS.bytes }));
        }
        let lines = |count| format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(count));
        assert_eq!(read(lines(16).as_bytes(), piece, 100).1, None);
        assert_eq!(read(lines(17).as_bytes(), piece, 100).1, Some(HeadError::TooManyHeaders { limit: 16 }));
    }
}

#[test]
fn a_caller_who_sends_the_substitute_gets_nothing_by_it() {
    let (got, refused) = read(SUBSTITUTE, 100, 100);
    assert_eq!((got, refused), (SUBSTITUTE.to_vec(), None));
    let request = Request::builder().method("REFUSED").body(()).unwrap();
    assert_eq!(RefusedHead::default().of(&request), None);
}
