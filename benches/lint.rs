//! A repository of 10,000 policies under every rule, beside `jq`, which only reads them.
//!
//! - `jq` reads all files in one process, as fast as JSON becomes a tree, and asks each for its number of statements.
//! - `jq, all cores` runs as many of them side by side as the machine runs at once.
//!
//! Everyone must see the same statements before anything is measured. Files are in the cache of the system.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::cast_precision_loss)]

mod ratios;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicUsize;

use ramgate::documents;
use ramgate::lint::{self, Config, Options};
use ramgate::report;
use ratios::Ratios;
use serde_json::{Value, json};

const FILES: usize = 10_000;

/// Files in a folder.
const IN_A_FOLDER: usize = 100;

fn statement(number: usize) -> Value {
    let (id, team) = (number % 97, ["dba", "web", "ci"][number % 3]);
    match number % 6 {
        0 => json!({"Effect": "Allow", "Action": ["polardb:Describe*", "polardb:List*"], "Resource": "*"}),
        1 => json!({
            "Effect": "Allow",
            "Action": ["polardb:CloseDBClusterMigration", "polardb:ModifyDBClusterMigration"],
            "Resource": [format!("acs:polardb:*:*:dbcluster/pc-{id:04}"), format!("acs:polardb:*:*:dbcluster/pc-{team}-*")],
            "Condition": {"IpAddress": {"acs:SourceIp": ["203.0.113.0/24", "198.51.100.7"]}},
        }),
        2 => json!({
            "Effect": "Allow",
            "Action": ["ecs:StartInstance", "ecs:StopInstance", "ecs:RebootInstance", "ecs:DescribeInstances"],
            "Resource": format!("acs:ecs:cn-hangzhou:1234567890123456:instance/i-{id:04}"),
            "Condition": {"StringEquals": {"acs:ResourceTag/team": team}, "Bool": {"acs:SecureTransport": "true"}},
        }),
        3 => json!({
            "Effect": "Allow",
            "Action": ["oss:GetObject", "oss:PutObject", "oss:ListObjects"],
            "Resource": [format!("acs:oss:*:*:bucket-{id}"), format!("acs:oss:*:*:bucket-{id}/{team}/*")],
        }),
        4 => json!({
            "Effect": "Deny",
            "Action": ["polardb:Delete*", "ecs:Delete*", "oss:Delete*"],
            "Resource": "*",
            "Condition": {"StringNotEquals": {"acs:ResourceTag/team": ["dba", "ops"]}},
        }),
        _ => json!({
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {"DateLessThan": {"acs:CurrentTime": "2026-01-01T00:00:00+08:00"}},
        }),
    }
}

/// Writes the policies; how many statements they have.
fn write(directory: &Path) -> usize {
    let mut statements = 0;
    for file in 0..FILES {
        let folder = directory.join(format!("team-{:03}", file / IN_A_FOLDER));
        fs::create_dir_all(&folder).unwrap();
        let count = 1 + file % 5;
        let list: Vec<_> = (0..count).map(|index| statement(file * 7 + index)).collect();
        let policy = json!({"Version": "1", "Statement": list});
        fs::write(folder.join(format!("policy-{file:05}.json")), serde_json::to_string_pretty(&policy).unwrap())
            .unwrap();
        statements += count;
    }
    statements
}

fn check(directory: &Path) -> usize {
    let config = Config::find(directory).unwrap();
    let files = documents::find(&[directory.to_owned()]).unwrap();
    let outcome = lint::run(&config, &files, &Options::default(), &AtomicUsize::new(0));
    assert_eq!(outcome.documents, FILES);
    report::diagnostics_json(&outcome.diagnostics).to_string().len()
}

/// How many statements `jq` sees, with as many processes as `parallel` says.
fn jq(directory: &Path, parallel: usize) -> Option<usize> {
    let files: Vec<_> = documents::find(&[directory.to_owned()]).unwrap();
    let children: Vec<_> = files
        .chunks(files.len().div_ceil(parallel))
        .map(|chunk| {
            let mut command = Command::new("jq");
            command.arg(".Statement | length").args(chunk.iter().map(|file| &file.path)).stdout(Stdio::piped()).spawn()
        })
        .collect();
    let counted = |child: std::io::Result<std::process::Child>| {
        let output = child.ok()?.wait_with_output().unwrap();
        let counts = String::from_utf8(output.stdout).unwrap();
        Some(counts.lines().map(|line| line.parse::<usize>().unwrap()).sum::<usize>())
    };
    children.into_iter().map(counted).sum()
}

fn main() {
    let directory = tempfile::tempdir().unwrap();
    let statements = write(directory.path());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    check(directory.path());
    let counted = jq(directory.path(), cores);
    assert!(counted.is_none_or(|counted| counted == statements), "jq counts {counted:?} of {statements}");

    let mut criterion = ratios::criterion().sample_size(10);
    let mut ratios = Ratios::new(&["ramgate", "jq", "jq, all cores"]);
    let task = ("lint", "10,000 files");
    ratios.measure(&mut criterion, task, "ramgate", || check(directory.path()));
    if counted.is_some() {
        ratios.measure(&mut criterion, task, "jq", || jq(directory.path(), 1));
        ratios.measure(&mut criterion, task, "jq, all cores", || jq(directory.path(), cores));
    } else {
        println!("jq is not there to compare with");
    }
    ratios.print();
    criterion.final_summary();
}
