//! What hyper gets to read of an HTTP/1 connection: every request head is looked at before.
//!
//! hyper answers a head that is no HTTP by itself: with a bare status, which some SDKs take for a success (spec
//! openapi-wire 4.3), and with no trace of it on record. It also mends framings that a gate refuses (T7).
//! Here such a head is replaced by a [substitute](SUBSTITUTE) that the service refuses as it refuses any call, in its
//! turn among those before it, and nothing that comes after it is read.
//!
//! A head is found by the parser that hyper finds it with, and bodies are not looked into: the next head begins after
//! as many bytes as the content-length says. After a chunked body there is none, since [the connection
//! ends](ends_the_connection) with its answer; so where hyper sees its end makes no difference.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::{Request, Uri, header};
use httparse::{EMPTY_HEADER, Header, Status};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use super::config::Limits;

/// Stands for a head that was refused. A caller who sends it by itself is refused for its method.
const SUBSTITUTE: &[u8] = b"REFUSED / HTTP/1.1\r\nconnection: close\r\n\r\n";

/// Header lines that are read without taking memory for them.
const FEW: usize = 100;

/// The longest target and the longest header name that hyper reads, in bytes.
const LONGEST: usize = 65_534;

/// How long what still comes in is read and dropped after the last answer. Unread bytes would make the system reset the
/// connection, and the caller lose the answer.
const LINGER: Duration = Duration::from_secs(2);

/// A request head that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeadError {
    /// It is no HTTP/1.0 or HTTP/1.1.
    #[error("the request cannot be read as HTTP/1.1: {problem}")]
    Syntax {
        /// What the parser said.
        problem: String,
    },
    /// It is too long.
    #[error("the request line and headers have more than {limit} bytes, which is `header_bytes` of the configuration")]
    TooLarge {
        /// The bound.
        limit: usize,
    },
    /// It has too many lines.
    #[error("the request has more than {limit} header lines, which is `headers` of the configuration")]
    TooManyHeaders {
        /// The bound.
        limit: usize,
    },
    /// Its target is no URI, or one with a fragment, which hyper would drop.
    #[error("the request target is no URI, or has a fragment: percent-encode it")]
    Target,
    /// The length of the body is not said in one way.
    #[error("content-length is not one decimal number that stands once: send the number of bytes of the body")]
    ContentLength,
    /// Its pseudo-header fields are none of a call; of HTTP/2.
    #[error("{problem}")]
    PseudoHeader {
        /// What is wrong.
        problem: &'static str,
    },
    /// It has a transfer-encoding that is not taken.
    #[error("transfer-encoding is not `chunked`, once, in HTTP/1.1: send the body as it is")]
    TransferEncoding,
    /// The length of the body is said in two ways.
    #[error("content-length and transfer-encoding stand side by side: send one of them")]
    TwoFramings,
}

/// The refused head of one connection, if there is one: it is the last that is read.
#[derive(Debug, Clone, Default)]
pub(super) struct RefusedHead(Arc<OnceLock<HeadError>>);

impl RefusedHead {
    /// Why the head that this request stands for was refused.
    pub(super) fn of<B>(&self, request: &Request<B>) -> Option<HeadError> {
        if request.method().as_str() == "REFUSED" { self.0.get().cloned() } else { None }
    }
}

/// Whether this request has to be the last on its connection.
pub(super) fn ends_the_connection<B>(request: &Request<B>) -> bool {
    request.headers().contains_key(header::TRANSFER_ENCODING)
}

/// How large a head may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    bytes: usize,
    headers: usize,
}

impl Bounds {
    /// Those of the configuration.
    pub(super) fn of(limits: &Limits) -> Self {
        Self { bytes: limits.header_bytes, headers: limits.headers }
    }
}

/// A stream whose reader sees no request head that was not looked at.
pub(super) struct Heads<S> {
    stream: S,
    bounds: Bounds,
    /// What was read and is not passed on yet.
    held: Vec<u8>,
    /// How much of a head that is not whole yet was looked at.
    seen: usize,
    /// How many bytes are passed on before the next head.
    pass: u64,
    /// Whether a head was refused: whatever still comes in is dropped.
    over: bool,
    refused: RefusedHead,
    /// Set once the writing half is closed while bytes may still come in.
    linger: Option<Pin<Box<Sleep>>>,
}

impl<S> Heads<S> {
    /// Looks at the heads that come over `stream`, and says in `refused` why one was refused.
    pub(super) fn new(stream: S, bounds: Bounds, refused: RefusedHead) -> Self {
        Self { stream, bounds, held: Vec::new(), seen: 0, pass: 0, over: false, refused, linger: None }
    }

