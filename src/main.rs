//! The `ramgate` command: wiring only.
#![forbid(unsafe_code)]

fn main() {}
