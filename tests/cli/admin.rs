//! Looking after a gate that a process of its own serves.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::process::{Key, run};
use super::serve::{Gate, configuration};

const OTHER: &str = "\n# Another text.\n";

/// A configuration that is looked after over the socket that this gives, with a copy of the example world beside it.
fn looked_after(folder: &Path) -> (PathBuf, PathBuf) {
    let path = configuration(folder, "http://127.0.0.1:1");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/demo");
    copy(&example, &folder.join("world"));
    let text = std::fs::read_to_string(&path).unwrap().replace(example.to_str().unwrap(), "world");
    std::fs::write(&path, format!("{text}\n[admin]\nunix = \"admin.sock\"\n")).unwrap();
    (path, folder.join("admin.sock"))
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in from.read_dir().unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Status and JSON of an answer.
fn ask(socket: &Path, line: &str) -> (u16, Value) {
    let mut stream = UnixStream::connect(socket).unwrap();
    write!(stream, "{line} HTTP/1.1\r\nhost: gate\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap();
    (status.parse().unwrap(), serde_json::from_str(body).unwrap())
}

#[test]
fn a_reload_that_is_asked_for_is_answered_with_what_it_came_to() {
    let folder = tempfile::tempdir().unwrap();
    let (path, socket) = looked_after(folder.path());
    let gate = Gate::start(&path);
    let text = std::fs::read_to_string(&path).unwrap();

    // What takes a restart is warned of and stays as it is.
    std::fs::write(&path, format!("{text}{OTHER}[limits]\ncalls = 7\nbody_bytes = 4000\n")).unwrap();
    let (status, outcome) = ask(&socket, "POST /reload");
    assert_eq!((status, &outcome["outcome"]), (200, &Value::from("applied")), "{outcome}");
    assert!(outcome["findings"].as_array().unwrap().iter().any(|finding| finding["code"] == "restart-needed"));
    let generation = outcome["generation"].as_u64().unwrap();
    assert!(generation >= 1);
    let (_, config) = ask(&socket, "GET /config");
    assert_eq!((&config["limits"]["calls"], &config["limits"]["body_bytes"]), (&1024.into(), &4000.into()));
    assert_eq!(config["upstreams"][0]["credential"]["secret"], "env:UPSTREAM_SECRET");

    // A mistake leaves it in force and is told with its place.
    std::fs::write(folder.path().join("world/world.toml"), "[accounts.1]\n").unwrap();
    let (status, outcome) = ask(&socket, "POST /reload");
    assert_eq!((status, &outcome["outcome"]), (422, &Value::from("refused")), "{outcome}");
    let finding = &outcome["findings"][0];
    assert!(finding["file"].as_str().unwrap().ends_with("world.toml") && finding["line"] == 1, "{finding}");
    let (status, ready) = ask(&socket, "GET /readyz");
    assert_eq!((status, &ready["ready"]), (200, &Value::from(true)), "{ready}");
    assert_eq!(ready["last_reload"]["outcome"], "refused");
    assert!(ready["generation"].as_u64().unwrap() >= generation);
    let (status, _) = gate.end();
    assert_eq!(status, 0);
    assert!(!socket.exists());
}

#[test]
fn a_gate_is_asked_by_its_configuration_or_by_its_place() {
    const NONE: Key = Key { id: "", secret: "", token: "" };
    let folder = tempfile::tempdir().unwrap();
    let (path, socket) = looked_after(folder.path());
    let (path, socket) = (path.to_str().unwrap(), socket.to_str().unwrap());
    let (status, _, remarks) = run(NONE, &["admin", "ready", "--config", path]);
    assert_eq!(status, 3, "{remarks}");
    assert!(remarks.contains(socket), "{remarks}");
    let gate = Gate::start(Path::new(path));
    for (what, told) in
        [("alive", "\"alive\": true"), ("ready", "\"ready\": true"), ("metrics", "# EOF"), ("config", "env:UPSTREAM")]
    {
        let (status, result, remarks) = run(NONE, &["admin", what, "--config", path]);
        assert_eq!((status, remarks.as_str()), (0, ""));
        assert!(result.contains(told), "{what}: {result}");
    }
    let (status, result, _) = run(NONE, &["admin", "reload", "--at", socket]);
    assert_eq!(status, 0);
    assert!(result.contains("\"outcome\": \"applied\""), "{result}");
    std::fs::write(folder.path().join("world/world.toml"), "[accounts.1]\n").unwrap();
    let (status, result, _) = run(NONE, &["admin", "reload", "--at", socket]);
    assert_eq!(status, 1);
    assert!(result.contains("world.toml"), "{result}");
    assert_eq!(gate.end().0, 0);
    assert_eq!(run(NONE, &["admin", "ready"]).0, 2);
}
