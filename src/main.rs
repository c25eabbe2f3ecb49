//! The `ramgate` command: wiring only.
#![forbid(unsafe_code)]

use std::process::ExitCode;

/// A call makes and drops some hundred small values, and the system's allocator takes several times as long for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ramgate::cli::main().into()
}
