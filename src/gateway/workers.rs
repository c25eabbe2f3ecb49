//! The threads that connections are served on. Each has a runtime of its own, on which everything of a connection
//! happens, its calls and their connections to upstreams included, so that no part of a call wakes another thread.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio_util::sync::{CancellationToken, DropGuard};

/// How long calls that are cut short have to leave their records.
const LAST_RECORDS: Duration = Duration::from_secs(1);

/// Less than any bound on the time of a call.
const HEARTBEAT: Duration = Duration::from_millis(250);

/// The workers of a gate. Dropped, they end.
#[derive(Debug)]
pub(super) struct Workers {
    handles: Vec<Handle>,
    next: AtomicUsize,
    stop: DropGuard,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts as many as `count` says, and at least one.
    pub(super) fn start(count: usize) -> io::Result<Self> {
        let stop = CancellationToken::new();
        let (mut handles, mut threads) = (Vec::new(), Vec::new());
        for number in 0..count.max(1) {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            handles.push(runtime.handle().clone());
            let stop = stop.clone();
            let thread = std::thread::Builder::new().name(format!("worker-{number}"));
            threads.push(thread.spawn(move || {
                runtime.block_on(async {
                    // A timer that is to fire before all others has the runtime wake itself with a system call. There is
                    // always one now that fires before those of calls.
                    while tokio::time::timeout(HEARTBEAT, stop.cancelled()).await.is_err() {}
                });
                runtime.shutdown_timeout(LAST_RECORDS);
            })?);
        }
        Ok(Self { handles, next: AtomicUsize::new(0), stop: stop.drop_guard(), threads })
    }

    /// One after the other.
    pub(super) fn next(&self) -> Option<&Handle> {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        self.handles.get(next % self.handles.len().max(1))
    }

    /// Ends them; what is still under way on them is cut short, and leaves its record.
    pub(super) async fn end(self) {
        drop(self.stop);
        let threads = self.threads;
        let ended =
            tokio::task::spawn_blocking(move || threads.into_iter().map(JoinHandle::join).all(|end| end.is_ok()));
        if !ended.await.unwrap_or(false) {
            tracing::error!("a worker ended by a panic");
        }
    }
}
