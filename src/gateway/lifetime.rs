//! How long a connection of a caller lives: while something is under way on it, and a bounded while after.
//!
//! hyper waits for a request head with one timer, which runs while a kept connection is idle too, and does not wait for
//! slow readers of answers or for the silent end of an HTTP/2 connection at all. So the time is kept here, for both.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::server::graceful::GracefulConnection;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::config::Limits;

/// No head is being read.
const NONE: u64 = u64::MAX;

/// How long an idle HTTP/1 connection is still read from after the gate was told to end. A request may be on its way, and
/// is told that it is the last; a connection that was closed under it would lose it.
const PARTING: Duration = Duration::from_secs(2);

/// What goes on on a connection.
#[derive(Debug)]
pub(super) struct Activity {
    opened: Instant,
    /// How long a request head may take, and what comes before the first one.
    header_timeout: Duration,
    /// How long nothing may be under way after a call.
    idle_timeout: Duration,
    /// Calls that have no answer yet.
    calls: AtomicUsize,
    /// Microseconds from the opening to the end of the last call; [`NONE`] before the first.
    quiet_since: AtomicU64,
    /// Microseconds from the opening to the first byte of the head that is being read, or [`NONE`].
    head_since: AtomicU64,
    /// Whether each answer says that it is the last.
    parting: AtomicBool,
}

impl Activity {
    /// That of a connection that is opened now.
    pub(super) fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            opened: Instant::now(),
            header_timeout: limits.header_timeout,
            idle_timeout: limits.idle_timeout,
            calls: AtomicUsize::new(0),
            quiet_since: AtomicU64::new(NONE),
            head_since: AtomicU64::new(NONE),
            parting: AtomicBool::new(false),
        })
    }

    /// A call begins; it ends when the value is dropped.
    pub(super) fn call(self: &Arc<Self>) -> UnderWay {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.head_since.store(NONE, Ordering::Relaxed);
        UnderWay(Arc::clone(self))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_micros()).unwrap_or(NONE - 1)
    }

    fn instant(&self, micros: u64) -> Instant {
        self.opened + Duration::from_micros(micros)
    }

    fn busy(&self) -> bool {
        self.calls.load(Ordering::Acquire) > 0
    }

    /// Bytes came. Those that come while no call is under way begin a head.
    fn read(&self) {
        if self.head_since.load(Ordering::Relaxed) == NONE && !self.busy() {
            self.head_since.store(self.now(), Ordering::Relaxed);
        }
    }

    fn head_under_way(&self) -> bool {
        self.head_since.load(Ordering::Relaxed) != NONE
    }

    /// When the connection has lived long enough, unless something happens on it before; `parted` is when the gate was
    /// told to end. A client that has just connected is waited for then too: it cannot know, and does not try again.
    fn deadline(&self, parted: Option<Instant>) -> Instant {
        if self.busy() {
            return Instant::now() + self.idle_timeout;
        }
        match (self.quiet_since.load(Ordering::Relaxed), self.head_since.load(Ordering::Relaxed)) {
            (NONE, _) => self.opened + self.header_timeout,
            (quiet, NONE) => {
                let (quiet, idle) = (self.instant(quiet), self.instant(quiet) + self.idle_timeout);
                parted.map_or(idle, |parted| idle.min(parted.max(quiet) + PARTING))
            }
            (_, head) => self.instant(head) + self.header_timeout,
        }
    }

    /// When a connection that was told to end at `told` has had time enough for it.
    fn last_deadline(&self, told: Instant) -> Instant {
        if self.busy() {
            return Instant::now() + self.idle_timeout;
        }
        let quiet = match self.quiet_since.load(Ordering::Relaxed) {
            NONE => told,
            quiet => told.max(self.instant(quiet)),
        };
        quiet + self.header_timeout
    }
}

/// A call that has no answer yet.
#[derive(Debug)]
pub(super) struct UnderWay(Arc<Activity>);

impl UnderWay {
    /// Whether its answer has to say that it is the last on the connection.
    pub(super) fn is_last(&self) -> bool {
        self.0.parting.load(Ordering::Relaxed)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.quiet_since.store(self.0.now(), Ordering::Relaxed);
        self.0.calls.fetch_sub(1, Ordering::Release);
    }
}

/// How a connection ended that hyper did not end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended<E> {
    /// hyper ended it with an error.
    #[error(transparent)]
    Broken(E),
    /// Its time was over.
    #[error("nothing was under way on it for too long")]
    TimedOut,
}

/// What a protocol does where the server ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parting {
    /// It has a message for it, and loses no request (HTTP/2: RFC 9113, 6.8).
    Announced,
    /// Only an answer can say that it was the last (HTTP/1.1: RFC 9112, 9.6), so one more request is waited for.
    WithAnAnswer,
}

/// Waits until there is something to read, and says whether there is before the connection has lived long enough. hyper
/// takes its buffers when it begins to read: a connection on which nobody has called yet costs a small part of one in use.
pub(super) async fn begins(stream: &TcpStream, activity: &Activity) -> bool {
    let readable = tokio::time::timeout_at(activity.deadline(None), stream.readable()).await;
    matches!(readable, Ok(Ok(())))
}

/// Serves a connection to its end. It is told to end, once what is under way is answered, after `stop` as its protocol
/// parts, and when it was idle for long enough; where it does not, it is dropped.
pub(super) async fn serve<C: GracefulConnection>(
    connection: C,
    activity: &Activity,
    parting: Parting,
    stop: &CancellationToken,
) -> Result<(), Ended<C::Error>> {
    let mut connection = pin!(connection);
    let mut stopped = pin!(stop.cancelled());
    let mut timer = pin!(tokio::time::sleep_until(activity.deadline(None)));
    // When the gate was told to end, and when the connection was.
    let (mut parted, mut told) = (None, None);
    poll_fn(|context| {
        loop {
            // First, so that whatever is answered from now on says so.
            if parted.is_none() && told.is_none() && stopped.as_mut().poll(context).is_ready() {
                parted = Some(Instant::now());
                match parting {
                    Parting::Announced => {
                        told = parted;
                        connection.as_mut().graceful_shutdown();
                    }
                    Parting::WithAnAnswer => activity.parting.store(true, Ordering::Relaxed),
                }
            }
            if let Poll::Ready(ended) = connection.as_mut().poll(context) {
                return Poll::Ready(ended.map_err(Ended::Broken));
            }
            let deadline = told.map_or_else(|| activity.deadline(parted), |told| activity.last_deadline(told));
            // A deadline that moves away is looked at again when the timer fires.
            if deadline < timer.deadline() {
                timer.as_mut().reset(deadline);
            }
            if timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            if deadline > Instant::now() {
                timer.as_mut().reset(deadline);
            } else if told.is_some() || activity.head_under_way() {
                return Poll::Ready(Err(Ended::TimedOut));
            } else {
                told = Some(Instant::now());
                connection.as_mut().graceful_shutdown();
            }
        }
    })
    .await
}

/// A stream that tells when bytes come.
pub(super) struct Watched<S> {
    stream: S,
    activity: Arc<Activity>,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, activity: Arc<Activity>) -> Self {
        Self { stream, activity }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, into);
        if into.filled().len() > before {
            self.activity.read();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
