//! The audit log of a gate that is a process, where it cannot be written, and `ramgate audit`.

use std::fmt::Write;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

use serde_json::Value;

use super::process::{Key, OWNER, Sandbox, call, end, run};
use super::serve::{Gate, OPERATOR, configuration};

const NOBODY: Key = Key { id: "", secret: "", token: "" };
const FIRST: &str = "DBClusterId=pc-bp1demo00000001";
const PROTECTED: &str = "DBClusterId=pc-2zedemo00000003";
const CLOSE: &str = "CloseDBClusterMigration";
const DESCRIBE: &str = "DescribeDBClusterMigration";

/// A configuration that remembers nonces in memory, with `[audit]` as it is given.
fn recording(folder: &Path, upstream: &str, audit: &str) -> PathBuf {
    let path = configuration(folder, upstream);
    let mut text =
        std::fs::read_to_string(&path).unwrap().replace("nonce_journal = \"nonces\"", "nonces_in_memory = true");
    write!(text, "\n[audit]\n{audit}\n").unwrap();
    std::fs::write(&path, text).unwrap();
    path
}

/// A gate of which nothing is read but where it listens and, in the end, what it said.
struct Unread {
    child: Child,
    address: String,
    said: Option<JoinHandle<String>>,
}

impl Unread {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut remarks = child.stderr.take().unwrap();
        let mut said = String::new();
        let mut byte = [0];
        let address = loop {
            assert_eq!(remarks.read(&mut byte).unwrap(), 1, "it ended: {said}");
            said.push(byte[0].into());
            if let Some((_, rest)) = said.split_once("listening on http://")
                && let Some(address) = rest.strip_suffix('\n')
            {
                break address.to_owned();
            }
        };
        let said = std::thread::spawn(move || {
            let mut said = String::new();
            remarks.read_to_string(&mut said).unwrap();
            said
        });
        Self { child, address, said: Some(said) }
    }

    /// The code of the answer to a call; empty where the upstream carried it out.
    fn call(&self, operation: &str, cluster: &str) -> String {
        let (_, _, remarks) = call(OPERATOR, &format!("http://{}", self.address), &[operation, cluster]);
        remarks.split(' ').next().unwrap_or_default().to_owned()
    }

    /// Ends it: what it printed, and how many records of calls it says it dropped.
    fn end(mut self) -> (String, u64) {
        assert_eq!(end(&mut self.child, "TERM"), 0);
        let mut printed = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
        let said = self.said.take().unwrap().join().unwrap();
        let last = said.lines().rev().find_map(|line| line.strip_prefix("ramgate: dropped so far: records of "));
        let dropped = last.map_or(0, |last| last.split(' ').next().unwrap().parse().unwrap());
        (printed, dropped)
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        // Neither fails unless it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The records of ended calls in a text; every line is whole.
fn decisions(text: &str) -> Vec<Value> {
    let records = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    records.filter(|record| record["kind"] == "decision").collect()
}

fn length(count: usize) -> u64 {
    u64::try_from(count).unwrap()
}

#[test]
fn on_a_full_disk_writes_are_refused_and_records_plus_drops_equal_calls() {
    let sandbox = Sandbox::start(OWNER, &[]);
    let folder = tempfile::tempdir().unwrap();
    let path = recording(folder.path(), &sandbox.endpoint(), "file = \"/dev/full\"");
    let gate = Unread::start(Gate::command(&path));
    // Allowed by the policies, and unknown to the upstream.
    assert_eq!(gate.call(CLOSE, FIRST), "ServiceUnavailable");
    assert_eq!(gate.call(CLOSE, FIRST), "ServiceUnavailable");
    assert_eq!(gate.call(DESCRIBE, FIRST), "InvalidDBClusterId.NotFound");
    assert_eq!(gate.call(CLOSE, PROTECTED), "Forbidden.RAM");
    assert_eq!(gate.end(), (String::new(), 4));
}

#[test]
fn a_file_that_may_not_grow_ends_with_a_whole_line_and_the_rest_is_counted() {
    let sandbox = Sandbox::start(OWNER, &[]);
    let folder = tempfile::tempdir().unwrap();
    let path = recording(folder.path(), &sandbox.endpoint(), "file = \"audit.log\"");
    let gate = Gate::command(&path);
    let mut command = Command::new("sh");
    // 8 blocks of 512 bytes, or of 1024.
    command.args(["-c", "ulimit -f 8 && exec \"$0\" \"$@\""]).arg(gate.get_program()).args(gate.get_args());
    command.env("UPSTREAM_SECRET", OWNER.secret).current_dir(env!("CARGO_MANIFEST_DIR"));
    let gate = Unread::start(command);
    let calls = 20;
    let answers: Vec<String> = (0..calls).map(|_| gate.call(CLOSE, FIRST)).collect();
    assert_eq!(answers[0], "InvalidDBClusterId.NotFound");
    assert_eq!(answers[calls - 1], "ServiceUnavailable");
    let (_, dropped) = gate.end();
    let text = std::fs::read_to_string(folder.path().join("audit.log")).unwrap();
    let records = decisions(&text);
    assert!(dropped > 0 && !records.is_empty());
    assert_eq!(length(records.len()) + dropped, length(calls));
    let intents = text.lines().count() - records.len();
    let forwarded = answers.iter().filter(|code| *code == "InvalidDBClusterId.NotFound").count();
    assert!(intents >= forwarded, "{intents} intents of {forwarded} writes that were forwarded");
}

#[test]
fn a_reader_that_stops_holds_up_no_call_and_records_plus_drops_equal_calls() {
    let sandbox = Sandbox::start(OWNER, &[]);
    let folder = tempfile::tempdir().unwrap();
    let path = recording(folder.path(), &sandbox.endpoint(), "queue_bytes = 65536");
    let gate = Unread::start(Gate::command(&path));
    let mut calls = 0;
    // Until pipe and queue are full.
    while gate.call(CLOSE, FIRST) != "ServiceUnavailable" {
        calls += 1;
        assert!(calls < 1000, "a write is refused in the end");
        assert_eq!(gate.call(DESCRIBE, FIRST), "InvalidDBClusterId.NotFound");
        calls += 1;
    }
    calls += 1;
    assert_eq!(gate.call(DESCRIBE, FIRST), "InvalidDBClusterId.NotFound");
    calls += 1;
    let (printed, dropped) = gate.end();
    assert_eq!(length(decisions(&printed).len()) + dropped, calls);
}

#[test]
fn a_kill_loses_no_intent_of_a_write_that_was_forwarded() {
    let sandbox = Sandbox::start(OWNER, &[]);
    let folder = tempfile::tempdir().unwrap();
    let path = recording(folder.path(), &sandbox.endpoint(), "file = \"audit.log\"\nsync = true");
    let mut gate = Unread::start(Gate::command(&path));
    assert_eq!(gate.call(CLOSE, FIRST), "InvalidDBClusterId.NotFound");
    gate.child.kill().unwrap();
    gate.child.wait().unwrap();
    let text = std::fs::read_to_string(folder.path().join("audit.log")).unwrap();
    let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!((&first["kind"], &first["operation"]), (&Value::from("intent"), &Value::from(CLOSE)));
}

#[test]
fn rotation_under_load_loses_nothing_and_the_files_are_read_in_order() {
    let sandbox = Sandbox::start(OWNER, &[]);
    let folder = tempfile::tempdir().unwrap();
    let path = recording(folder.path(), &sandbox.endpoint(), "file = \"audit.log\"\nrotate_bytes = 6000");
    let gate = Unread::start(Gate::command(&path));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..8 {
                    assert_eq!(gate.call(DESCRIBE, FIRST), "InvalidDBClusterId.NotFound");
                }
            });
        }
    });
    assert_eq!(gate.end(), (String::new(), 0));
    assert!(std::fs::read_dir(folder.path()).unwrap().count() > 3);
    let log = folder.path().join("audit.log");
    let (status, printed, _) = run(NOBODY, &["audit", log.to_str().unwrap(), "--format", "json"]);
    assert_eq!((status, decisions(&printed).len()), (0, 24));
    let (_, current, _) = run(NOBODY, &["audit", log.to_str().unwrap(), "--current"]);
    assert!(current.lines().count() < 24 && printed.len() > current.len());
}

