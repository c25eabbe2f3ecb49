//! Counting, and holding what was counted against the file.

use std::collections::BTreeMap;
use std::env;
use std::hint::black_box;
use std::process::{Command, ExitCode};

use super::paths::Path;

/// Runs one path and nothing else.
pub const ONLY: &str = "--only";

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions/counts.toml");

/// What counts may differ by, of a hundred, in two builds of the same text: hash maps have keys of their own in every process, and
/// functions are inlined elsewhere once anything is changed.
const TOLERANCE: u64 = 3;

/// How often a path is gone in one run; the count is the mean.
pub const TIMES: u64 = 32;

/// What is counted: everything from here until it returns, on this thread.
#[inline(never)]
pub fn counted<T>(work: impl FnOnce() -> T) -> T {
    black_box(work())
}

/// Goes a path as often as is counted, once more before that, and makes what each time takes beforehand.
pub fn path<I, T>(mut input: impl FnMut() -> I, mut work: impl FnMut(I) -> T) {
    // Whatever is made on first use.
    black_box(work(input()));
    for _ in 0..TIMES {
        let input = input();
        drop(counted(|| work(input)));
    }
}

/// The file.
#[derive(serde::Serialize, serde::Deserialize)]
struct Counts {
    /// The compiler that they are of.
    rustc: String,
    /// The processor that they are of, as far as code chooses by it.
    machine: String,
    /// What they may differ by, of a hundred.
    tolerance: u64,
    counts: BTreeMap<String, u64>,
}

/// Counts `paths`, prints them beside the file, and writes it anew where that is asked for.
pub fn report(paths: &[Path], save: bool) -> ExitCode {
    let valgrind = Command::new("valgrind").arg("--version").output().ok().filter(|output| output.status.success());
    let Some(valgrind) = valgrind else {
        println!(
            "no instructions are counted: there is no `valgrind`; it is in the package of that name of most systems"
        );
        return ExitCode::SUCCESS;
    };
    let (rustc, machine) = (rustc(), machine());
    println!("{}, {rustc}, {machine}", String::from_utf8_lossy(&valgrind.stdout).trim());
    let file: Option<Counts> = std::fs::read_to_string(FILE).ok().map(|text| toml::from_str(&text).expect("the file"));
    let same = file.as_ref().is_some_and(|file| file.rustc == rustc && file.machine == machine);
    if let Some(file) = file.as_ref().filter(|_| !same) {
        println!("the file is of {} on {}: shown, and not held against", file.rustc, file.machine);
    }
    let mut counts = BTreeMap::new();
    let mut regressed = false;
    println!("\n| path | instructions | beside the file |\n|---|---|---|");
    for path in paths {
        let count = count(path.name);
        let before = file.as_ref().and_then(|file| file.counts.get(path.name));
        let more =
            before.is_some_and(|before| count > before + before * file.as_ref().map_or(0, |file| file.tolerance) / 100);
        regressed |= same && more;
        let beside = before.map_or_else(|| "new".to_owned(), |before| format!("{:+.1} %", change(count, *before)));
        println!(
            "| {} | {} | {beside}{} |",
            path.name,
            grouped(count),
            if same && more { ", more than it may" } else { "" }
        );
        counts.insert(path.name.to_owned(), count);
    }
    if save {
        let text = toml::to_string(&Counts { rustc, machine, tolerance: TOLERANCE, counts }).expect("counts");
        std::fs::write(FILE, format!("# Written by `cargo bench --bench instructions -- --save`.\n{text}"))
            .expect("the file");
        return ExitCode::SUCCESS;
    }
    if regressed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn change(count: u64, before: u64) -> f64 {
    let [count, before] = [count, before].map(|count| f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
    (count / before.max(1.0) - 1.0) * 100.0
}

/// Counts one path in a process of its own.
fn count(path: &str) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*counts*counted*"])
        .arg(env::current_exe().expect("this program"))
        .args([ONLY, path])
        .output()
        .expect("valgrind runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{path}: {said}");
    let collected = said.lines().find_map(|line| line.split_once("Collected :")).map(|(_, count)| count.trim());
    let collected: u64 = collected.and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("{path}: {said}"));
    assert!(collected > 0, "{path}: nothing was counted");
    collected / TIMES
}

fn rustc() -> String {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let output = Command::new(rustc).arg("--version").output().expect("rustc runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Libraries choose their code by these features; valgrind shows those of the processor that it knows.
fn machine() -> String {
    #[cfg(target_arch = "x86_64")]
    let features = [
        ("avx2", std::arch::is_x86_feature_detected!("avx2")),
        ("bmi2", std::arch::is_x86_feature_detected!("bmi2")),
        ("adx", std::arch::is_x86_feature_detected!("adx")),
    ];
    #[cfg(not(target_arch = "x86_64"))]
    let features: [(&str, bool); 0] = [];
    let has: Vec<&str> = features.into_iter().filter(|(_, has)| *has).map(|(name, _)| name).collect();
    [&[env::consts::ARCH], has.as_slice()].concat().join(" ")
}

fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
