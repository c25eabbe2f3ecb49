//! `ramgate serve` and `ramgate check` of a configuration, run as processes.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::process::{self, Key, OWNER, Sandbox, call, end, ramgate, run, settled};

/// Nobody: the gate's own keys are in its world and its configuration.
const NONE: Key = Key { id: "", secret: "", token: "" };
pub const OPERATOR: Key = Key { id: "LTAI5tDemoOperator0001", secret: "demo-operator-secret-0001", token: "" };

/// A configuration in front of `upstream`, for the example world.
pub fn configuration(folder: &Path, upstream: &str) -> PathBuf {
    let world = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/demo");
    let text = format!(
        r#"world = "{}"

[[listeners]]
address = "127.0.0.1:0"
plain = true
network = "public"

[[upstreams]]
product = "polardb"
version = "2017-08-01"
account = "1234567890123456"
endpoint = "{upstream}"
plain = true
credential = {{ id = "{}", secret = "env:UPSTREAM_SECRET" }}

[gate]
nonce_journal = "nonces"
"#,
        world.display(),
        OWNER.id
    );
    let path = folder.join("ramgate.toml");
    std::fs::write(&path, text).unwrap();
    path
}

/// A gate that is served by a process of its own, which ends with it.
pub struct Gate {
    child: Child,
    pub address: String,
}

impl Gate {
    pub fn start(configuration: &Path) -> Self {
        Self::start_as(Self::command(configuration))
    }

    /// How it is started.
    pub fn command(configuration: &Path) -> Command {
        let mut command = ramgate(NONE, &["serve", "--config", configuration.to_str().unwrap()]);
        command.env("UPSTREAM_SECRET", OWNER.secret).env("RAMGATE_LOG", "trace");
        command
    }

