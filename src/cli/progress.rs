//! A bar that shows how far a command is, where it takes a while and somebody watches.

use std::io::{IsTerminal, stderr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// How long a command may take before the bar comes up.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often the bar moves.
const STEP: Duration = Duration::from_millis(100);

/// What is shown.
pub(super) struct Progress {
    /// How much there is to do, where that is known.
    pub(super) all: Option<usize>,
    /// The line, as indicatif takes it.
    pub(super) template: &'static str,
}

/// Does `work`; on a terminal, and after a second, a bar on standard error shows how much is `done`.
pub(super) fn watch<T>(done: &AtomicUsize, shown: &Progress, work: impl FnOnce() -> T) -> T {
    if !stderr().is_terminal() {
        return work();
    }
    let (sender, receiver) = channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            if receiver.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let style = ProgressStyle::with_template(shown.template).unwrap_or_else(|_| ProgressStyle::default_bar());
            let bar =
                shown.all.map_or_else(ProgressBar::new_spinner, |all| ProgressBar::new(all as u64)).with_style(style);
            while receiver.recv_timeout(STEP) == Err(RecvTimeoutError::Timeout) {
                bar.set_position(done.load(Ordering::Relaxed) as u64);
            }
            bar.finish_and_clear();
        });
        let result = work();
        drop(sender);
        result
    })
}