/// A copy of the example world in which operators may do everything but `action`.
fn other_world(folder: &Path, action: &str) -> PathBuf {
    let other = folder.join("other");
    let copied = Command::new("cp").arg("-r").arg("examples/demo").arg(&other).status().unwrap();
    assert!(copied.success());
    for (policy, effect, action) in [("protected-clusters-guard", "Deny", action), ("migration-operator", "Allow", "*")]
    {
        let statement = format!(r#"{{ "Effect": "{effect}", "Action": "{action}", "Resource": "*" }}"#);
        let text = format!(r#"{{ "Version": "1", "Statement": [{statement}] }}"#);
        std::fs::write(other.join(format!("policies/{policy}.json")), text).unwrap();
    }
    other
}

#[test]
fn records_are_filtered_counted_and_decided_again_by_another_world() {
    let sandbox = Sandbox::start(OWNER, &[]);
    let folder = tempfile::tempdir().unwrap();
    let path = recording(folder.path(), &sandbox.endpoint(), "file = \"audit.log\"");
    let gate = Unread::start(Gate::command(&path));
    for (operation, cluster) in [(CLOSE, FIRST), (CLOSE, PROTECTED), (DESCRIBE, FIRST), ("FreezeDBCluster", FIRST)] {
        call(OPERATOR, &format!("http://{}", gate.address), &[operation, cluster, "--force"]);
    }
    assert_eq!(gate.end().1, 0);
    let log = folder.path().join("audit.log");
    let log = log.to_str().unwrap();
    let audit = |arguments: &[&str]| run(NOBODY, &[&["audit", log], arguments].concat());
    let lines = |arguments: &[&str]| {
        let (status, printed, remarks) = audit(arguments);
        assert_eq!((status, remarks.as_str()), (0, ""), "{printed}");
        printed.lines().count()
    };
    // Four calls, and the intent of a write.
    assert_eq!(lines(&[]), 5);
    assert_eq!(lines(&["--principal", "operator"]), 5);
    assert_eq!(lines(&["--principal", "user/operator", "--operation", "close*"]), 3);
    assert_eq!(lines(&["--principal", "auditor"]), 0);
    assert_eq!(lines(&["--action", "polardb:Describe*"]), 1);
    assert_eq!(lines(&["--resource", "dbcluster/pc-2z*", "--decision", "Deny"]), 1);
    assert_eq!(lines(&["--decision", "none", "--code", "InvalidApi.NotFound"]), 1);
    assert_eq!(lines(&["--until", "2020-01-01T00:00:00Z"]), 0);
    assert_eq!(lines(&["--since", "2020-01-01T00:00:00Z"]), 5);

    let (_, summary, _) = audit(&["--summary", "--format", "json"]);
    let mut summary: Value = serde_json::from_str(&summary).unwrap();
    for row in summary.as_array_mut().unwrap() {
        assert!(row.as_object_mut().unwrap().remove("last_seen").unwrap().is_string());
    }
    insta::assert_snapshot!(serde_json::to_string_pretty(&summary).unwrap());

    let (status, same, _) = audit(&["--against", "examples/demo"]);
    assert_eq!(status, 0, "{same}");
    assert!(same.contains("unchanged:        3 calls") && same.contains("not now: 1 calls"), "{same}");
    let other = other_world(folder.path(), "polardb:Describe*");
    let (status, changed, _) = audit(&["--against", other.to_str().unwrap()]);
    assert_eq!(status, 1, "{changed}");
    assert!(changed.contains("would be denied:  1 calls of 1 callers"), "{changed}");
    assert!(changed.contains("would be allowed: 1 calls of 1 callers"), "{changed}");
    assert!(changed.contains("protected-clusters-guard.json:1:"), "{changed}");
    // The other world has the cluster elsewhere: its ARN would be another.
    let world = other.join("world.toml");
    let text = std::fs::read_to_string(&world).unwrap().replace("cn-beijing", "cn-shanghai");
    std::fs::write(&world, text).unwrap();
    let (status, unknown, _) = audit(&["--against", other.to_str().unwrap(), "--resource", "dbcluster/pc-2z*"]);
    assert_eq!(status, 1);
    assert!(unknown.contains("unknown:          1 calls of 1 callers"), "{unknown}");
}

#[test]
fn a_line_that_is_no_record_is_told_with_its_place_and_ends_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("audit.log");
    let gap = r#"{"v":1,"kind":"gap","time":"2026-11-24T08:00:00Z","decisions":3,"intents":1}"#;
    std::fs::write(&log, format!("{gap}\nnonsense\n{{\"v\":2,\"kind\":\"decision\"}}\n{{\"v\":1,\"ki")).unwrap();
    let log = log.to_str().unwrap();
    let (status, printed, remarks) = run(NOBODY, &["audit", log]);
    assert_eq!((status, printed.as_str()), (2, ""));
    for (line, says) in [(1, "records of 3 calls"), (2, "no record"), (3, "version 2"), (4, "no record")] {
        let told = remarks.lines().find(|told| told.contains(&format!("{log}:{line}:"))).unwrap();
        assert!(told.contains(says), "{told}");
    }
    assert_eq!(run(NOBODY, &["audit", "/no/such/audit.log"]).0, 2);
}

#[test]
fn what_is_added_to_a_file_is_followed_over_a_rotation() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("audit.log");
    let record = |id: &str| {
        format!(
            "{{\"v\":1,\"kind\":\"decision\",\"time\":\"2026-11-24T08:00:00Z\",\"request_id\":\"{id}\",\"peer\":\"192.0.2.1:5\"}}\n"
        )
    };
    std::fs::write(&log, record("first")).unwrap();
    let mut command =
        super::process::ramgate(NOBODY, &["audit", log.to_str().unwrap(), "--follow", "--format", "json"]);
    let mut following = super::process::Serving::start({
        command.stdin(Stdio::null());
        command
    });
    assert!(following.line().contains("first"));
    let half = record("second");
    let (begin, rest) = half.split_at(20);
    let add = |text: &str| {
        use std::io::Write;
        std::fs::OpenOptions::new().append(true).create(true).open(&log).unwrap().write_all(text.as_bytes()).unwrap();
    };
    add(begin);
    std::thread::sleep(std::time::Duration::from_millis(250));
    add(rest);
    assert!(following.line().contains("second"));
    std::fs::rename(&log, folder.path().join("audit.log.20261124T080000.000000Z")).unwrap();
    add(&record("third"));
    assert!(following.line().contains("third"));
}