    /// Looks at all that there is of a head, and says whether it may still become a request.
    fn look(&mut self, bytes: &[u8]) -> bool {
        let seen = std::mem::replace(&mut self.seen, bytes.len());
        // A head that comes in small pieces is not read anew for each of them.
        if seen > 0 && bytes.len() < self.bounds.bytes && !has_blank_line(bytes, seen) {
            return true;
        }
        match measure(bytes, self.bounds) {
            Ok(None) => {}
            Ok(Some(length)) => (self.pass, self.seen) = (length, 0),
            Err(error) => {
                // It is set once: after a refusal no further head is looked at.
                let _ = self.refused.0.set(error);
                self.over = true;
                self.held = SUBSTITUTE.to_vec();
                self.pass = SUBSTITUTE.len() as u64;
            }
        }
        !self.over
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Heads<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let this = self.get_mut();
        loop {
            if this.pass == 0 && !this.over && this.held.len() > this.seen {
                let held = std::mem::take(&mut this.held);
                if this.look(&held) {
                    this.held = held;
                }
            }
            if this.pass > 0 && !this.held.is_empty() {
                let length = at_most(this.pass, this.held.len()).min(buf.remaining());
                buf.put_slice(this.held.get(..length).unwrap_or_default());
                this.pass -= length as u64;
                this.held.drain(..length);
                if this.held.is_empty() {
                    // An idle connection keeps no memory here.
                    this.held = Vec::new();
                }
                return Poll::Ready(Ok(()));
            }
            let before = buf.filled().len();
            ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
            let fresh = buf.filled().get(before..).unwrap_or_default();
            if fresh.is_empty() {
                return Poll::Ready(Ok(()));
            }
            // What comes in whole passes where it lies, without being copied.
            let direct = this.held.is_empty() && !this.over;
            if direct && this.pass == 0 {
                this.look(fresh);
            }
            let length = if direct && !this.over { at_most(this.pass, fresh.len()) } else { 0 };
            if !this.over {
                this.pass -= length as u64;
                this.held.extend_from_slice(fresh.get(length..).unwrap_or_default());
            }
            buf.set_filled(before + length);
            if length > 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Heads<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        let this = self.get_mut();
        if this.linger.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
            if !this.over && this.pass == 0 && this.held.is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
        let linger = this.linger.get_or_insert_with(|| Box::pin(tokio::time::sleep(LINGER)));
        let mut dropped = [0; 4096];
        while linger.as_mut().poll(cx).is_pending() {
            let mut dropped = ReadBuf::new(&mut dropped);
            match ready!(Pin::new(&mut this.stream).poll_read(cx, &mut dropped)) {
                Ok(()) if !dropped.filled().is_empty() => {}
                _ => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// The smaller of two numbers of bytes.
fn at_most(bytes: u64, length: usize) -> usize {
    usize::try_from(bytes).map_or(length, |bytes| bytes.min(length))
}

/// Whether a blank line ends behind the first `seen` of `bytes`.
fn has_blank_line(bytes: &[u8], seen: usize) -> bool {
    let fresh = bytes.get(seen.saturating_sub(2)..).unwrap_or(bytes);
    fresh.windows(2).any(|end| end == b"\n\n") || fresh.windows(3).any(|end| end == b"\n\r\n")
}

/// How long the request is that begins with `bytes`, with the body that a content-length announces; without end where
/// the body is chunked. Nothing, where its head is not whole yet.
fn measure(bytes: &[u8], bounds: Bounds) -> Result<Option<u64>, HeadError> {
    let (mut few, mut many) = ([EMPTY_HEADER; FEW], Vec::new());
    let lines = match few.get_mut(..bounds.headers) {
        Some(lines) => lines,
        None => {
            many.resize(bounds.headers, EMPTY_HEADER);
            many.as_mut_slice()
        }
    };
    let mut request = httparse::Request::new(lines);
    let length = match request.parse(bytes) {
        Ok(Status::Complete(length)) if length <= bounds.bytes => length,
        Ok(Status::Partial) if bytes.len() < bounds.bytes => return Ok(None),
        Ok(_) => return Err(HeadError::TooLarge { limit: bounds.bytes }),
        Err(httparse::Error::TooManyHeaders) => return Err(HeadError::TooManyHeaders { limit: bounds.headers }),
        Err(error) => return Err(HeadError::Syntax { problem: error.to_string() }),
    };
    let target = request.path.unwrap_or_default();
    if target.len() > LONGEST || target.contains('#') || Uri::try_from(target).is_err() {
        return Err(HeadError::Target);
    }
    if request.headers.iter().any(|header| header.name.len() > LONGEST) {
        return Err(HeadError::TooLarge { limit: LONGEST });
    }
    let body = body_length(request.headers, request.version == Some(1))?;
    Ok(Some(body.map_or(u64::MAX, |body| body.saturating_add(length as u64))))
}

/// The bytes of a body; nothing for one that is chunked.
fn body_length(headers: &[Header<'_>], http_11: bool) -> Result<Option<u64>, HeadError> {
    let (mut lengths, mut codings) = (named(headers, "content-length"), named(headers, "transfer-encoding"));
    match (lengths.next(), codings.next()) {
        (None, None) => Ok(Some(0)),
        (Some(_), Some(_)) => Err(HeadError::TwoFramings),
        (None, Some(coding)) => {
            let chunked = http_11 && coding.eq_ignore_ascii_case(b"chunked") && codings.next().is_none();
            if chunked { Ok(None) } else { Err(HeadError::TransferEncoding) }
        }
        (Some(digits), None) => {
            // Signs and blanks are no digits; a number of 19 digits still fits.
            let number = (digits.len() < 20 && digits.iter().all(u8::is_ascii_digit) && lengths.next().is_none())
                .then(|| std::str::from_utf8(digits).ok()?.parse().ok());
            number.flatten().map(Some).ok_or(HeadError::ContentLength)
        }
    }
}

fn named<'a>(headers: &'a [Header<'a>], name: &'static str) -> impl Iterator<Item = &'a [u8]> {
    headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
}

#[cfg(test)]
mod tests;
