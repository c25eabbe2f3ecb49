//! The `ramgate` command: wiring only.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    ramgate::cli::main().into()
}
