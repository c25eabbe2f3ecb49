//! HTTP/2 from callers: its bounds, and what of it hyper takes and a call cannot have.
//!
//! h2 itself refuses header fields of one connection, pseudo-header fields that are unknown, repeated, missing or late,
//! upper-case names, control characters, and a content length that the body does not have (RFC 9113, 8.1.1 to 8.3).

use http::uri::Scheme;
use http::{Method, Request};
use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::config::Limits;
use super::heads::HeadError;

/// Bytes of one stream, and of all streams of a connection, that may be on their way before they are read.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 256 * 1024;

/// Bytes of an answer that are kept for a stream beyond what the caller takes.
const SEND_BUFFER: usize = 64 * 1024;

/// Streams that the caller may have reset before they were taken up: more end the connection (CVE-2023-44487).
const RESET_BEFORE_TAKEN: usize = 16;

/// Streams that the caller may have had reset by its mistakes: more end the connection (CVE-2025-8671).
const RESET_FOR_MISTAKES: usize = 64;

/// A connection on which nothing came for so long is asked whether the other end is still there.
const ASK_AFTER: std::time::Duration = std::time::Duration::from_secs(30);

/// How connections are served by HTTP/2. Heads of more than `header_bytes` are answered with 431 by h2, and far larger
/// ones, or such in many frames, end the connection.
pub(super) fn builder(limits: &Limits) -> http2::Builder<TokioExecutor> {
    let bounded = |limit: usize| u32::try_from(limit).unwrap_or(u32::MAX);
    let mut http = http2::Builder::new(TokioExecutor::new());
    http.timer(TokioTimer::new())
        .max_concurrent_streams(bounded(limits.streams))
        .max_header_list_size(bounded(limits.header_bytes))
        .max_pending_accept_reset_streams(RESET_BEFORE_TAKEN)
        .max_local_error_reset_streams(RESET_FOR_MISTAKES)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .keep_alive_interval(ASK_AFTER)
        .keep_alive_timeout(limits.header_timeout);
    http
}

/// Refuses what two readers of an HTTP/2 request could take for two different targets.
///
/// # Errors
/// [`HeadError::PseudoHeader`].
pub(super) fn check<B>(request: &Request<B>) -> Result<(), HeadError> {
    let target = request.uri();
    // Where there is no authority, h2 tells no scheme either.
    let another_scheme = target.scheme().is_some_and(|scheme| *scheme != Scheme::HTTPS);
    let problem = if request.method() == Method::CONNECT {
        "`CONNECT` asks for a tunnel, and there is none"
    } else if another_scheme {
        "`:scheme` is not `https`"
    } else if !target.path_and_query().is_some_and(|path| path.as_str().starts_with('/')) {
        // hyper would put one before it.
        "`:path` does not begin with `/`"
    } else if target.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        "`:authority` is no host"
    } else {
        return Ok(());
    };
    Err(HeadError::PseudoHeader { problem })
}