    /// Starts it as `command` says, and waits until it listens.
    pub fn start_as(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut remarks = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let address = loop {
            let mut line = String::new();
            assert_ne!(remarks.read_line(&mut line).unwrap(), 0, "it ended: {said}");
            if let Some(address) = line.trim_end().strip_prefix("ramgate: listening on http://") {
                break address.to_owned();
            }
            said.push_str(&line);
        };
        // What follows has to be read, or the gate's log would be dropped.
        std::thread::spawn(move || std::io::copy(&mut remarks, &mut std::io::sink()));
        Self { child, address }
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sends it a signal that does not end it.
    pub fn signal(&self, signal: &str) {
        process::send(&self.child, signal);
    }

    /// Ends it, and gives its exit status and its events.
    pub fn end(mut self) -> (i32, Vec<Value>) {
        let status = end(&mut self.child, "TERM");
        let mut events = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut events).unwrap();
        for secret in [OWNER.secret, OPERATOR.secret] {
            assert!(!events.contains(secret), "a secret is told:\n{events}");
        }
        (status, events.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        // Neither fails unless it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn every_call_leaves_one_line_and_a_write_one_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(OWNER, &[]);
    let gate = Gate::start(&configuration(folder.path(), &sandbox.endpoint()));
    // Allowed, and unknown to the upstream.
    let (status, _, remarks) =
        call(OPERATOR, &gate.endpoint(), &["CloseDBClusterMigration", "DBClusterId=pc-bp1demo00000001"]);
    assert_eq!(status, 1, "{remarks}");
    assert!(remarks.starts_with("InvalidDBClusterId.NotFound (404)"), "{remarks}");
    // Denied.
    let (status, _, remarks) =
        call(OPERATOR, &gate.endpoint(), &["CloseDBClusterMigration", "DBClusterId=pc-2zedemo00000003"]);
    assert_eq!(status, 1, "{remarks}");
    assert!(remarks.starts_with("Forbidden.RAM (403)"), "{remarks}");

    let (status, events) = gate.end();
    assert_eq!(status, 0);
    let [intent, allowed, denied] = &events[..] else { panic!("{events:?}") };
    assert_eq!(intent["kind"], "intent");
    assert_eq!(intent["request_id"], allowed["request_id"]);
    assert_eq!((&allowed["decision"], &allowed["status"]), (&Value::from("Allow"), &Value::from(404)));
    let mut denied = denied.clone();
    for field in ["time", "request_id", "peer", "decided_us", "total_us", "bytes_out"] {
        assert!(denied.as_object_mut().unwrap().remove(field).is_some(), "{field}");
    }
    let file = denied["file"].as_str().unwrap().to_owned();
    let root = env!("CARGO_MANIFEST_DIR");
    let shown = serde_json::to_string_pretty(&denied).unwrap().replace(root, "<root>");
    assert!(file.ends_with("protected-clusters-guard.json"), "{file}");
    insta::assert_snapshot!(shown);
}

#[test]
fn a_gate_that_cannot_be_opened_says_why_and_how() {
    let folder = tempfile::tempdir().unwrap();
    let path = configuration(folder.path(), "http://127.0.0.1:1");
    let (status, result, remarks) = run(NONE, &["serve", "--config", path.to_str().unwrap()]);
    assert_eq!((status, result.as_str()), (2, ""));
    assert!(remarks.contains("`UPSTREAM_SECRET` is not set"), "{remarks}");

    let (status, _, remarks) = run(NONE, &["serve", "--config", "/no/such/ramgate.toml"]);
    assert_eq!(status, 2);
    assert!(remarks.contains("/no/such/ramgate.toml"), "{remarks}");
}

#[test]
fn a_configuration_is_checked_without_its_secrets_where_they_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = configuration(folder.path(), "http://127.0.0.1:1");
    let path = path.to_str().unwrap();
    assert_eq!(run(NONE, &["check", path]).0, 1);
    let (status, result, remarks) = run(NONE, &["check", path, "--without-secrets"]);
    assert_eq!(status, 0, "{remarks}");
    assert!(result.ends_with("ramgate.toml: no mistakes\n"), "{result}");
    // The directory of a configuration stands for it.
    assert_eq!(run(NONE, &["check", folder.path().to_str().unwrap(), "--without-secrets"]).0, 0);
}

#[test]
fn every_mistake_of_configuration_world_and_policies_is_found_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("policies")).unwrap();
    std::fs::write(
        at("policies/guard.json"),
        r#"{
  "Version": "1",
  "Statement": [
    { "Effect": "Allow", "Action": "polardb:*", "Resource": "*" },
    {
      "Effect": "Deny",
      "Action": "polardb:Delete*",
      "Resource": "*",
      "Condition": { "Bool": { "acs:MFAPresent": "false" } }
    }
  ]
}
"#,
    )
    .unwrap();
    std::fs::write(
        at("world.toml"),
        r#"[accounts.1234567890123456]
keys = [{ id = "LTAI5tOwner", secret = "env:NO_SUCH_SECRET" }]

[accounts.1234567890123456.users.alice]
id = "2000000000000001"
attachments = [{ policy = "guard" }]
keys = [{ id = "LTAI5tAlice", secret = "file:alice.secret" }]
"#,
    )
    .unwrap();
    std::fs::write(at("more.toml"), "product = \"polardb\"\nversion = \"2017-08-01\"\n[operations.X]\nlevel = 1\n")
        .unwrap();
    std::fs::write(
        at("ramgate.toml"),
        r#"catalogue = ["more.toml"]

[[listeners]]
address = "127.0.0.1:0"
tls = { certificate = "cert.pem", key = "key.pem" }

[[upstreams]]
product = "polardb"
version = "2017-08-02"
account = "6543210987654321"
endpoint = "https://polardb.aliyuncs.com"
ca = "ca.pem"
credential = { id = "LTAI5tUpstream", secret = "env:NO_SUCH_SECRET" }

[gate]
nonces_in_memory = true
"#,
    )
    .unwrap();
    let (status, result, remarks) = run(NONE, &["check", folder.path().to_str().unwrap()]);
    assert_eq!((status, result.as_str()), (1, ""));
    insta::assert_snapshot!(settled(&remarks).replace(folder.path().to_str().unwrap(), "<folder>"));
}
