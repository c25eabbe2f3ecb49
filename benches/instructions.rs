//! How many instructions of the processor the paths take whose regressions matter: counted by callgrind, so that no clock and nothing
//! else that the machine does takes part.
//!
//! ```text
//! cargo bench --bench instructions               # counts everything, and compares with benches/instructions/counts.toml
//! cargo bench --bench instructions -- decide     # what has this in its name
//! cargo bench --bench instructions -- --save     # and writes the file anew
//! ```
//!
//! It ends with status 1 where a path takes more than the file says and its tolerance; counts of another compiler or machine
//! are shown beside it and not held against it. Without valgrind nothing is counted, and that is said.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "instructions/counts.rs"]
mod counts;
mod gate;
mod mix;
#[path = "instructions/paths.rs"]
mod paths;

use std::env;
use std::process::ExitCode;

/// As the command has it: what it takes to have and to give back memory is a part of every path.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let asked = arguments.iter().find(|argument| !argument.starts_with("--")).map_or("", String::as_str);
    let paths = paths::all();
    if let Some(at) = arguments.iter().position(|argument| argument == counts::ONLY) {
        let path = paths.iter().find(|path| Some(path.name) == arguments.get(at + 1).map(String::as_str));
        (path.expect("a path of the list").run)();
        return ExitCode::SUCCESS;
    }
    if has("--list") {
        paths.iter().for_each(|path| println!("{}: benchmark", path.name));
        return ExitCode::SUCCESS;
    }
    let paths: Vec<_> = paths.into_iter().filter(|path| path.name.contains(asked)).collect();
    if !has("--bench") || has("--test") {
        // Tried out: every path goes its way once.
        paths.iter().for_each(|path| (path.run)());
        return ExitCode::SUCCESS;
    }
    counts::report(&paths, asked.is_empty() && has("--save"))
}
