//! `ramgate demo`, run as a process.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::Timestamp;
use ramgate::catalog::Parameters;
use ramgate::openapi::Format;
use ramgate::openapi::sign::{Credential, SigningRequest, sign_acs3};
use secrecy::SecretString;

use super::process::{Key, Serving, ramgate, run, settled};

/// Nothing of the environment takes part.
const NOBODY: Key = Key { id: "", secret: "", token: "" };
const SECOND: &str = "pc-bp1demo00000002";
const PROTECTED: &str = "pc-2zedemo00000003";

/// A demo that serves, and what it printed until then.
struct Demo {
    process: Serving,
    printed: String,
}

impl Demo {
    fn start() -> Self {
        let mut process = Serving::start(ramgate(NOBODY, &["demo", "--listen", "127.0.0.1:0"]));
        let mut printed = String::new();
        while !printed.ends_with("Each call is told here:\n\n") {
            let line = process.line();
            assert!(!line.is_empty(), "it ended, and said {:?}\n{printed}", process.ended());
            printed.push_str(&line);
        }
        Self { process, printed }
    }

    /// `host:port` of the gate, as it is printed.
    fn address(&self) -> &str {
        let (_, rest) = self.printed.split_once("Serving on http://").unwrap();
        rest.split(' ').next().unwrap()
    }

    /// The printed lines of a key: id, secret, token.
    fn credential(&self, caller: &str) -> Credential {
        let row = self.printed.lines().find_map(|line| line.trim().strip_prefix(caller)).unwrap();
        let mut words = row.split([' ', ',']).filter(|word| !word.is_empty());
        Credential {
            access_key_id: words.next().unwrap().to_owned(),
            secret: SecretString::from(words.next().unwrap()),
            security_token: words.nth(1).map(SecretString::from),
        }
    }

    /// The printed lines that are indented by four blanks or more after the one that begins with `heading`.
    fn snippet(&self, heading: &str) -> String {
        let after = self.printed.lines().skip_while(|line| !line.starts_with(heading)).skip(2);
        let lines = after.take_while(|line| line.is_empty() || line.starts_with("    "));
        lines.map(|line| format!("{}\n", line.strip_prefix("    ").unwrap_or(line))).collect()
    }

    /// Makes a call: the status of the answer, and its body.
    fn call(&self, credential: &Credential, operation: &str, cluster: &str) -> (u16, serde_json::Value) {
        let mut parameters = Parameters::new();
        parameters.insert("DBClusterId", cluster).unwrap();
        let request = sign_acs3(&SigningRequest {
            host: self.address(),
            action: operation,
            version: "2017-08-01",
            parameters: &parameters,
            credential,
            date: Timestamp::now(),
            nonce: &uuid::Uuid::new_v4().to_string(),
            format: Format::Json,
        });
        let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
        for (name, value) in &request.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("content-length: 0\r\nconnection: close\r\n\r\n");
        let mut stream = TcpStream::connect(self.address()).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap())
    }
}

#[test]
fn two_calls_are_made_and_shown_with_the_statements_that_decided() {
    let (status, printed, said) = run(NOBODY, &["demo", "--once", "--listen", "127.0.0.1:0"]);
    assert_eq!((status, said.as_str()), (0, ""), "{printed}");
    insta::assert_snapshot!(settled(&printed));
}

#[test]
fn what_is_shown_does_not_hang_on_where_it_is_run_and_no_file_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = ramgate(NOBODY, &["demo", "--once", "--listen", "127.0.0.1:0"]);
    let output = command.current_dir(folder.path()).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{printed}");
    assert!(printed.contains("examples/demo/policies/migration-operator.json:4:5"), "{printed}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn further_calls_are_decided_and_told_until_a_signal() {
    let mut demo = Demo::start();
    let operator = demo.credential("operator");
    let session = demo.credential("migration-ops/nightly-cutover");
    let nobody = Credential { access_key_id: "LTAI5tNobody".to_owned(), ..operator.clone() };
    let close = "CloseDBClusterMigration";
    let mut told = String::new();
    for (credential, operation, cluster, status, code) in [
        (&operator, close, SECOND, 200, ""),
        // It is closing still, or closed by now.
        (&operator, close, SECOND, 400, "EngineMigration"),
        (&operator, close, PROTECTED, 403, "Forbidden.RAM"),
        (&session, close, SECOND, 403, "Forbidden.RAM"),
        (&demo.credential("auditor"), "DescribeDBClusterMigration", PROTECTED, 200, ""),
        (&nobody, close, SECOND, 404, "InvalidAccessKeyId.NotFound"),
        (&operator, "FreezeDBCluster", SECOND, 404, "InvalidApi.NotFound"),
    ] {
        let (answered, body) = demo.call(credential, operation, cluster);
        assert_eq!(answered, status, "{body}");
        assert!(body["Code"].as_str().unwrap_or_default().starts_with(code), "{code} in {body}");
        told.push_str(&demo.process.line());
    }
    insta::assert_snapshot!(settled(&told));
    let (status, said) = demo.process.end("TERM");
    assert_eq!((status, said.as_str()), (0, ""));
}

#[test]
fn the_printed_shell_command_works_as_it_stands() {
    let demo = Demo::start();
    let command = demo.snippet("With ramgate");
    let output = Command::new("sh").args(["-c", &command]).output().unwrap();
    assert!(output.status.success(), "{command}\n{output:?}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("RequestId"));
    assert_eq!(demo.process.end("INT").0, 0);
}

#[test]
fn the_printed_python_program_works_as_it_stands() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let clients = std::env::var_os("RAMGATE_CLIENTS").map_or_else(|| root.join("target/clients"), PathBuf::from);
    let python = clients.join("python/bin/python");
    assert!(
        clients.join("python/.stamp").exists(),
        "the Python SDK is not installed in `{}`: run `tests/run`, or `tests/clients/install` alone",
        clients.display(),
    );
    let demo = Demo::start();
    let program = demo.snippet("With the Python SDK");
    let mut command = Command::new(python);
    for name in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"] {
        command.env_remove(name);
    }
    let output = command.args(["-c", &program]).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{program}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(printed.contains("'MigrationStatus': 'POLARDB2RDS_SYNCING'"), "{printed}");
}

#[test]
fn an_address_that_is_taken_or_not_of_this_machine_is_told_with_the_mend() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let (status, printed, said) = run(NOBODY, &["demo", "--listen", &taken]);
    assert_eq!((status, printed.as_str()), (3, ""), "{said}");
    assert!(said.contains(&taken) && said.contains("`--listen 127.0.0.1:0` takes a free port"), "{said}");
    let (status, printed, said) = run(NOBODY, &["demo", "--listen", "0.0.0.0:0"]);
    assert_eq!((status, printed.as_str()), (2, ""), "{said}");
    assert!(said.contains("`0.0.0.0:0` is not a loopback address"), "{said}");
}
