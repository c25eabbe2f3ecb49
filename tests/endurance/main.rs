//! The gate over a long time: the real process, with files of its own, under as many calls as it can take, while
//! everything around it fails by turns. `tests/soak` builds and runs it.
//!
//! What has to hold is looked at from three sides at once: the callers know what every call may come to, the upstream
//! looks at everything that reaches it, and the audit log is read as it is written.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

#[cfg(target_os = "linux")]
mod soak;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    soak::run()
}

#[cfg(not(target_os = "linux"))]
fn main() -> std::process::ExitCode {
    eprintln!("the soak reads /proc and sets limits of another process: it runs on Linux");
    std::process::ExitCode::FAILURE
}
