//! A call that goes on when whoever waits for it goes, and that takes nobody along when it panics.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

/// A call that panicked.
#[derive(Debug, thiserror::Error)]
#[error("a call panicked: {message}")]
pub(super) struct Panicked {
    message: String,
}

impl Panicked {
    fn with(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
        Self { message: text.unwrap_or("without a message").to_owned() }
    }
}

/// Runs where it is waited for, and costs no task of its own there; dropped before its end, it becomes one of `tasks`.
pub(super) struct SeenThrough<F: Future<Output: Send> + Send + 'static> {
    call: Option<Pin<Box<F>>>,
    tasks: TaskTracker,
}

impl<F: Future<Output: Send> + Send + 'static> SeenThrough<F> {
    pub(super) fn new(call: F, tasks: &TaskTracker) -> Self {
        Self { call: Some(Box::pin(call)), tasks: tasks.clone() }
    }
}

impl<F: Future<Output: Send> + Send + 'static> Future for SeenThrough<F> {
    type Output = Result<F::Output, Panicked>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // What has ended is not polled again, by the contract of futures.
        let Some(call) = &mut self.call else { return Poll::Pending };
        // A call shares nothing that it could leave half done: what it touches is behind locks that count poisoning, or atomic.
        let ended = match catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(context))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(output)) => Ok(output),
            Err(payload) => Err(Panicked::with(&*payload)),
        };
        self.call = None;
        Poll::Ready(ended)
    }
}

impl<F: Future<Output: Send> + Send + 'static> Drop for SeenThrough<F> {
    fn drop(&mut self) {
        // Without a runtime there is nothing to go on on: the call ends here, and its record says so.
        if let (Some(call), Ok(runtime)) = (self.call.take(), Handle::try_current()) {
            self.tasks.spawn_on(call, &runtime);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_call_that_nobody_waits_for_any_more_goes_on() {
        let (tasks, done) = (TaskTracker::new(), Arc::new(AtomicBool::new(false)));
        let told = Arc::clone(&done);
        let mut call = Box::pin(SeenThrough::new(
            async move {
                tokio::task::yield_now().await;
                told.store(true, Ordering::Relaxed);
            },
            &tasks,
        ));
        assert!(std::future::poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_pending())).await);
        drop(call);
        tasks.close();
        tasks.wait().await;
        assert!(done.load(Ordering::Relaxed));
    }

    #[tokio::test]
    async fn a_call_that_panics_says_so_and_no_more() {
        let call = async { panic!("on purpose") };
        let ended: Result<(), Panicked> = SeenThrough::new(call, &TaskTracker::new()).await;
        assert_eq!(ended.unwrap_err().to_string(), "a call panicked: on purpose");
    }
}
